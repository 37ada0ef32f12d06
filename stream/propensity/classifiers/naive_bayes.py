"""Gaussian naive Bayes: counts, means and variances of each class, which add up exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from stream.preprocessing.pipeline import Preprocessing
from stream.propensity.classifiers.base import Array, Classifier, Labels, Learner, Part, plain
from stream.target import Target

_FLOOR = 1e-2
"""Least variance, as a share of the feature's whole variance: what is constant in one class must not decide alone."""


@dataclass(frozen=True, eq=False)
class Bayes(Classifier):
    """Log-odds are a sum over features, each by itself a parabola: reasons are exact.

    Attributes
    ----------
    mean, variance
        Of each class (negatives first) and standardised feature, shape [2, d].
    offset
        Log-odds of the classes' shares.
    """

    mean: Array
    variance: Array
    offset: float

    @cached_property
    def base(self) -> float:  # type: ignore[override]
        """Log-odds of the mean row."""
        at_mean = self.mean[0] ** 2 / self.variance[0] - self.mean[1] ** 2 / self.variance[1]
        return float(self.offset + 0.5 * (at_mean + np.log(self.variance[0] / self.variance[1])).sum())

    @cached_property
    def _parabola(self) -> tuple[Array, Array]:
        """For each feature the factors of z² and z, so that a row costs no logarithm."""
        square = 0.5 * (1.0 / self.variance[0] - 1.0 / self.variance[1])
        return square, self.mean[1] / self.variance[1] - self.mean[0] / self.variance[0]

    def logits_many(self, standard: Array) -> Array:
        logits = np.full(len(standard), self.base)
        square, linear = self._parabola
        for column, (a, b) in enumerate(zip(square.tolist(), linear.tolist(), strict=True)):
            z = standard[:, column]
            logits += (a * z + b) * z
        return logits

    def terms(self, row: Array) -> Array:
        square, linear = self._parabola
        found: Array = (square * row + linear) * row
        return found

    def to_dict(self) -> dict[str, Any]:
        return {"mean": self.mean.tolist(), "variance": self.variance.tolist(), "offset": self.offset}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        mean, variance = (np.array(values[name], dtype=np.float64) for name in ("mean", "variance"))
        return cls(mean, variance, values["offset"])


@dataclass(frozen=True, eq=False)
class BayesPart(Part):
    """Sufficient statistics: the merged ones are those of all examples together, within 1e-9.

    Attributes
    ----------
    count
        Examples of each class, negatives first, shape [2].
    mean, squares
        Of each class and feature, in units that no scaling changes: mean, and sum of squared differences from it,
        shape [2, d].

    Notes
    -----
    Chan, Golub, LeVeque (1979), "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances".
    """

    count: Array
    mean: Array
    squares: Array

    @classmethod
    def of(cls, rows: Array, labels: Labels) -> Self:
        """Of rows [n, d] and their labels [n]."""
        count, mean, squares = np.zeros(2), np.zeros((2, rows.shape[1])), np.zeros((2, rows.shape[1]))
        for side in (0, 1):
            own = rows[labels == side]
            if len(own):
                count[side], mean[side] = len(own), own.mean(axis=0)
                squares[side] = ((own - mean[side]) ** 2).sum(axis=0)
        return cls(count, mean, squares)

    def plus(self, other: Self) -> Self:
        count = self.count + other.count
        share = (other.count / np.maximum(count, 1.0))[:, None]
        apart = other.mean - self.mean
        squares = self.squares + other.squares + apart**2 * share * self.count[:, None]
        return type(self)(count, self.mean + apart * share, squares)

    def freeze(self, scaling: Preprocessing) -> Bayes:
        std = np.where(scaling.std > 0, scaling.std, 1.0)
        count = self.count[:, None]
        mean = (self.mean - scaling.mean) / std
        whole = self.plus(type(self)(self.count[::-1], self.mean[::-1], self.squares[::-1]))
        spread = whole.squares[0] / max(whole.count[0], 1.0) / std**2
        variance = self.squares / np.maximum(count, 1.0) / std**2
        variance = np.maximum(variance, np.maximum(_FLOOR * spread, 1e-9))
        # a feature without spread, and a class without examples, say nothing
        silent = (scaling.std <= 0) | (spread <= 1e-9) | (self.count.min() < 2)
        mean[:, silent], variance[:, silent] = 0.0, 1.0
        return Bayes(mean, variance, float(np.log(self.count[1] + 1.0) - np.log(self.count[0] + 1.0)))

    def to_list(self) -> list[Any]:
        return [self.count.tolist(), self.mean.tolist(), self.squares.tolist()]

    @classmethod
    def from_list(cls, values: list[Any]) -> Self:
        return cls(*(np.array(value, dtype=np.float64) for value in values))


class BayesLearner(Learner):
    """Gaussian naive Bayes.

    Features are taken for independent given the class, so its log-odds are mostly too large: calibrate it.
    """

    part = BayesPart
    classifier = Bayes

    def __init__(self, target: Target, scaling: Preprocessing) -> None:
        super().__init__(target, scaling)
        self._sums = BayesPart.of(np.empty((0, self._width)), np.empty(0, dtype=np.bool_))

    def learn_many(self, standard: Array, labels: Labels) -> Array:
        logits = self._sums.freeze(self._scaling).logits_many(standard)
        self._sums = self._sums.plus(BayesPart.of(plain(standard, self._scaling), labels))
        return logits

    def contribute(self) -> BayesPart:
        return self._sums

    def state(self) -> Any:
        return self._sums.to_list()

    def restore(self, state: Any) -> None:
        self._sums = BayesPart.from_list(state)
