"""One-hot: a column of 0 and 1 for each category of a trait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from river import base

from stream.rows import Name, named


def indicator(value: Any, category: str) -> float | None:
    """1 where a value is the category, else 0; None where there is no value. Numbers and booleans go by their text.

    >>> indicator("gold", "gold"), indicator("silver", "gold"), indicator(3, "3"), indicator(True, "true")
    (1.0, 0.0, 1.0, 1.0)
    >>> indicator(None, "gold") is indicator([], "gold") is None
    True
    """
    text = _text(value)
    return None if text is None else float(text == category)


def _text(value: Any) -> str | None:
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    return str(value) if isinstance(value, str | int | float) and value == value else None


class OneHot(base.MiniBatchTransformer):  # type: ignore[misc]
    """A column `name_category` of 0 and 1 for each category that has been seen; numbers pass as they are.

    Texts and booleans are categories. A value that is missing, or a category not seen before, is 0 in all columns.
    Merging is exact. In settings, a feature with `categories` does the same.

    Parameters
    ----------
    most
        Categories of a feature at most: the first by name. The others are 0 in all columns.

    Examples
    --------
    >>> encode = OneHot()
    >>> for tier in ("gold", "silver"):
    ...     encode.learn_one({"tier": tier, "age": 30})
    >>> encode.transform_one({"tier": "gold", "age": 31})
    {'age': 31, 'tier_gold': 1.0, 'tier_silver': 0.0}
    """

    def __init__(self, most: int = 100) -> None:
        if most < 1:
            raise ValueError("most must be at least 1")
        self.most = most
        self._categories: dict[Name, list[str]] = {}

    def learn_one(self, x: Mapping[Any, Any]) -> None:
        """Learn the categories of one row."""
        for name, value in x.items():
            if isinstance(value, str | bool | np.bool_):
                self._add(name, [_text(value) or ""])

    def learn_many(self, X: Any) -> None:
        """Learn from anything like a DataFrame, or from a sequence of dictionaries."""
        for x in _dicts(X):
            self.learn_one(x)

    def transform_one(self, x: Mapping[Any, Any]) -> dict[Name, Any]:
        """The row with columns for its categories."""
        out: dict[Name, Any] = {}
        for name in named({*x, *self._categories}):
            value = x.get(name)
            if name in self._categories:
                for category in self._categories[name]:
                    out[f"{name}_{category}"] = indicator(value, category) or 0.0
            elif not isinstance(value, str):
                out[name] = value
        return out

    def transform_many(self, X: Any) -> Any:
        """Rows as for `learn_many`, transformed: a list of dictionaries, or a DataFrame where X is one."""
        rows = [self.transform_one(x) for x in _dicts(X)]
        return type(X)(rows, index=X.index) if hasattr(X, "columns") else rows

    def merge(self, other: Self) -> Self:
        """A step that has learnt what both have; neither is changed.

        Raises
        ------
        ValueError
            Where the parameters differ.
        """
        if self.most != other.most:
            raise ValueError("only steps of the same parameters merge")
        merged = type(self).from_dict(self.to_dict())
        for name, categories in other._categories.items():
            merged._add(name, categories)
        return merged

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON or msgpack; feature names must be texts or integers."""
        return {"params": {"most": self.most}, "state": [[name, self._categories[name]] for name in self._names]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Reverse of `to_dict`."""
        step = cls(**values["params"])
        step._categories = {name: list(categories) for name, categories in values["state"]}
        return step

    @property
    def _names(self) -> list[Name]:
        return named(self._categories)

    def _add(self, name: Name, categories: Sequence[str]) -> None:
        known = self._categories.get(name, [])
        if not set(categories) <= set(known):
            self._categories[name] = sorted({*known, *categories})[: self.most]


def _dicts(X: Any) -> Sequence[Mapping[Any, Any]]:
    if hasattr(X, "columns") and hasattr(X, "to_dict"):
        rows: list[Mapping[Any, Any]] = X.to_dict("records")
        return rows
    return list(X)
