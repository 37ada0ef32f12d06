"""The propensity part of a model: a frozen logistic regression on standardised features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.preprocessing.pipeline import Preprocessing
from stream.propensity.calibration import platt
from stream.propensity.contribution import Contribution
from stream.propensity.weights import Weights

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PropensityModel:
    """Log-odds are linear in the standardised features.

    Attributes
    ----------
    features
        Names of the columns, d of them.
    weights, intercept
        For features standardised by the scaling of the same model, shape [d]; calibrated.
    state
        As learnt, in units that no scaling changes, with AdaGrad's squared gradients: where learning goes on.
    examples, positives
        Labelled examples it has learnt from.
    """

    features: tuple[str, ...]
    weights: Array
    intercept: float
    state: Weights
    examples: int
    positives: int

    @classmethod
    def learnt(cls, contribution: Contribution, scaling: Preprocessing, features: tuple[str, ...]) -> PropensityModel:
        """From the merged contributions of all partitions."""
        state = contribution.mean
        weights, intercept, _ = state.standardised(scaling)
        slope, shift = platt(contribution.outcomes)
        return cls(
            features,
            slope * weights,
            slope * intercept + shift,
            state,
            contribution.examples,
            contribution.positives,
        )

    def predict_logit_many(self, standard: Array) -> Array:
        """Log-odds of standardised rows [n, d], shape [n]. Summed column by column: a row never sees its neighbours."""
        logits = np.full(len(standard), self.intercept)
        for column, weight in enumerate(self.weights.tolist()):
            logits += weight * standard[:, column]
        return logits

    def predict_proba_many(self, standard: Array) -> Array:
        """Probabilities of standardised rows [n, d], shape [n].

        Examples
        --------
        >>> model = PropensityModel(("a",), np.array([2.0]), -1.0, Weights.zeros(1), 10, 5)
        >>> model.predict_proba_many(np.array([[0.5], [0.0]])).round(3).tolist()
        [0.5, 0.269]
        """
        chances: Array = 1.0 / (1.0 + np.exp(-np.clip(self.predict_logit_many(standard), -35.0, 35.0)))
        return chances

    def contributions(self, standard: Array) -> Array:
        """Each feature's part of a row's log-odds, shape [d]; with the intercept they sum to the log-odds."""
        terms: Array = self.weights * standard
        return terms

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON or msgpack; floats exact."""
        return {
            "features": list(self.features),
            "weights": self.weights.tolist(),
            "intercept": self.intercept,
            "state": self.state.to_list(),
            "examples": self.examples,
            "positives": self.positives,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PropensityModel:
        """Reverse of `to_dict`."""
        return cls(
            tuple(values["features"]),
            np.array(values["weights"], dtype=np.float64),
            values["intercept"],
            Weights.from_list(values["state"]),
            values["examples"],
            values["positives"],
        )
