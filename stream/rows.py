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
    """A buffer of rows whose columns grow with the names that turn up; each has a weight, a time, and a draw.

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
        self._notes = np.empty((0, 3))

    @property
    def values(self) -> Array:
        """Rows held, shape [count, names]."""
        return self._values[: self.count]

    @property
    def weights(self) -> Array:
        """Their weights, shape [count]."""
        return self._notes[: self.count, 0]

    @property
    def times(self) -> Array:
        """Their times, shape [count]."""
        return self._notes[: self.count, 1]

    @property
    def draws(self) -> Array:
        """What has been drawn for them, shape [count]."""
        return self._notes[: self.count, 2]

    def extend(self, X: Array, w: Array, t: Array, draws: Array) -> None:
        """Hold more rows, whose columns are in the order of `names`."""
        end = self.count + len(X)
        if end > len(self._values):
            room = max(end, 2 * len(self._values), 16)
            self._values, self._notes = _roomier(self.values, room), _roomier(self._notes[: self.count], room)
        self._values[self.count : end] = X
        for column, notes in enumerate((w, t, draws)):
            self._notes[self.count : end, column] = notes
        self.count = end

    def moved(self, names: Sequence[Name], later: float) -> Rows:
        """The same rows over these columns, which include the present ones, and so much later."""
        rows = Rows()
        rows.widen(names)
        rows.extend(aligned(self.values, self.names, rows.names), self.weights, self.times + later, self.draws)
        return rows

    def take(self, parts: Sequence[Rows]) -> None:
        """Hold the rows of these, which have the same columns, in an order that theirs does not matter for."""
        values = np.concatenate([part.values for part in parts])
        notes = np.concatenate([np.column_stack([part.weights, part.times, part.draws]) for part in parts])
        order = np.lexsort((*notes.T, *values.T))
        self.extend(values[order], *notes[order].T)

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
            wider = named(self._known)
            self._values = aligned(self.values, self.names, wider)
            self._notes = self._notes[: self.count]
            self.names = wider
        return bool(new)


def _roomier(held: Array, room: int) -> Array:
    out = np.empty((room, *held.shape[1:]))
    out[: len(held)] = held
    return out


def named(names: Iterable[Name]) -> list[Name]:
    """Names of any kind in order: numbers and texts do not compare with each other."""
    return sorted(names, key=lambda name: (type(name).__name__, name))


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


def as_matrix(X: Any, names: Sequence[Name] | None = None) -> tuple[list[Name], Array]:
    """Names and values, shape [n, d], of an array (names 0 … d - 1 by default) or of anything like a DataFrame."""
    names, values = as_given(X, names)
    values[~(np.abs(values) < _LARGEST)] = np.nan
    return names, values


def as_given(X: Any, names: Sequence[Name] | None = None) -> tuple[list[Name], Array]:
    """Like `as_matrix`, with infinities and numbers too large to be squared."""
    if names is None and hasattr(X, "to_numpy") and hasattr(X, "columns"):
        names, X = list(X.columns), X.to_numpy()
    values = np.array(X, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"rows must be a matrix, not of shape {values.shape}")
    return list(range(values.shape[1])) if names is None else list(names), values


def as_weights(w: Any, count: int) -> Array:
    """Weights of so many rows, 1 where there are none; they must be finite and not negative."""
    weights = np.ones(count) if w is None else np.asarray(w, dtype=np.float64)
    if weights.shape != (count,):
        raise ValueError(f"{count} rows, but weights of shape {weights.shape}")
    if not np.all((weights >= 0) & np.isfinite(weights)):
        raise ValueError("weights must be finite and not negative")
    return weights


def is_dicts(X: Any) -> bool:
    """Whether these are rows by feature name."""
    return isinstance(X, Sequence) and len(X) > 0 and isinstance(X[0], Mapping)


def plain(X: Array) -> list[list[float | None]]:
    """A matrix as lists, NaN as None: JSON knows no NaN."""
    return [[None if value != value else value for value in row] for row in X.tolist()]


def from_plain(rows: Sequence[Sequence[float | None]], width: int) -> Array:
    """Reverse of `plain`."""
    return np.array(rows, dtype=np.float64).reshape(len(rows), width)
