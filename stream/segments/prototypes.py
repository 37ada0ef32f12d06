"""Segments as sets of prototypes: how far a row is from each, in bits that depend on the row alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from stream.segments.distance import block_distances, squared_distances

Array = NDArray[np.float64]
Places = NDArray[np.intp]

_BLOCK = 256
"""Rows taken at a time, for speed alone: distances of so many to hundreds of prototypes stay in the cache."""


@dataclass(frozen=True, eq=False)
class Prototypes:
    """Which points stand for which segment.

    A row is as far from a segment as from the nearest of its prototypes. Outliers may be a segment of their own,
    which has no prototype: every row is equally far from it, so that a row belongs there when all prototypes are
    farther away than that.

    Attributes
    ----------
    count
        Number of segments, k.
    points
        Shape [m, d], those of a segment together, in the order of the segments.
    owners
        Place of the segment of each prototype, ascending, shape [m].
    noise
        Squared distance of any row to the segment of outliers, the only one without a prototype; None: there is none.

    Examples
    --------
    >>> import numpy as np
    >>> two = Prototypes(3, np.array([[0.0], [1.0], [5.0]]), np.array([0, 0, 2]), noise=4.0)
    >>> two.measure(np.array([[1.5], [9.0]])).tolist()
    [[0.25, 4.0, 12.25], [64.0, 4.0, 16.0]]
    """

    count: int
    points: Array
    owners: Places
    noise: float | None = None

    @classmethod
    def single(cls, centres: Array) -> Prototypes:
        """One prototype a segment."""
        return cls(len(centres), centres, np.arange(len(centres)))

    @cached_property
    def outliers(self) -> int | None:
        """Place of the segment of outliers; None: there is none."""
        return None if self.noise is None else int(np.setdiff1d(np.arange(self.count), self.owners)[0])

    def measure(self, scaled: Array) -> Array:
        """Squared distances of scaled rows [n, d] to the segments, shape [n, k]."""
        if self.noise is None and len(self.points) == self.count:  # one prototype each: there is nothing to choose
            return squared_distances(scaled, self.points)
        columns = np.empty((self.count, len(scaled)))
        if self.noise is not None:
            columns[self.outliers] = self.noise
        if len(self.points):
            places, starts = self._runs
            for start in range(0, len(scaled), _BLOCK):
                block = slice(start, start + _BLOCK)
                columns[places, block] = np.minimum.reduceat(block_distances(scaled[block], self.points), starts)
        return np.ascontiguousarray(columns.T)

    def gaps(self) -> Array:
        """Squared distances between segments, by their nearest prototypes, shape [k, k].

        From the segment of outliers all others are as far as every row is.
        """
        return self._between(self, np.minimum)

    def apart(self, other: Prototypes) -> Array:
        """Distances between these segments and those of `other`, by all their prototypes, shape [k, other k].

        The root of the mean squared distance of one segment's prototypes to the nearest of the other's, averaged over
        both directions: the distance of the centres where each has one. Unlike that, it tells a ring from what lies
        within it. Infinite for the segments of outliers, which are nowhere.

        Notes
        -----
        The modified Hausdorff distance of Dubuisson & Jain (1994), with squares and the mean of both directions.
        """
        there, back = self._between(other, np.add), other._between(self, np.add).T
        many, theirs = (np.bincount(each.owners, minlength=each.count) for each in (self, other))
        far: Array = np.sqrt((there / np.maximum(many, 1)[:, None] + back / np.maximum(theirs, 1)) / 2)
        far[many == 0] = np.inf
        far[:, theirs == 0] = np.inf
        return far

    def difference(self, scaled: Array, segment: int) -> Array | None:
        """From a segment's nearest prototype to a scaled row [d], shape [d]; None for outliers, who are nowhere."""
        if segment == self.outliers:
            return None
        own = self.points[self.owners == segment]
        nearest = own[squared_distances(scaled[None], own)[0].argmin()] if len(own) > 1 else own[0]
        difference: Array = scaled - nearest
        return difference

    def taken(self, order: Sequence[int] | Places) -> tuple[Prototypes, Places]:
        """The segments at these places, in this order, and where each of their points was."""
        place = np.full(self.count, -1)
        place[order] = np.arange(len(order))
        owners = place[self.owners]
        moved = np.argsort(owners, kind="stable")
        moved = moved[owners[moved] >= 0]
        noise = self.noise if self.outliers is not None and place[self.outliers] >= 0 else None
        return Prototypes(len(order), np.ascontiguousarray(self.points[moved]), owners[moved], noise), moved

    @cached_property
    def _runs(self) -> tuple[Places, Places]:
        """Segments that have prototypes, and where those of each begin."""
        return np.unique(self.owners, return_index=True)

    def _between(self, other: Prototypes, reduce: np.ufunc) -> Array:
        """Squared distances of each segment's prototypes to the other's segments, reduced, shape [k, other k]."""
        between = np.full((self.count, other.count), 0.0 if self.noise is None else self.noise)
        if len(self.points):
            places, starts = self._runs
            between[places] = reduce.reduceat(other.measure(self.points), starts)
        if other is self:
            np.fill_diagonal(between, 0.0)
        return between
