"""The segments part of a model: frozen prototypes with durable ids, and how a customer's row is measured by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.errors import InputError
from stream.preprocessing.pipeline import Preprocessing
from stream.segments.algorithms.tree import Tree
from stream.segments.drift import Drift
from stream.segments.prototypes import Places, Prototypes

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SegmentsModel:
    """Segments learnt from one sample of customers, by whichever algorithm.

    A segment is a set of prototypes in scaled space, and a row is as far from it as from the nearest of them. K-means
    has one prototype a segment: its centre.

    Attributes
    ----------
    features
        Names of the columns of raw rows, d of them.
    scaling
        How raw rows become rows in scaled space, which has d' dimensions: d, unless steps select or decorrelate.
    centres
        Mean of each segment in scaled space, shape [k, d'], ordered by id: for names, cards and identity.
    points
        Prototypes in scaled space, shape [m, d'], those of a segment together, in the order of the segments.
    owners
        Place of the segment of each prototype, ascending, shape [m].
    noise
        Squared distance of any row to the segment of outliers, the only one without a prototype; None: there is none.
    weights
        Decayed number of customers behind each centre: its inertia at the next learning, shape [k].
    ids
        Durable ids, "s1", "s2", …; never used again once a segment has died.
    names
        Unique.
    marks
        Signed features a name was made of, such as ("+frequency", "-recency"); empty for an operator's name.
    sizes
        Customers of the sample nearest to each centre.
    shares
        `sizes` as shares of the sample.
    sse
        Sum of the sample's squared distances to the centres of their segments.
    next_id
        Number of the next segment to be born.
    learnt
        Samples learnt so far.
    retired
        Names of the latest segments that died, by id.
    drift
        How far customers have changed since segments were last looked for afresh.
    why
        What made this version, in words.
    tree
        How the prototypes, one a leaf, grow together; None where the algorithm knows no hierarchy.
    """

    features: tuple[str, ...]
    scaling: Preprocessing
    centres: Array
    points: Array
    owners: Places
    noise: float | None
    weights: Array
    ids: tuple[str, ...]
    names: tuple[str, ...]
    marks: tuple[tuple[str, ...], ...]
    sizes: tuple[int, ...]
    shares: tuple[float, ...]
    sse: float
    next_id: int
    learnt: int
    retired: Mapping[str, str]
    drift: Drift
    why: str
    tree: Tree | None = None

    def __post_init__(self) -> None:
        for array in (self.centres, self.points, self.owners, self.weights):
            array.flags.writeable = False

    @cached_property
    def prototypes(self) -> Prototypes:
        """What rows are measured by."""
        return Prototypes(len(self.ids), self.points, self.owners, self.noise)

    @property
    def outliers(self) -> int | None:
        """Place of the segment of outliers; None: there is none."""
        return self.prototypes.outliers

    def name(self, segment: str) -> str:
        """The name of a segment, also of one that has died; the id itself where it is not known."""
        if segment in self.ids:
            return self.names[self.ids.index(segment)]
        return self.retired.get(segment, segment)

    def predict_many(self, rows: Array) -> tuple[NDArray[np.intp], Array]:
        """Measure raw rows, shape [n, d].

        Returns
        -------
        best
            Place of the nearest segment, shape [n]; the first wins a tie.
        d2
            Squared distances in scaled space, shape [n, k].
        """
        d2 = self.measure(self.scaling.transform_many(rows))
        return d2.argmin(axis=1), d2

    def measure(self, scaled: Array) -> Array:
        """Squared distances of scaled rows [n, d] to the segments, shape [n, k]; a row's bits depend on it alone."""
        return self.prototypes.measure(scaled)

    def gaps(self) -> Array:
        """Squared distances between segments, by their nearest prototypes, shape [k, k]; of outliers, `noise`."""
        return self.prototypes.gaps()

    def contributions(self, scaled: Array, a: int, b: int) -> Array:
        """Each feature's term of how much nearer a scaled row is to segment a than to b, shape [d].

        With p_a and p_b the nearest prototypes, the terms (x - p_b)² - (x - p_a)² sum to the margin
        d²(x, b) - d²(x, a); `Preprocessing.terms` says what they are where steps select or decorrelate. The constant
        distance to the segment of outliers is no feature's more than another's: each has an equal share of it.
        """
        terms: Array = self._terms(scaled, b) - self._terms(scaled, a)
        return terms

    def cut(self, k: int) -> Places:
        """Which prototypes belong together in k groups instead, without learning anew: group of each, shape [m].

        Raises
        ------
        InputError
            Where the algorithm knows no hierarchy, or k is not between 1 and the number of prototypes.
        """
        if self.tree is None:
            raise InputError('only segments of segments.algorithm = "hierarchical" can be cut anew')
        return self.tree.cut(k)

    def _terms(self, scaled: Array, segment: int) -> Array:
        """Each feature's term of the squared distance of a scaled row to a segment, shape [d]."""
        difference = self.prototypes.difference(scaled, segment)
        if difference is None:
            return np.full(len(self.features), (self.noise or 0.0) / max(len(self.features), 1))
        return self.scaling.terms(difference)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON or msgpack; floats exact."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {
            "features": list(self.features),
            "scaling": self.scaling.to_dict(),
            "centres": self.centres.tolist(),
            "points": self.points.tolist(),
            "owners": self.owners.tolist(),
            "weights": self.weights.tolist(),
            "ids": list(self.ids),
            "names": list(self.names),
            "marks": [list(marks) for marks in self.marks],
            "sizes": list(self.sizes),
            "shares": list(self.shares),
            "retired": dict(self.retired),
            "drift": self.drift.to_dict(),
            "tree": None if self.tree is None else self.tree.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SegmentsModel:
        """Reverse of `to_dict`."""
        scaling = Preprocessing.from_dict(values["scaling"])
        return cls(
            features=tuple(values["features"]),
            scaling=scaling,
            centres=np.array(values["centres"], dtype=np.float64).reshape(-1, len(scaling.names)),
            points=np.array(values["points"], dtype=np.float64).reshape(-1, len(scaling.names)),
            owners=np.array(values["owners"], dtype=np.intp),
            noise=values["noise"],
            weights=np.array(values["weights"], dtype=np.float64),
            ids=tuple(values["ids"]),
            names=tuple(values["names"]),
            marks=tuple(tuple(marks) for marks in values["marks"]),
            sizes=tuple(values["sizes"]),
            shares=tuple(values["shares"]),
            sse=values["sse"],
            next_id=values["next_id"],
            learnt=values["learnt"],
            retired=dict(values["retired"]),
            drift=Drift.from_dict(values["drift"]),
            why=values["why"],
            tree=None if values["tree"] is None else Tree.from_dict(values["tree"]),
        )
