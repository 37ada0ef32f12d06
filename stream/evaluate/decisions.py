"""How good the decisions are that a threshold makes of scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stream.evaluate.outcomes import Outcomes

if TYPE_CHECKING:
    from river.metrics import ConfusionMatrix


class Decisions(NamedTuple):
    """Quality of a yes for every score at or above a threshold; None where there is nothing to divide by.

    `precision` is missing where nobody got a yes, `recall` without a positive, `f1` without either.
    """

    accuracy: float | None
    precision: float | None
    recall: float | None
    f1: float | None


def confusion(outcomes: Outcomes, threshold: float) -> ConfusionMatrix:
    """River's confusion matrix, filled; any of its metrics takes it: `river.metrics.MCC(cm=confusion(…))`.

    >>> confusion(Outcomes.of([0.9, 0.4, 0.6, 0.1], [True, True, False, False]), 0.5).true_positives(True)
    1.0
    """
    from river.metrics import ConfusionMatrix  # imports SciPy's statistics: a second

    yes = outcomes.scores >= threshold
    matrix = ConfusionMatrix()
    for happened, counts in ((True, outcomes.positive), (False, outcomes.negative)):
        for said, rows in ((True, yes), (False, ~yes)):
            weight = float(np.sum(counts[rows]))
            if weight:
                matrix.update(happened, said, weight)
    return matrix


def decide(outcomes: Outcomes, threshold: float) -> Decisions:
    """Accuracy, precision, recall and F1 of a threshold, by River's metrics.

    Examples
    --------
    >>> decide(Outcomes.of([0.9, 0.4, 0.6, 0.1], [True, True, False, False]), 0.5)
    Decisions(accuracy=0.5, precision=0.5, recall=0.5, f1=0.5)
    >>> decide(Outcomes.of([0.1, 0.2], [False, False]), 0.5)
    Decisions(accuracy=1.0, precision=None, recall=None, f1=None)
    """
    if not outcomes.examples:
        return Decisions(None, None, None, None)
    from river.metrics import F1, Accuracy, Precision, Recall

    matrix = confusion(outcomes, threshold)
    yes = float(np.sum((outcomes.positive + outcomes.negative)[outcomes.scores >= threshold]))
    return Decisions(
        Accuracy(cm=matrix).get(),
        Precision(cm=matrix).get() if yes else None,
        Recall(cm=matrix).get() if outcomes.positives else None,
        F1(cm=matrix).get() if yes or outcomes.positives else None,
    )
