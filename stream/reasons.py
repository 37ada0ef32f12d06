"""The features that decided, as receipts list them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.updates import rounded


def deciding(
    names: Sequence[str],
    values: NDArray[np.float64],
    terms: NDArray[np.float64],
    units: Mapping[str, str],
    count: int,
) -> Any:
    """The `count` features with the largest terms by absolute size; ties by declared order.

    Fields of `stream.updates.Deciding`, to be validated with the receipt they become part of: at once in compiled
    code, three times as fast as one by one.

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
    listed, numbers = terms.tolist(), values.tolist()
    order = sorted(range(len(listed)), key=lambda place: -abs(listed[place]))[:count]
    return tuple(
        [
            {
                "feature": names[place],
                "value": rounded(numbers[place]) if isfinite(numbers[place]) else None,
                "contribution": rounded(listed[place]),
                "unit": units[names[place]],
            }
            for place in order
        ]
    )
