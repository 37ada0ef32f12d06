"""Named values as rows of a matrix, kept until there are enough of them.

Columns are sorted by name, so that the order in which a dictionary was filled never matters. A value that is
absent, not finite, or too large to be squared is NaN.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Name = Hashable

_LARGEST = 1e150


class Rows:
    """A buffer of weighted rows whose columns grow with the names that turn up.

    Attributes
    ----------
    names
        Column names, sorted.
    count
        Rows held.
    """

    def __init__(self) -> None:
        self.names: list[Name] = []
        self._known: set[Name] = set()
        self.count = 0
        self._values = np.empty((0, 0))
        self._weights = np.empty(0)

    @property
    def values(self) -> Array:
        """Rows held, shape [count, names]."""
        return self._values[: self.count]

    @property
    def weights(self) -> Array:
        """Their weights, shape [count]."""
        return self._weights[: self.count]

    def push(self, x: Mapping[Any, Any], w: float) -> None:
        """Hold one more row, of known names."""
        self._reserve(self.count + 1)
        self._values[self.count] = self.row(x)
        self._weights[self.count] = w
        self.count += 1

    def extend(self, X: Array, w: Array) -> None:
        """Hold more rows, whose columns are in the order of `names`."""
        end = self.count + len(X)
        self._reserve(end)
        self._values[self.count : end] = X
        self._weights[self.count : end] = w
        self.count = end

    def clear(self) -> None:
        """Hold none; the names stay."""
        self.count = 0

    def row(self, x: Mapping[Any, Any]) -> Array:
        """One row of the known names, shape [names]."""
        values = np.array([x.get(name) for name in self.names], dtype=np.float64)
        return np.where(np.abs(values) < _LARGEST, values, np.nan)

    def widen(self, names: Iterable[Name]) -> bool:
        """Know these names too; whether any of them is new."""
        new = names.keys() - self._known if isinstance(names, Mapping) else set(names) - self._known
        if new:
            self._known |= new
            wider = sorted(self._known, key=_by_type)
            self._values = aligned(self.values, self.names, wider)
            self._weights = self.weights.copy()
            self.names = wider
        return bool(new)

    def _reserve(self, count: int) -> None:
        if count > len(self._values):
            held, room = self.count, max(count, 2 * len(self._values), 16)
            values, weights = np.empty((room, len(self.names))), np.empty(room)
            values[:held], weights[:held] = self.values, self.weights
            self._values, self._weights = values, weights


def _by_type(name: Name) -> tuple[str, Any]:
    """An order of names of any kind: numbers and texts do not compare with each other."""
    return type(name).__name__, name


def aligned(X: Array, names: Sequence[Name], wanted: Sequence[Name]) -> Array:
    """The columns `wanted` of rows X whose columns are `names`; NaN where there is no such column."""
    place = {name: column for column, name in enumerate(names)}
    if list(names) == list(wanted):
        return X
    out = np.full((len(X), len(wanted)), np.nan)
    for column, name in enumerate(wanted):
        if name in place:
            out[:, column] = X[:, place[name]]
    return out


def as_matrix(X: Any) -> tuple[list[Name], Array]:
    """Names and values, shape [n, d], of an array (names 0 … d - 1) or of anything like a DataFrame."""
    if hasattr(X, "to_numpy") and hasattr(X, "columns"):
        names, X = list(X.columns), X.to_numpy()
    else:
        X = np.asarray(X)
        names = list(range(X.shape[1])) if X.ndim == 2 else []
    if X.ndim != 2:
        raise ValueError(f"rows must be a matrix, not of shape {X.shape}")
    values = np.array(X, dtype=np.float64)
    values[~(np.abs(values) < _LARGEST)] = np.nan
    return names, values


def plain(X: Array) -> list[list[float | None]]:
    """A matrix as lists, NaN as None: JSON knows no NaN."""
    return [[None if value != value else value for value in row] for row in X.tolist()]


def from_plain(rows: Sequence[Sequence[float | None]], width: int) -> Array:
    """Reverse of `plain`."""
    return np.array(rows, dtype=np.float64).reshape(len(rows), width)
