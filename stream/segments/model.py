"""The segments part of a model: frozen centres with durable ids, and how a customer's row is measured by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.preprocessing.scaling import Scaling
from stream.segments.distance import squared_distances

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SegmentsModel:
    """Segments learnt from one sample of customers.

    Attributes
    ----------
    features
        Names of the columns, d of them.
    scaling
        How raw rows become rows in [0, 1].
    centres
        In scaled space, shape [k, d], ordered by id.
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
        Sum of the sample's squared distances to their centres.
    next_id
        Number of the next segment to be born.
    learnt
        Samples learnt so far.
    retired
        Names of the latest segments that died, by id.
    """

    features: tuple[str, ...]
    scaling: Scaling
    centres: Array
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

    def __post_init__(self) -> None:
        self.centres.flags.writeable = self.weights.flags.writeable = False

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
            Place of the nearest centre, shape [n].
        d2
            Squared distances in scaled space, shape [n, k].
        """
        d2 = squared_distances(self.scaling.transform_many(rows), self.centres)
        return d2.argmin(axis=1), d2

    def contributions(self, scaled: Array, a: int, b: int) -> Array:
        """Each feature's term of how much nearer a scaled row [d] is to segment a than to b, shape [d].

        The terms (x - c_b)² - (x - c_a)² sum to the margin d²(x, b) - d²(x, a).
        """
        terms: Array = (scaled - self.centres[b]) ** 2 - (scaled - self.centres[a]) ** 2
        return terms

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON or msgpack; floats exact."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {
            "features": list(self.features),
            "scaling": self.scaling.to_dict(),
            "centres": self.centres.tolist(),
            "weights": self.weights.tolist(),
            "ids": list(self.ids),
            "names": list(self.names),
            "marks": [list(marks) for marks in self.marks],
            "sizes": list(self.sizes),
            "shares": list(self.shares),
            "retired": dict(self.retired),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SegmentsModel:
        """Reverse of `to_dict`."""
        return cls(
            features=tuple(values["features"]),
            scaling=Scaling.from_dict(values["scaling"]),
            centres=np.array(values["centres"], dtype=np.float64).reshape(-1, len(values["features"])),
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
        )
