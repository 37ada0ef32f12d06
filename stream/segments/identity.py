"""Which of the new segments is which of the old ones: ids that survive retraining."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream.segments.assignment import assign_pairs

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

KIN = 0.1
"""Least share of their customers that a segment has in common with what it was."""


class Identity(NamedTuple):
    """The outcome of `match`: an id for each new segment, who was born, who died, and the next free number."""

    ids: tuple[str, ...]
    born: tuple[str, ...]
    died: tuple[str, ...]
    next_id: int


def match(
    shared: Counts, near: NDArray[np.bool_], old_ids: Sequence[str], next_id: int, kept: Mapping[int, int] | None = None
) -> Identity:
    """Give new segments the ids of the old ones, so that as many customers as can be stay where they were.

    Parameters
    ----------
    shared
        Customers of the sample that are in an old segment and in a new one, shape [j, k].
    near
        Whether an old segment may have moved to where a new one is, shape [j, k]: a segment that has come to mean
        something else is another one, whoever is in it.
    old_ids
        Shape [j].
    next_id
        Number of the next segment to be born.
    kept
        Old places that are certain -> their new places.

    Notes
    -----
    The Hungarian method: Kuhn (1955), "The Hungarian Method for the Assignment Problem". An old segment and a new one
    of which less than a tenth of both together is shared (Jaccard's index) are not the same either: the old one has
    died, and the new one was born.

    Examples
    --------
    >>> import numpy as np
    >>> match(np.array([[5, 90, 5], [80, 0, 20]]), np.ones((2, 3), dtype=bool), ["s1", "s2"], next_id=3)
    Identity(ids=('s2', 's1', 's3'), born=('s3',), died=(), next_id=4)
    """
    kept = kept or {}
    either = shared.sum(axis=1)[:, None] + shared.sum(axis=0)[None] - shared
    allowed = near & (shared >= KIN * np.maximum(either, 1))
    allowed[list(kept)] = allowed[:, list(kept.values())] = False
    ids: list[str | None] = [None] * shared.shape[1]
    for old, new in kept.items():
        ids[new] = old_ids[old]
    for old, new in zip(*assign_pairs(np.where(allowed, shared, -1), maximize=True), strict=True):
        if allowed[old, new]:
            ids[new] = old_ids[old]
    born = []
    for place, known in enumerate(ids):
        if known is None:
            ids[place] = f"s{next_id}"
            born.append(f"s{next_id}")
            next_id += 1
    given = tuple(str(known) for known in ids)
    return Identity(given, tuple(born), tuple(known for known in old_ids if known not in given), next_id)


def reach(far: Array) -> Array:
    """How far each old segment may move and still be the same: to where its nearest neighbour was.

    Parameters
    ----------
    far
        Distances among the old segments, shape [j, j].
    """
    others = far.copy()
    np.fill_diagonal(others, np.inf)
    nearest: Array = others.min(axis=1, initial=np.inf)
    return nearest
