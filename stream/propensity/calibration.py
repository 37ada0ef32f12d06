"""From a classifier's log-odds to probabilities that come true: what became of them, and the curve that mends them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BINS = 120
"""Of the log-odds, each 0.2 wide."""

LIMIT = 12.0
"""Log-odds up to which there are bins; beyond, differences count a hundredth."""

HALF_LIFE = 2_000
"""Examples of all partitions after which an outcome counts half."""

_TAIL = 0.01
_PRIOR = 10.0  # examples' worth of belief that nothing is to be mended
_STEPS = 25
_NEAR = 1e-12
_WITHIN = (1e-6, 1.0 - 1e-6)  # nothing is surer than that
_CENTRES = (np.arange(BINS) + 0.5) * (2.0 * LIMIT / BINS) - LIMIT


class Outcomes:
    """What became of a partition's examples: the log-odds given just before they were learnt, and the label.

    Bins add up, so that partitions merge exactly up to the rounding of sums.

    Attributes
    ----------
    bins
        Faded counts, shape [2, BINS]: negatives and positives by log-odds.
    half_life
        Examples of this partition after which an outcome counts half: its share of `HALF_LIFE`, so that many
        partitions together forget as fast as one.
    """

    def __init__(self, bins: Array | None = None, half_life: float = HALF_LIFE) -> None:
        self.bins = np.zeros((2, BINS)) if bins is None else bins
        self.half_life = half_life

    def note_many(self, logits: Array, labels: NDArray[np.bool_], negative: float = 1.0) -> None:
        """Add examples in order, shape [n] each; a negative counts as `negative` of them, and log-odds of NaN none."""
        width = 2.0 * LIMIT / BINS
        nothing = np.isnan(logits)
        places = np.clip((np.where(nothing, 0.0, logits) + LIMIT) / width, 0, BINS - 1).astype(np.intp) + BINS * labels
        fade = 2.0 ** (-1.0 / self.half_life)
        weights = np.where(labels, 1.0, negative) * fade ** np.arange(len(labels) - 1, -1, -1)
        weights[nothing] = 0.0
        self.bins *= fade ** len(labels)
        self.bins += np.bincount(places, weights, 2 * BINS).reshape(2, BINS)


class Line(NamedTuple):
    """log-odds -> slope * log-odds + shift."""

    slope: float = 1.0
    shift: float = 0.0


@dataclass(frozen=True, eq=False)
class Calibration:
    """A rising curve from a classifier's log-odds to those that come true: straight between its knots.

    Attributes
    ----------
    knots, values
        Log-odds given and log-odds that come true, ascending, shape [k]; the first and the last knot are -LIMIT and
        LIMIT.

    Examples
    --------
    >>> curve = Calibration.straight(Line(0.5, -1.0))
    >>> curve.apply(np.array([0.0, 2.0, 1e6])).round(6).tolist()
    [-1.0, 0.0, 10004.88]
    """

    knots: Array
    values: Array

    @classmethod
    def straight(cls, line: Line = Line()) -> Calibration:  # noqa: B008 (a tuple never changes)
        """Along a line; by default nothing is mended."""
        knots = np.array([-LIMIT, LIMIT])
        return cls(knots, line.slope * knots + line.shift)

    @classmethod
    def learnt(cls, bins: Array, method: str) -> Calibration:
        """From outcomes [2, BINS], by `platt`, `isotonic` or `none`."""
        if method == "none":
            return cls.straight()
        line = platt(bins)
        return cls.straight(line) if method == "platt" else isotonic(bins, line)

    def apply(self, logits: Array) -> Array:
        """Log-odds that come true, shape as given; never falling, and continuous."""
        inside = np.clip(logits, -LIMIT, LIMIT)
        found: Array = np.interp(inside, self.knots, self.values) + _TAIL * (logits - inside)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain values; floats exact."""
        return {"knots": self.knots.tolist(), "values": self.values.tolist()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Calibration:
        """Reverse of `to_dict`."""
        return cls(np.array(values["knots"], dtype=np.float64), np.array(values["values"], dtype=np.float64))


def platt(bins: Array) -> Line:
    """The line on which the log-odds of scores meet what came of them.

    Being a line, it keeps the order of scores, and a linear classifier stays linear.

    Parameters
    ----------
    bins
        Counts of negatives and positives by log-odds, shape [2, BINS].

    Notes
    -----
    Platt (1999), "Probabilistic Outputs for Support Vector Machines", by Newton's method, with a weak prior for leaving
    scores as they are. A slope that would turn scores round is taken for chance: then all are the base rate.

    Examples
    --------
    >>> bins = np.zeros((2, BINS))
    >>> bins[:, 67], bins[:, 52] = [400, 600], [800, 200]  # log-odds 1.5 came true in .6, and -1.5 in .2
    >>> line = platt(bins)
    >>> [round(float(1 / (1 + np.exp(-line.slope * logit - line.shift))), 2) for logit in (1.5, -1.5)]
    [0.6, 0.2]
    """
    x = _CENTRES
    total, positives = bins.sum(axis=0), bins[1]
    slope, shift = 1.0, 0.0
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(slope * x + shift, -35.0, 35.0)))
        off, weight = total * chance - positives, total * chance * (1.0 - chance)
        g1, g0 = float((off * x).sum()) + _PRIOR * (slope - 1.0), float(off.sum()) + _PRIOR * shift
        h11, h10, h00 = float((weight * x * x).sum()) + _PRIOR, float((weight * x).sum()), float(weight.sum()) + _PRIOR
        determinant = h11 * h00 - h10 * h10
        turn, move = (h00 * g1 - h10 * g0) / determinant, (h11 * g0 - h10 * g1) / determinant
        slope -= max(-1.0, min(1.0, turn))  # no step overshoots
        shift -= max(-1.0, min(1.0, move))
        if abs(turn) + abs(move) < _NEAR:
            break
    return Line(max(slope, 0.0), shift)


