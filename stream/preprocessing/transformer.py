"""The steps as River transformers: what they share, learning from named values and transforming them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Self, TypeVar

import numpy as np
from river import base

from stream.preprocessing.frozen import LARGEST, Array, Frozen, as_columns
from stream.preprocessing.states import State
from stream.rows import Name, as_given, is_dicts, named

S = TypeVar("S", bound=State)


class Step(base.MiniBatchTransformer, Generic[S]):  # type: ignore[misc]
    """Base of the transformers: a mergeable state, and a frozen step made of it that does the numbers.

    The numbers are those of the same step in `Preprocessing`. Nothing depends on the order in which a row's features
    were inserted, nor on how the rows were cut. Values are numbers; None and NaN are missing.
    """

    _state: S

    def learn_one(self, x: Mapping[Any, Any]) -> None:
        """Learn from one row."""
        self._learn(*_row(x))

    def learn_many(self, X: Any) -> None:
        """Learn from rows: a matrix [n, d] (features 0 … d - 1), anything like a DataFrame, or dictionaries."""
        if is_dicts(X):
            for x in X:
                self.learn_one(x)
        elif len(X):
            self._learn(*as_given(X))

    def transform_one(self, x: Mapping[Any, Any]) -> dict[Name, float]:
        """The row with its features transformed, added or dropped."""
        names, values = _row(x)
        out, columns = self._transform(names, values)
        return dict(zip(out, columns[:, 0].tolist(), strict=True))

    def transform_many(self, X: Any) -> Any:
        """Rows as for `learn_many`, transformed: a matrix [n, d'], or what X is, a DataFrame or dictionaries."""
        if is_dicts(X):
            return [self.transform_one(x) for x in X]
        given, values = as_given(X)
        names, columns = self._transform(given, values)
        rows = np.ascontiguousarray(columns.T)
        return type(X)(rows, index=X.index, columns=list(names)) if hasattr(X, "columns") else rows

    def freeze(self, names: Sequence[Name]) -> Frozen:
        """The step as it stands, for columns of these names; nothing is known of a name that was never seen."""
        key = tuple(names)
        if key not in self._frozen:
            self._frozen[key] = self._freeze(key)
        return self._frozen[key]

    def merge(self, other: Self) -> Self:
        """A step that has learnt what both have; neither is changed.

        Raises
        ------
        ValueError
            Where the parameters differ.
        """
        if self._get_params() != other._get_params():
            raise ValueError("only steps of the same parameters merge")
        merged = type(self).from_dict(self.to_dict())
        merged._state.merge(other._state)
        return merged

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON or msgpack, floats exact; feature names must be texts or integers."""
        return {"params": dict(self._get_params()), "state": self._state.to_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Reverse of `to_dict`: a step that goes on exactly as the first one would."""
        step = cls(**values["params"])
        step._state.restore(values["state"])
        return step

    def _begin(self, state: S) -> None:
        self._state = state
        self._frozen: dict[tuple[Name, ...], Frozen] = {}

    def _learn(self, names: Sequence[Name], values: Array, targets: Sequence[Any] = ()) -> None:
        sane = np.clip(np.where(np.isfinite(values), values, np.nan), -LARGEST, LARGEST)
        if self._state.learn(names, sane, targets):
            self._frozen = {}

    def _transform(self, names: Sequence[Name], values: Array) -> tuple[Sequence[Name], Array]:
        frozen = self.freeze(names)
        return frozen.names(names), frozen.apply(as_columns(values))

    def _freeze(self, names: Sequence[Name]) -> Frozen:
        raise NotImplementedError


class Nothing:
    """The state of a step that has nothing to learn."""

    def __init__(self) -> None:
        self.names: list[Name] = []

    def learn(self, names: Sequence[Name], values: Array, targets: Sequence[Any]) -> bool:
        return False

    def merge(self, other: Nothing) -> None:
        pass

    def to_dict(self) -> dict[str, Any]:
        return {}

    def restore(self, values: Mapping[str, Any]) -> None:
        pass


def _row(x: Mapping[Any, Any]) -> tuple[list[Name], Array]:
    names = named(x)
    return names, np.array([[x[name] for name in names]], dtype=np.float64)
