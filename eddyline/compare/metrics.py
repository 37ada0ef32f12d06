"""How good probabilities are: one way for all models. What scikit-learn has is scikit-learn's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream.errors import DataError
from stream.evaluate.outcomes import Outcomes

Array = NDArray[np.float64]
Labels = NDArray[np.bool_]

_NEAREST = 1e-6  # to 0 and 1, for the log loss


@dataclass(frozen=True, slots=True)
class Quality:
    """Of probabilities against what came.

    Attributes
    ----------
    auc
        Area under the ROC curve.
    log_loss
        Mean negative log-likelihood, nats; no probability counts as nearer than 1e-6 to 0 or 1.
    ece
        Expected calibration error over ten bins of equal width.
    threshold
        From which probability on it counts as a yes, for what follows.
    f1, accuracy, precision, recall
        At the threshold; precision is 0 where nothing counts as a yes.
    """

    auc: float
    log_loss: float
    ece: float
    threshold: float
    f1: float
    accuracy: float
    precision: float
    recall: float


def quality(labels: Labels, probabilities: Array, threshold: float) -> Quality:
    """Measure probabilities, shape [n], against labels, shape [n], of which both must occur.

    >>> found = quality(np.array([True, False, True, False]), np.array([0.9, 0.2, 0.6, 0.7]), 0.5)
    >>> found.auc, round(found.precision, 3), found.recall, found.accuracy
    (0.75, 0.667, 1.0, 0.75)
    """
    from sklearn import metrics

    said = probabilities >= threshold
    held = np.clip(probabilities, _NEAREST, 1.0 - _NEAREST)
    return Quality(
        auc=float(metrics.roc_auc_score(labels, probabilities)),
        log_loss=float(metrics.log_loss(labels, held, labels=[False, True])),
        ece=calibration_error(labels, probabilities),
        threshold=threshold,
        f1=float(metrics.f1_score(labels, said, zero_division=0.0)),
        accuracy=float(metrics.accuracy_score(labels, said)),
        precision=float(metrics.precision_score(labels, said, zero_division=0.0)),
        recall=float(metrics.recall_score(labels, said)),
    )


def calibration_error(labels: Labels, probabilities: Array) -> float:
    """`Outcomes.calibration_error` of rows, of which there is at least one.

    >>> round(calibration_error(np.array([True, True, False, False]), np.array([0.9, 0.9, 0.9, 0.1])), 3)
    0.2
    """
    error = Outcomes.of(np.clip(probabilities, 0.0, 1.0), labels).calibration_error()
    assert error is not None
    return error


def best_threshold(labels: Labels, probabilities: Array) -> float:
    """The probability from which on a yes gives the largest F1; among equals the largest.

    Raises
    ------
    DataError
        Where a row has no probability.

    >>> best_threshold(np.array([True, True, False, False]), np.array([0.8, 0.4, 0.5, 0.1]))
    0.4
    """
    missing = int(np.isnan(probabilities).sum())
    if missing:
        raise DataError(
            f"{missing:,} of the {len(labels):,} rows that choose the threshold come before a model has learnt "
            "anything: give a longer history, or a shorter horizon"
        )
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(labels[order])
    said = np.arange(1, len(order) + 1)
    f1 = 2.0 * hits / (said + hits[-1])
    ends = np.append(np.diff(probabilities[order]) < 0, True)  # equal ones are said yes to together
    return float(probabilities[order][int(np.where(ends, f1, -1.0).argmax())])
