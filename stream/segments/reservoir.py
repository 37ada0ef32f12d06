"""A uniform sample of a stream's rows that forgets as the stream does, and merges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stream.rows import Array, Name, aligned, from_plain, plain


@dataclass(frozen=True, slots=True)
class Reservoir:
    """The `size` rows of highest priority, best first.

    A row's priority is drawn once: G + log w + t log 2 / half-life, with G from the Gumbel distribution. So each
    row is in the sample with a chance that grows with its weight and halves with its age, and the sample of two
    streams is that of both samples.

    Attributes
    ----------
    size
        Rows kept at most.
    rows
        Shape [n, d], NaN where a value is missing.
    priorities
        Descending, shape [n].

    Notes
    -----
    Efraimidis & Spirakis (2006), "Weighted random sampling with a reservoir", in logarithms so that times may be
    of any size; the decay is the forward decay of Cormode et al. (2009).
    """

    size: int
    rows: Array
    priorities: Array

    @classmethod
    def empty(cls, size: int) -> Reservoir:
        """A sample of nothing."""
        return cls(size, np.empty((0, 0)), np.empty(0))

    def add(self, X: Array, priorities: Array) -> Reservoir:
        """The sample after more rows [n, d]."""
        if len(self.rows) == self.size:
            enter = priorities > self.priorities[-1]
            X, priorities = X[enter], priorities[enter]
        rows, priorities = np.concatenate([self.rows, X]), np.concatenate([self.priorities, priorities])
        order = np.argsort(-priorities, kind="stable")[: self.size]
        return replace(self, rows=rows[order], priorities=priorities[order])

    def merge(self, other: Reservoir) -> Reservoir:
        """The sample of both streams, whose rows have the same columns."""
        rows = np.concatenate([self.rows, other.rows])
        priorities = np.concatenate([self.priorities, other.priorities])
        order = np.lexsort((*rows.T, -priorities))[: self.size]
        return replace(self, rows=rows[order], priorities=priorities[order])

    def shifted(self, by: float) -> Reservoir:
        """The sample with all priorities so much higher: as if its rows had come later."""
        return replace(self, priorities=self.priorities + by)

    def widened(self, names: Sequence[Name], wanted: Sequence[Name]) -> Reservoir:
        """The sample over the columns `wanted` instead of `names`."""
        return replace(self, rows=aligned(self.rows, names, wanted))

    def to_dict(self) -> dict[str, Any]:
        """Plain values; floats exact, NaN as None."""
        return {"rows": plain(self.rows), "priorities": self.priorities.tolist()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], size: int, width: int) -> Reservoir:
        """Reverse of `to_dict`."""
        return cls(size, from_plain(values["rows"], width), np.array(values["priorities"], dtype=np.float64))
