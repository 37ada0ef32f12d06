"""The propensity part of a model: a frozen, calibrated classifier of standardised features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.preprocessing.pipeline import Preprocessing
from stream.propensity.calibration import Calibration
from stream.propensity.classifiers.base import Classifier, chances
from stream.propensity.classifiers.registry import learner_of
from stream.propensity.contribution import Contribution
from stream.target import Target

Array = NDArray[np.float64]

_NEAR = 1e-6  # in log-odds: nearer than this to the base, the curve's slope is taken for its chord
_TENTHS = np.arange(1, 10) / 10.0


@dataclass(frozen=True, eq=False)
class PropensityModel:
    """How likely a target is to come about.

    Attributes
    ----------
    kind
        Of the classifier, as in settings.
    features
        Names of the columns, d of them.
    classifier
        Reads features standardised by the scaling of the same model.
    prior
        Added to its log-odds: log of the share of negatives that it has learnt from (King and Zeng, 2001, "Logistic
        Regression in Rare Events Data").
    calibration
        From these log-odds to those that come true.
    deciles
        Scores that divide the customers into tenths, ascending, shape [9].
    examples, positives
        Labelled examples that there were.
    marks
        Of the contributions in it.
    """

    kind: str
    features: tuple[str, ...]
    classifier: Classifier
    prior: float
    calibration: Calibration
    deciles: Array
    examples: int
    positives: int
    marks: tuple[str, ...]

    @classmethod
    def learnt(
        cls,
        contribution: Contribution,
        scaling: Preprocessing,
        features: tuple[str, ...],
        target: Target,
        sample: Array,
    ) -> PropensityModel:
        """From the merged contributions of all partitions.

        Parameters
        ----------
        contribution
            Merged.
        scaling
            Of the model that this becomes part of.
        features
            Names of the columns, d of them.
        target
            Settings.
        sample
            Raw rows of customers whom the target is for, shape [n, d]: deciles are of their scores.
        """
        classifier, prior = contribution.part.freeze(scaling), log(target.negatives)
        calibration = Calibration.learnt(contribution.outcomes, target.calibration)
        scores = chances(calibration.apply(classifier.logits_many(scaling.standardise_many(sample)) + prior))
        deciles = np.quantile(scores, _TENTHS) if len(scores) else _TENTHS
        return cls(
            contribution.kind,
            features,
            classifier,
            prior,
            calibration,
            deciles,
            contribution.examples,
            contribution.positives,
            contribution.marks,
        )

    def fits(self, target: Target, features: tuple[str, ...]) -> bool:
        """Whether it is of this target's kind of classifier, and reads these columns.

        A model from the log need not be: a store may have been lost, and settings changed since.
        """
        return self.kind == target.classifier and self.features == features

    def predict_logit_many(self, standard: Array) -> Array:
        """Calibrated log-odds of standardised rows [n, d], shape [n]; a row never sees its neighbours."""
        return self.calibration.apply(self.classifier.logits_many(standard) + self.prior)

    def predict_proba_many(self, standard: Array) -> Array:
        """Calibrated probabilities of standardised rows [n, d], shape [n]."""
        return chances(self.predict_logit_many(standard))

    @cached_property
    def base(self) -> float:
        """Calibrated log-odds that reasons start from: see `Classifier.base`."""
        return float(self.calibration.apply(np.array([self.classifier.base + self.prior]))[0])

    def contributions(self, row: Array) -> Array:
        """Each feature's part of the calibrated log-odds of a standardised row [d], shape [d].

        They sum to the row's log-odds less `base`: those of the classifier, stretched as the calibration stretches
        the way from the base to the row.
        """
        terms = self.classifier.terms(row)
        start = self.classifier.base + self.prior
        way = float(terms.sum())
        step = way if abs(way) > _NEAR else _NEAR
        ends = self.calibration.apply(np.array([start, start + step]))
        found: Array = terms * (float(ends[1] - ends[0]) / step)
        return found

    def decile(self, score: float) -> int:
        """The tenth of the customers that a score lies in; 10 is the most likely, and of equals it is the middle."""
        low, high = (int(np.searchsorted(self.deciles, score, side=side)) for side in ("left", "right"))
        return 1 + (low + high + 1) // 2

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON or msgpack; floats exact."""
        return {
            "kind": self.kind,
            "features": list(self.features),
            "classifier": self.classifier.to_dict(),
            "prior": self.prior,
            "calibration": self.calibration.to_dict(),
            "deciles": self.deciles.tolist(),
            "examples": self.examples,
            "positives": self.positives,
            "marks": list(self.marks),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PropensityModel:
        """Reverse of `to_dict`."""
        return cls(
            values["kind"],
            tuple(values["features"]),
            learner_of(values["kind"]).classifier.from_dict(values["classifier"]),
            values["prior"],
            Calibration.from_dict(values["calibration"]),
            np.array(values["deciles"], dtype=np.float64),
            values["examples"],
            values["positives"],
            tuple(values["marks"]),
        )
