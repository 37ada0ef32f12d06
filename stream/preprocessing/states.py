"""What transformers remember of a stream: sums and extremes by column, which merge exactly or nearly so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np

from stream.rows import Array, Name, aligned, from_plain, named, plain


class State(Protocol):
    """Columns by name, sorted, and something learnt of each."""

    names: list[Name]

    def learn(self, names: Sequence[Name], values: Array, targets: Sequence[Any]) -> bool:
        """Learn rows [n, d], NaN where missing; whether anything changed."""

    def merge(self, other: Self) -> None:
        """Learn what the other has seen."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values; floats exact."""

    def restore(self, values: Mapping[str, Any]) -> None:
        """Reverse of `to_dict`, into a state that has seen nothing."""


class _Table:
    """Rows of statistics over columns that grow with the names that turn up; NaN where nothing is known."""

    rows: int

    def __init__(self) -> None:
        self.names: list[Name] = []
        self.table = np.empty((self.rows, 0))

    def learn(self, names: Sequence[Name], values: Array, targets: Sequence[Any] = ()) -> bool:
        if len(values):
            with np.errstate(all="ignore"):
                self._add(names, self._of(values))
        return bool(len(values))

    def merge(self, other: Self) -> None:
        self._add(other.names, other.table)

    def of(self, names: Sequence[Name]) -> Array:
        """Statistics of these columns, shape [rows, columns]."""
        return aligned(self.table, self.names, names)

    def to_dict(self) -> dict[str, Any]:
        return {"names": self.names, "table": plain(self.table)}

    def restore(self, values: Mapping[str, Any]) -> None:
        self.names = list(values["names"])
        self.table = from_plain(values["table"], len(self.names))

    def _add(self, names: Sequence[Name], table: Array) -> None:
        every = named({*self.names, *names})
        self.table = self._both(aligned(self.table, self.names, every), aligned(table, names, every))
        self.names = every

    def _of(self, values: Array) -> Array:
        raise NotImplementedError

    def _both(self, one: Array, other: Array) -> Array:
        raise NotImplementedError


class Extremes(_Table):
    """Least and greatest value of each column; merging is exact."""

    rows = 2

    def _of(self, values: Array) -> Array:
        return np.array([np.fmin.reduce(values), np.fmax.reduce(values)])

    def _both(self, one: Array, other: Array) -> Array:
        return np.array([np.fmin(one[0], other[0]), np.fmax(one[1], other[1])])


class Moments(_Table):
    """Number, mean and sum of squared deviations of each column; merging is exact but for rounding.

    Source: Chan, Golub, LeVeque (1979), "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances".
    """

    rows = 3

    def _of(self, values: Array) -> Array:
        there = ~np.isnan(values)
        number = there.sum(axis=0).astype(np.float64)
        mean = np.where(there, values, 0.0).sum(axis=0) / number
        return np.array([number, mean, np.where(there, (values - mean) ** 2, 0.0).sum(axis=0)])

    def _both(self, one: Array, other: Array) -> Array:
        (n, mean, squares), (m, other_mean, other_squares) = np.nan_to_num(one), np.nan_to_num(other)
        total = n + m
        return np.array(
            [
                total,
                (n * mean + m * other_mean) / total,
                squares + other_squares + (mean - other_mean) ** 2 * n * m / total,
            ]
        )
