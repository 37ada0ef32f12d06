"""A partition's classifier, learning from labels as they resolve."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgpack
import numpy as np
from river import linear_model, optim
from river.utils import VectorDict

from stream.config import PropensityConfig
from stream.preprocessing.pipeline import Preprocessing
from stream.propensity.calibration import Outcomes
from stream.propensity.contribution import Contribution
from stream.propensity.model import PropensityModel
from stream.propensity.weights import Weights


class PropensityLearner:
    """River's logistic regression with AdaGrad on standardised features, one example at a time.

    Parameters
    ----------
    config
        Settings of the target; AdaGrad's learning rate is taken from it.
    features
        Names of the columns, d of them.
    scaling
        Standardises raw rows; replaced at each adoption, the weights being carried over exactly.
    """

    def __init__(self, config: PropensityConfig, features: tuple[str, ...], scaling: Preprocessing) -> None:
        self._rate = config.learning_rate
        self._features = features
        self._scaling = scaling
        self._examples = 0
        self._positives = 0
        self._waiting: list[tuple[Sequence[float], bool]] = []  # standardised together, at a twentieth of the cost
        self._outcomes = Outcomes()
        self._base = Weights.zeros(len(features))  # as it was when last contributed or adopted
        self._river = self._build(self._base)

    def learn(self, row: Sequence[float], happened: bool) -> None:
        """Learn one example: its raw features, d of them, and whether the target came about."""
        self._waiting.append((row, happened))

    def snapshot(self) -> Contribution:
        """What the partition contributes now; what it learns from here on is kept apart until the next adoption."""
        self._base = self._weights()  # first: it learns what waits
        total = self._base.times(float(self._examples))
        return Contribution(self._examples, self._positives, total, self._outcomes.bins.copy())

    def adopt(self, scaling: Preprocessing, model: PropensityModel | None) -> None:
        """Go on from the merged model, plus what was learnt since the last contribution."""
        current = self._weights()
        if model is not None:
            current = model.state.plus(current.plus(self._base, -1.0))
            self._base = model.state
        self._scaling = scaling
        self._river = self._build(current)

    def to_bytes(self) -> bytes:
        """The whole state; floats exact."""
        self._learn_waiting()
        packed: bytes = msgpack.packb(
            {
                "rate": self._rate,
                "features": list(self._features),
                "scaling": self._scaling.to_dict(),
                "counts": [self._examples, self._positives],
                "outcomes": self._outcomes.bins.tolist(),
                "base": self._base.to_list(),
                "intercept": self._river.intercept,
                "weights": [self._river.weights.get(name, 0.0) for name in self._features],
                "squares": [self._river.optimizer.g2.get(name, 0.0) for name in self._features],
            }
        )
        return packed

    @classmethod
    def from_bytes(cls, packed: bytes) -> PropensityLearner:
        """Reverse of `to_bytes`."""
        values = msgpack.unpackb(packed)
        config = PropensityConfig(learning_rate=values["rate"])
        learner = cls(config, tuple(values["features"]), Preprocessing.from_dict(values["scaling"]))
        learner._examples, learner._positives = values["counts"]
        learner._outcomes = Outcomes(np.array(values["outcomes"], dtype=np.float64))
        learner._base = Weights.from_list(values["base"])
        learner._set(learner._river, values["weights"], values["intercept"], values["squares"])
        return learner

    def _learn_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        rows = self._scaling.standardise_many(np.array([row for row, _ in waiting]))
        for row, (_, happened) in zip(rows.tolist(), waiting, strict=True):
            x = dict(zip(self._features, row, strict=True))
            self._outcomes.note(self._river.predict_proba_one(x)[True], happened)
            self._river.learn_one(x, happened)
            self._examples += 1
            self._positives += happened

    def _weights(self) -> Weights:
        self._learn_waiting()
        river = self._river
        return Weights.of_standardised(
            np.array([river.weights.get(name, 0.0) for name in self._features]),
            river.intercept,
            np.array([river.optimizer.g2.get(name, 0.0) for name in self._features]),
            self._scaling,
        )

    def _build(self, state: Weights) -> linear_model.LogisticRegression:
        weights, intercept, squares = state.standardised(self._scaling)
        river = linear_model.LogisticRegression(optim.AdaGrad(self._rate))
        self._set(river, weights.tolist(), intercept, np.maximum(squares, 0.0).tolist())
        return river

    def _set(
        self, river: linear_model.LogisticRegression, weights: list[float], intercept: float, squares: list[float]
    ) -> None:
        """Put a state into River's estimator, which has no setter for it."""
        river._weights = VectorDict(dict(zip(self._features, weights, strict=True)))
        river.intercept = intercept
        river.optimizer.g2 = defaultdict(float, zip(self._features, squares, strict=True))
