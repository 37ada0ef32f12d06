"""Who is scored for a target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stream.target import Target


def eligible(target: Target, names: Sequence[str], rows: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which customers meet a target's conditions, shape [n].

    Parameters
    ----------
    target
        Its conditions must all hold.
    names
        Of the columns, d of them.
    rows
        Features in their own units, shape [n, d]; NaN meets no condition.

    Examples
    --------
    >>> target = Target(name="churns", events=["Order Completed"], eligible=[{"feature": "frequency", "least": 1}])
    >>> eligible(target, ["frequency"], np.array([[0.0], [2.0], [np.nan]])).tolist()
    [False, True, False]
    """
    meets = np.ones(len(rows), dtype=bool)
    for condition in target.eligible:
        values = rows[:, names.index(condition.feature)]
        low, high = (-np.inf if condition.least is None else condition.least), condition.most
        meets &= (values >= low) & (values <= (np.inf if high is None else high))
    return meets