def isotonic(bins: Array, line: Line) -> Calibration:
    """The rising curve nearest to what came of scores.

    Parameters
    ----------
    bins
        Counts of negatives and positives by log-odds, shape [2, BINS].
    line
        Platt's, which each bin is believed to lie on until some ten examples say otherwise, and which leads on where
        there were no scores.

    Notes
    -----
    Zadrozny, Elkan (2002), "Transforming Classifier Scores into Accurate Multiclass Probability Estimates", by pooling
    adjacent violators (Ayer et al., 1955) over bins. Between the middles of pooled bins it is straight in log-odds
    instead of a staircase, so that it has no jumps and few ties.
    """
    some = np.flatnonzero(bins.sum(axis=0) > 0)
    believed = 1.0 / (1.0 + np.exp(-np.clip(line.slope * _CENTRES + line.shift, -35.0, 35.0)))
    counts, hits = bins.sum(axis=0) + _PRIOR, bins[1] + _PRIOR * believed
    moments = counts * _CENTRES
    pools: list[tuple[float, float, float]] = []  # examples, positives, examples times log-odds
    for pool in zip(counts[some].tolist(), hits[some].tolist(), moments[some].tolist(), strict=True):
        while pools and pools[-1][1] * pool[0] >= pool[1] * pools[-1][0]:
            last = pools.pop()
            pool = (last[0] + pool[0], last[1] + pool[1], last[2] + pool[2])
        pools.append(pool)
    if not pools:
        return Calibration.straight(line)
    count, positives, moment = np.array(pools).T
    rates = np.clip(positives / count, *_WITHIN)
    knots, values = moment / count, np.log(rates) - np.log1p(-rates)
    ends = values[0] + line.slope * (-LIMIT - knots[0]), values[-1] + line.slope * (LIMIT - knots[-1])
    return Calibration(np.array([-LIMIT, *knots, LIMIT]), np.array([ends[0], *values, ends[1]]))
