"""Statistics of sampled columns that do not depend on the order of the rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def known(column: Array) -> Array:
    """The values that are there, ascending."""
    return np.sort(column[~np.isnan(column)])


def median(values: Array) -> float:
    """The lower median of ascending values."""
    return float(values[(len(values) - 1) // 2])


def bounds(values: Array, low: float, high: float) -> tuple[float, float]:
    """The range of ascending values between two quantiles that leaves at least a value beyond each of its ends.

    >>> bounds(np.array([-1e6, 1.0, 2.0, 3.0, 1e6]), 0.01, 0.99)
    (1.0, 3.0)
    """
    share = np.full(len(values), 1.0) / len(values)
    bottom = _inner(values, share, low)
    top = _inner(values[::-1], share, 1.0 - high)
    return (bottom, top) if bottom <= top else (float(values[0]), float(values[-1]))


def moments(values: Array) -> tuple[float, float]:
    """Mean and standard deviation of ascending values; the deviation of a constant is exactly 0."""
    share = np.full(len(values), 1.0) / len(values)
    mean = float((share * values).sum())
    deviation = float(np.sqrt((share * (values - mean) ** 2).sum()))
    return mean, deviation if values[0] < values[-1] else 0.0


def in_order(columns: Array) -> Array:
    """Sampled columns [d, n] with the rows in an order of their own, for sums over several columns at once."""
    return np.ascontiguousarray(columns[:, np.lexsort(columns)])


def correlations(standardised: Array) -> Array:
    """Correlations of standardised columns [n, d], shape [d, d]; summed column by column, without BLAS."""
    columns = np.ascontiguousarray(standardised.T)
    return np.array([[float((one * other).mean()) for other in columns] for one in columns])


def _inner(values: Array, share: Array, trimmed: float) -> float:
    """The first value beyond the trimmed share, from the outside in."""
    running = np.cumsum(share)
    place = int(np.searchsorted(running, min(max(trimmed, float(share[0])), 0.5) + 1e-12, side="right"))
    return float(values[min(place, len(values) - 1)])
