"""Which of the new segments is which of the old ones: ids that survive retraining."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Array = NDArray[np.float64]


class Identity(NamedTuple):
    """The outcome of `match`: an id for each new segment, who was born, who died, and the next free number."""

    ids: tuple[str, ...]
    born: tuple[str, ...]
    died: tuple[str, ...]
    next_id: int


def match(far: Array, old_ids: Sequence[str], limit: Array | float, next_id: int) -> Identity:
    """Give new segments the ids of the old ones, so that the distances in between are least in sum.

    Parameters
    ----------
    far
        Distances of old segments to new ones, shape [j, k].
    old_ids
        Shape [j].
    limit
        An old segment that would have moved farther than this has died, and another was born; one distance, or
        one for each old segment, shape [j].
    next_id
        Number of the next segment to be born.

    Notes
    -----
    The Hungarian method: Kuhn (1955), "The Hungarian Method for the Assignment Problem".

    Examples
    --------
    >>> import numpy as np
    >>> match(np.array([[0.9, 5.0], [0.1, 4.0]]), ["s1", "s2"], limit=0.5, next_id=3)
    Identity(ids=('s2', 's3'), born=('s3',), died=('s1',), next_id=4)
    """
    allowed = far <= np.broadcast_to(np.asarray(limit, dtype=np.float64).reshape(-1, 1), far.shape)
    forbidden = 1.0 + float(far.sum())  # dearer than all pairs together: one pair more always pays
    ids: list[str | None] = [None] * far.shape[1]
    for old, new in zip(*linear_sum_assignment(np.where(allowed, far, forbidden)), strict=True):
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
