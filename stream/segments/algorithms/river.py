"""What the wrappers of River's stream clusterers share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from stream.errors import DataError
from stream.segments.algorithms.base import FLOOR, Array, Grouping, Sample
from stream.segments.prototypes import Places, Prototypes

_NEIGHBOUR = 10
_LOOKED_AT = 1_000


def taught(clusterer: Any, sample: Sample, limit: int | None = None) -> Any:
    """The clusterer, after all rows (or `limit` of them) in the order of their customers' hashes."""
    for row in sample.X[sample.arrival[:limit]].tolist():
        clusterer.learn_one(dict(enumerate(row)))
    return clusterer


def matrix(centers: Iterable[Mapping[int, float]], width: int) -> Array:
    """Centres as River has them, shape [k, width]."""
    rows = [[center.get(column, 0.0) for column in range(width)] for center in centers]
    return np.array(rows, dtype=np.float64).reshape(-1, width)


def radius(sample: Sample) -> float:
    """`segments.radius`, or else the median distance of a customer to the tenth nearest, of at most 1,000."""
    if sample.settings.radius is not None:
        return sample.settings.radius
    from scipy.spatial import KDTree

    some = sample.X[sample.arrival[:_LOOKED_AT]]
    far = KDTree(some).query(some, min(_NEIGHBOUR + 1, len(some)))[0]
    return max(float(np.median(far.reshape(len(some), -1)[:, -1])), 1e-6)


def grouping(sample: Sample, points: Array, owners: Places | None = None) -> Grouping:
    """Segments of these prototypes (by default each its own), without those below 1 % of the customers.

    Raises
    ------
    DataError
        Where there are none.
    """
    name = sample.settings.algorithm
    owners = np.arange(len(points)) if owners is None else np.unique(owners, return_inverse=True)[1]
    if not len(points):
        raise DataError(
            f"{name} found no segments among {len(sample.X):,} customers; choose another segments.algorithm: "
            "`eddyline segments suggest` compares them"
        )
    order = np.argsort(owners, kind="stable")
    found = Prototypes(int(owners.max()) + 1, points[order], owners[order])
    while True:
        sizes = np.bincount(found.measure(sample.X).argmin(axis=1), minlength=found.count)
        smallest = int(sizes.argmin())
        if sizes[smallest] >= FLOOR * len(sample.X) or found.count == 1:
            return Grouping(found)
        found = found.taken(np.delete(np.arange(found.count), smallest))[0]
