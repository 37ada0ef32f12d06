"""When a customer changes segment: hysteresis, so that nobody flaps on a border."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def decide(current: int | None, d2: Array, gaps: Array, hysteresis: float) -> tuple[int, float] | None:
    """Where a customer moves, if at all.

    Parameters
    ----------
    current
        Place of the present segment; None: there is none (any more), and the nearest is taken.
    d2
        Squared distances to the centres, shape [k].
    gaps
        Squared distances between the centres, shape [k, k].
    hysteresis
        Least margin of a move, as a share of the gap between the two centres.

    Returns
    -------
    (int, float) or None
        The new segment and the margin, by how much nearer it is than the present one (the runner-up, where there
        is no present one; 0 where it is the only segment); None to stay.

    Notes
    -----
    The margin d²(current) - d²(best) grows linearly along the line between two centres, from -gap to +gap. A
    hysteresis h thus keeps a band of the width h·√gap around the border in which both segments hold their own.

    Examples
    --------
    >>> import numpy as np
    >>> gaps = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> decide(0, np.array([0.26, 0.24]), gaps, 0.05) is None
    True
    >>> decide(0, np.array([0.375, 0.125]), gaps, 0.05)
    (1, 0.25)
    """
    best = int(d2.argmin())
    if current is None:
        others = np.delete(d2, best)
        return best, float(others.min() - d2[best]) if len(others) else 0.0
    margin = float(d2[current] - d2[best])
    if best == current or not 0 < margin >= hysteresis * gaps[current, best]:
        return None
    return best, margin
