"""From a classifier's scores to probabilities that come true: what became of scores, and the line that mends them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BINS = 100
"""Of the probability, each 0.01 wide."""

HALF_LIFE = 5_000
"""Examples of a partition after which an outcome counts half."""

_FADE = 2.0 ** (-1.0 / HALF_LIFE)
_PRIOR = 10.0  # examples' worth of belief that nothing is to be mended
_STEPS = 25


class Outcomes:
    """What became of a partition's examples: their score just before they were learnt, and the label.

    Bins add up, so that partitions merge exactly up to the rounding of sums.

    Attributes
    ----------
    bins
        Faded counts, shape [2, BINS]: negatives and positives by score.
    """

    def __init__(self, bins: Array | None = None) -> None:
        self.bins = np.zeros((2, BINS)) if bins is None else bins

    def note(self, probability: float, happened: bool) -> None:
        """Add an example."""
        self.bins *= _FADE
        self.bins[int(happened), min(int(probability * BINS), BINS - 1)] += 1.0


class Line(NamedTuple):
    """log-odds -> slope * log-odds + shift."""

    slope: float = 1.0
    shift: float = 0.0


def platt(bins: Array) -> Line:
    """The line on which the log-odds of scores meet what came of them.

    Being a line, it keeps the order of scores, and a linear classifier stays linear: its contributions still sum to
    the log-odds.

    Parameters
    ----------
    bins
        Counts of negatives and positives by score, shape [2, BINS].

    Notes
    -----
    Platt (1999), "Probabilistic Outputs for Support Vector Machines", by Newton's method, with a weak prior for leaving
    scores as they are. A slope that would turn scores round is taken for chance: then all are the base rate.

    Examples
    --------
    >>> bins = np.zeros((2, BINS))
    >>> bins[:, 80], bins[:, 20] = [400, 600], [800, 200]  # .8 was said, and .6 came true; .2 was right
    >>> line = platt(bins)
    >>> [round(float(1 / (1 + np.exp(-line.slope * np.log(p / (1 - p)) - line.shift))), 2) for p in (0.805, 0.205)]
    [0.6, 0.2]
    """
    scores = (np.arange(BINS) + 0.5) / BINS
    x = np.log(scores / (1.0 - scores))
    total, positives = bins.sum(axis=0), bins[1]
    slope, shift = 1.0, 0.0
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(slope * x + shift, -35.0, 35.0)))
        off, weight = total * chance - positives, total * chance * (1.0 - chance)
        g1, g0 = float((off * x).sum()) + _PRIOR * (slope - 1.0), float(off.sum()) + _PRIOR * shift
        h11, h10, h00 = float((weight * x * x).sum()) + _PRIOR, float((weight * x).sum()), float(weight.sum()) + _PRIOR
        determinant = h11 * h00 - h10 * h10
        slope -= float(np.clip((h00 * g1 - h10 * g0) / determinant, -1.0, 1.0))  # no step overshoots
        shift -= float(np.clip((h11 * g0 - h10 * g1) / determinant, -1.0, 1.0))
    return Line(max(slope, 0.0), shift)
