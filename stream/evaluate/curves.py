"""What a threshold, a tenth of the customers, or a score is worth: the curves of an evaluation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream.evaluate.outcomes import GROUPS, Outcomes

Array = NDArray[np.float64]


class Roc(NamedTuple):
    """Receiver operating characteristic: one point a threshold, from the highest, beginning at (0, 0)."""

    false_positive_rate: Array
    true_positive_rate: Array


class PrecisionRecall(NamedTuple):
    """One point a threshold, from the highest; the first has the precision of the highest score and recall 0."""

    recall: Array
    precision: Array


class Calibrated(NamedTuple):
    """One bin of scores: their mean, and the share of them for which the target came about."""

    least: float
    most: float
    examples: float
    score: float
    rate: float


class Decile(NamedTuple):
    """A tenth of the examples; 10 is the most likely one.

    `score` is their mean score, and `rate` the share of them for which the target came about: where these differ, the
    tenth is not calibrated, whatever the error of all is. `lift` is its share of positives over that of all; `gain`
    the share of all positives in it and the tenths above it.
    """

    decile: int
    examples: float
    positives: float
    score: float
    rate: float
    lift: float
    gain: float


def roc(outcomes: Outcomes) -> Roc | None:
    """The ROC curve; None without an example of each class.

    >>> curve = roc(Outcomes.of([0.9, 0.4, 0.6, 0.1], [True, True, False, False]))
    >>> curve.true_positive_rate.tolist()
    [0.0, 0.5, 0.5, 1.0, 1.0]
    """
    positive, negative = _from_the_top(outcomes)
    if not positive[-1] or not negative[-1]:
        return None
    return Roc(negative / negative[-1], positive / positive[-1])


def precision_recall(outcomes: Outcomes) -> PrecisionRecall | None:
    """Precision by recall; None without a positive example.

    >>> curve = precision_recall(Outcomes.of([0.9, 0.4, 0.6, 0.1], [True, True, False, False]))
    >>> curve.precision.round(2).tolist(), curve.recall.tolist()
    ([1.0, 1.0, 0.5, 0.67, 0.5], [0.0, 0.5, 0.5, 1.0, 1.0])
    """
    positive, negative = _from_the_top(outcomes)
    if not positive[-1]:
        return None
    positive, negative = positive[1:], negative[1:]
    precision = positive / (positive + negative)
    recall = positive / positive[-1]
    return PrecisionRecall(np.concatenate([[0.0], recall]), np.concatenate([precision[:1], precision]))


def average_precision(outcomes: Outcomes) -> float | None:
    """Precision at each score, weighted by the recall that it adds; None without a positive example.

    >>> average_precision(Outcomes.of([0.9, 0.4, 0.6, 0.1], [True, True, False, False])).__round__(4)
    0.8333
    """
    curve = precision_recall(outcomes)
    return None if curve is None else float(np.sum(np.diff(curve.recall) * curve.precision[1:]))


def calibration(outcomes: Outcomes) -> tuple[Calibrated, ...]:
    """Ten bins of equal width, without the empty ones; their weighted distances are the calibration error.

    >>> [(one.least, one.score, one.rate) for one in calibration(Outcomes.of([0.25, 0.25, 0.75], [True, False, True]))]
    [(0.2, 0.25, 0.5), (0.7, 0.75, 1.0)]
    """
    place = np.minimum((outcomes.scores * GROUPS).astype(np.intp), GROUPS - 1)
    weight = outcomes.positive + outcomes.negative
    examples, said, came = (
        np.bincount(place, weights=column, minlength=GROUPS)
        for column in (weight, weight * outcomes.scores, outcomes.positive)
    )
    return tuple(
        Calibrated(
            at / GROUPS,
            (at + 1) / GROUPS,
            float(examples[at]),
            float(said[at] / examples[at]),
            float(came[at] / examples[at]),
        )
        for at in np.flatnonzero(examples).tolist()
    )


def deciles(outcomes: Outcomes) -> tuple[Decile, ...]:
    """Ten tenths of the examples, the most likely first; none without a positive example.

    Examples of one score are alike: where a border falls among them, their positives are shared out evenly.

    >>> top, *_, last = deciles(Outcomes.of(np.arange(10) / 10, [False] * 9 + [True]))
    >>> top.decile, top.score, top.rate, top.lift, top.gain, last.decile, last.lift, last.gain
    (10, 0.9, 1.0, 10.0, 1.0, 1, 0.0, 1.0)
    """
    positive, negative = _from_the_top(outcomes)
    total, positives = positive[-1] + negative[-1], positive[-1]
    if not positives:
        return ()
    counts = positive + negative
    scores = outcomes.scores[(outcomes.positive + outcomes.negative) > 0][::-1]
    said = np.concatenate([np.zeros(1), np.cumsum(np.diff(counts) * scores)])
    edges = np.arange(GROUPS + 1) * total / GROUPS
    borders, sums = np.interp(edges, counts, positive), np.diff(np.interp(edges, counts, said))
    size = float(total) / GROUPS
    return tuple(
        Decile(
            GROUPS - at,
            size,
            float(borders[at + 1] - borders[at]),
            float(sums[at]) / size,
            float(borders[at + 1] - borders[at]) / size,
            float((borders[at + 1] - borders[at]) * GROUPS / positives),
            float(borders[at + 1] / positives),
        )
        for at in range(GROUPS)
    )


def _from_the_top(outcomes: Outcomes) -> tuple[Array, Array]:
    """Positives and negatives at or above each score that came, the highest first, after a 0."""
    came = (outcomes.positive + outcomes.negative) > 0
    zero = np.zeros(1)
    return (
        np.concatenate([zero, np.cumsum(outcomes.positive[came][::-1])]),
        np.concatenate([zero, np.cumsum(outcomes.negative[came][::-1])]),
    )
