"""Scores, and what became of them: how good they were, all together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

GROUPS = 10
"""Bins of the calibration error."""


@dataclass(frozen=True, eq=False)
class Outcomes:
    """How often each score was given, and how often the target came about then.

    Attributes
    ----------
    scores
        Distinct probabilities, ascending, shape [m].
    positive, negative
        Examples of each score for which the target came about, or did not, shape [m]. They may be weighted.

    Examples
    --------
    >>> outcomes = Outcomes.of([0.9, 0.4, 0.6, 0.1], [True, True, False, False])
    >>> outcomes.examples, outcomes.positives, outcomes.auc()
    (4.0, 2.0, 0.75)
    """

    scores: Array
    positive: Array
    negative: Array

    @classmethod
    def of(cls, probabilities: ArrayLike, happened: ArrayLike) -> Outcomes:
        """Of scores [n] in [0, 1] and what happened [n], exactly.

        Raises
        ------
        ValueError
            When lengths differ, or a score is not in [0, 1].
        """
        scores = np.asarray(probabilities, dtype=np.float64)
        labels = np.asarray(happened, dtype=bool)
        if scores.ndim != 1 or scores.shape != labels.shape:
            raise ValueError(f"there are {scores.shape} scores and {labels.shape} outcomes")
        if not np.all((scores >= 0) & (scores <= 1)):
            raise ValueError("scores must be in [0, 1]")
        distinct, place = np.unique(scores, return_inverse=True)
        positive = np.bincount(place[labels], minlength=len(distinct)).astype(np.float64)
        negative = np.bincount(place[~labels], minlength=len(distinct)).astype(np.float64)
        return cls(distinct, positive, negative)

    @property
    def examples(self) -> float:
        """Scored examples whose outcome is known, or their weight."""
        return self.positives + float(self.negative.sum())

    @property
    def positives(self) -> float:
        """Those for which the target came about."""
        return float(self.positive.sum())

    @property
    def rate(self) -> float | None:
        """Share of positives; None before there is an example."""
        return self.positives / self.examples if self.examples else None

    def auc(self) -> float | None:
        """Area under the ROC curve: how likely a positive is scored above a negative, ties counting half.

        Source: the Mann-Whitney U statistic; J. Hanley, B. McNeil, The meaning and use of the area under a receiver
        operating characteristic (ROC) curve, Radiology 143 (1982).

        Returns
        -------
        float or None
            In [0, 1]; None before there is an example of each class.
        """
        below = np.cumsum(self.negative) - self.negative
        pairs = self.positives * float(self.negative.sum())
        return float(np.sum(self.positive * (2 * below + self.negative))) / (2 * pairs) if pairs else None

    def auc_bound(self) -> float | None:
        """How far `auc` can be from that of the scores before they were cut down to these.

        Half the share of (positive, negative) pairs with one score: sum P_s N_s / (2 P N). That is 0.0005 when the
        scores of one class spread evenly over 1,000 bins.
        """
        pairs = self.positives * float(self.negative.sum())
        return float(np.sum(self.positive * self.negative)) / (2 * pairs) if pairs else None

    def auc_spread(self) -> float | None:
        """Standard error of `auc` as an estimate from so many examples.

        Source: Hanley and McNeil (1982), as of `auc`.
        """
        area, negatives = self.auc(), float(self.negative.sum())
        if area is None:
            return None
        first, second = area / (2 - area), 2 * area**2 / (1 + area)
        spread = area * (1 - area)
        spread += (self.positives - 1) * (first - area**2) + (negatives - 1) * (second - area**2)
        return float(np.sqrt(max(spread, 0.0) / (self.positives * negatives)))

    def log_loss(self) -> float | None:
        """Mean negative log-likelihood (nats) of the outcomes; None before there is an example.

        A certainty that was wrong costs what .0005 costs, 7.6: one of them must not decide alone.
        """
        if not self.examples:
            return None
        scores = np.clip(self.scores, 0.0005, 0.9995)
        return -float(np.sum(self.positive * np.log(scores) + self.negative * np.log1p(-scores))) / self.examples

    def brier(self) -> float | None:
        """Brier score: the mean squared difference of outcome (0 or 1) and score; None before there is an example.

        Source: G. Brier, Verification of forecasts expressed in terms of probability, Monthly Weather Review 78 (1950).
        """
        squares = self.positive * (1 - self.scores) ** 2 + self.negative * self.scores**2
        return float(np.sum(squares)) / self.examples if self.examples else None

    def calibration_error(self) -> float | None:
        """Expected calibration error over ten bins of equal width: how far scores and outcomes differ on average.

        Source: M. Naeini, G. Cooper, M. Hauskrecht, Obtaining well calibrated probabilities using Bayesian binning,
        AAAI (2015).

        Returns
        -------
        float or None
            In [0, 1]; None before there is an example.
        """
        weights = (self.positive + self.negative) * self.scores - self.positive
        place = np.minimum((self.scores * GROUPS).astype(np.intp), GROUPS - 1)
        error = np.abs(np.bincount(place, weights=weights, minlength=GROUPS)).sum()
        return float(error) / self.examples if self.examples else None
