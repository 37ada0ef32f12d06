"""When a customer changes segment: hysteresis, so that nobody flaps on a border."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Move(NamedTuple):
    """A customer goes `to` this place; `margin` is how much nearer it is than the `other` place."""

    to: int
    other: int
    margin: float


def decide(current: int | None, d2: Array, gaps: Array, hysteresis: float) -> Move | None:
    """Where a customer moves, if at all.

    Parameters
    ----------
    current
        Place of the present segment; None: there is none (any more), and the nearest is taken.
    d2
        Squared distances to the segments, shape [k].
    gaps
        Squared distances between the segments, shape [k, k].
    hysteresis
        Least margin of a move, as a share of the gap between the two segments.

    Returns
    -------
    Move or None
        The other place is the present one, or the runner-up where there is no present one (and where there is no
        runner-up either, the same place, with a margin of 0); None to stay.

    Notes
    -----
    The margin d²(current) - d²(best) grows linearly along the line between two prototypes, from -gap to +gap. A
    hysteresis h thus keeps a band of the width h·√gap around the border in which both segments hold their own.

    Examples
    --------
    >>> import numpy as np
    >>> gaps = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> decide(0, np.array([0.26, 0.24]), gaps, 0.05) is None
    True
    >>> decide(0, np.array([0.375, 0.125]), gaps, 0.05)
    Move(to=1, other=0, margin=0.25)
    """
    best = int(d2.argmin())
    if current is None:
        others = d2.copy()
        others[best] = np.inf
        other = int(others.argmin()) if len(d2) > 1 else best
        return Move(best, other, float(d2[other] - d2[best]))
    margin = float(d2[current] - d2[best])
    if best == current or not 0 < margin >= hysteresis * gaps[current, best]:
        return None
    return Move(best, current, margin)
