"""A classifier that stands alone: what the engine does with a target, for rows and labels at hand."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stream.preprocessing.pipeline import Preprocessing
from stream.preprocessing.settings import Measured
from stream.propensity.contribution import Contribution, merge
from stream.propensity.learner import PropensityLearner
from stream.propensity.model import PropensityModel
from stream.segments.reservoir import Reservoir
from stream.target import Target

Array = NDArray[np.float64]

SAMPLE = 1_024
"""Rows kept to scale by, and to tell deciles from."""

_GROWTH = 1.25  # the scaling is that of the sample each time so many times the rows have been seen


class OnlineClassifier:
    """Learns from labelled rows as they come, and predicts calibrated probabilities of raw rows.

    It is exactly what the engine does: one partition's `PropensityLearner`, and a new `PropensityModel` each `block`
    examples, which predicts until the next. How examples are cut into calls changes nothing.

    Parameters
    ----------
    kind
        `logistic`, `naive_bayes`, `tree`, `forest` or `network`.
    features
        What is declared of the columns (see `Measured`), or their number.
    block
        Examples between two models.
    seed
        Of whatever is drawn at random.
    settings
        Further settings of the target, such as `learning_rate`, `calibration` and `negatives` (see `Target`).

    Examples
    --------
    >>> rows = np.random.default_rng(1).normal(size=(2_000, 2))
    >>> model = OnlineClassifier("logistic", features=2).learn_many(rows, rows[:, 0] > 0.5)
    >>> model.predict_proba_many([[2.0, 0.0], [-2.0, float("nan")]]).round().tolist()
    [1.0, 0.0]
    """

    def __init__(
        self,
        kind: str = "logistic",
        *,
        features: Sequence[Measured] | int,
        block: int = 250,
        seed: int = 7,
        **settings: Any,
    ) -> None:
        self.target = Target.model_validate(
            {"name": "target", "events": ("Labelled",), "classifier": kind, "seed": seed, **settings}
        )
        self.features = (
            tuple(Measured(name=f"feature_{place}") for place in range(features))
            if isinstance(features, int)
            else tuple(features)
        )
        self.model: PropensityModel | None = None
        self.scaling: Preprocessing | None = None
        self._names = tuple(feature.name for feature in self.features)
        self._block = block
        self._seen = 0
        self._fitted = 0  # rows seen when the scaling was fitted
        self._sample = Reservoir(SAMPLE, np.empty((0, len(self.features))), np.empty(0))
        self._learner: PropensityLearner | None = None
        self._waiting: list[tuple[Array, NDArray[np.bool_]]] = []  # until the block is full
        self._others: list[Contribution] = []  # of classifiers merged in

    def learn_many(self, rows: ArrayLike, labels: ArrayLike) -> OnlineClassifier:
        """Learn raw rows [n, d], NaN where missing, and whether the target came about, shape [n], in order."""
        X, y = self._checked(rows), np.asarray(labels, dtype=np.bool_)
        start = 0
        while start < len(y):
            end = start + self._block - self._seen % self._block
            self._learn(X[start:end], y[start:end])
            start = end
        return self

    def predict_proba_many(self, rows: ArrayLike) -> Array:
        """Calibrated probabilities of raw rows [n, d], shape [n]; 0.5 before the first block is learnt."""
        X = self._checked(rows)
        if self.model is None or self.scaling is None:
            return np.full(len(X), 0.5)
        return self.model.predict_proba_many(self.scaling.standardise_many(X))

    def contributions(self, row: ArrayLike) -> Array:
        """Each feature's part of the log-odds of a raw row [d], shape [d] (see `PropensityModel.contributions`)."""
        X = self._checked(np.asarray(row, dtype=np.float64)[None])
        if self.model is None or self.scaling is None:
            return np.zeros(len(self.features))
        return self.model.contributions(self.scaling.standardise_many(X)[0])

    def merge(self, other: OnlineClassifier) -> OnlineClassifier:
        """A third one that has learnt what both have; it goes on learning as this one does.

        Raises
        ------
        ValueError
            When they differ in kind or features.
        """
        if (self.target, self.features) != (other.target, other.features):
            raise ValueError("only classifiers of the same settings and features merge")
        merged = copy(self)
        merged._seen = self._seen + other._seen
        merged._sample = self._sample.merge(other._sample)
        merged._learner, merged._waiting = self._going(), []
        merged._others = list(self._others)
        if other._seen:
            merged._others += [other._going().snapshot(), *other._others]
        if merged._seen:
            merged._revise()
        return merged

    def _learn(self, X: Array, y: NDArray[np.bool_]) -> None:
        """Learn what lies in one block."""
        number, place = divmod(self._seen, self._block)
        priorities = np.random.default_rng([self.target.seed, number]).random(self._block)[place : place + len(y)]
        self._sample = self._sample.add(X, priorities)
        self._seen += len(y)
        if self._learner is None:
            self._waiting.append((X.copy(), y.copy()))
        else:
            self._learner.learn_many(X, y)
        if self._seen % self._block == 0:
            self._revise()

    def _revise(self) -> None:
        """The next model, of all there is."""
        if self.scaling is None or self._seen >= _GROWTH * self._fitted:
            self.scaling, self._fitted = self._fit(), self._seen
        if self._learner is None:
            self._learner, self._waiting = self._going(), []
        contribution = merge([self._learner.snapshot(), *self._others])
        self.model = PropensityModel.learnt(contribution, self.scaling, self._names, self.target, self._sample.rows)
        self._learner.adopt(self.scaling, self.model)

    def _going(self) -> PropensityLearner:
        """A learner that has learnt what this one has, and goes its own way."""
        if self._learner is not None:
            return PropensityLearner.from_bytes(self._learner.to_bytes(), self.target)
        learner = PropensityLearner(self.target, self._names, self.scaling or self._fit())
        for X, y in self._waiting:
            learner.learn_many(X, y)
        return learner

    def _fit(self) -> Preprocessing:
        return Preprocessing.fit(self._sample.rows, self.features)

    def _checked(self, rows: ArrayLike) -> Array:
        X = np.asarray(rows, dtype=np.float64)
        if X.ndim != 2 or X.shape[1] != len(self.features):
            raise ValueError(f"rows of shape {X.shape}, but there are {len(self.features)} features")
        return X
