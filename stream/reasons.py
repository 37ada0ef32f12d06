"""The features that decided, as receipts list them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stream.updates import Deciding, rounded


def deciding(
    names: Sequence[str],
    values: NDArray[np.float64],
    terms: NDArray[np.float64],
    units: Mapping[str, str],
    count: int,
) -> tuple[Deciding, ...]:
    """The `count` features with the largest terms by absolute size; ties by declared order.

    Parameters
    ----------
    names
        Feature names.
    values
        The customer's values in the features' own units, NaN where there is nothing to measure.
    terms
        Each feature's additive part of what was decided.
    units
        Unit by feature name.
    count
        How many are listed.
    """
    order = np.argsort(-np.abs(terms), kind="stable")[:count]
    return tuple(
        Deciding(
            feature=names[place],
            value=rounded(float(values[place])) if np.isfinite(values[place]) else None,
            contribution=rounded(float(terms[place])),
            unit=units[names[place]],
        )
        for place in order
    )
