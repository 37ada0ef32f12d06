"""A linear classifier's state in units that no scaling changes, so that states can be added and averaged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream.preprocessing.pipeline import Preprocessing

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Weights, intercept and squared gradients of a logistic regression.

    Written for standardised features z = (x - mean) / std they depend on the scaling; here they are in units of x
    (cleaned, shortened and winsorised), where w·z + b = Σ (w_j / std_j) x_j + b - Σ w_j mean_j / std_j. The map
    is linear, so sums and averages may be taken on either side of it.

    Attributes
    ----------
    weights
        Shape [d].
    intercept
        Log-odds at x = 0.
    curvature
        AdaGrad's accumulated squared gradients, shape [d].
    """

    weights: Array
    intercept: float
    curvature: Array

    @classmethod
    def zeros(cls, width: int) -> Weights:
        """Of a classifier that has learnt nothing."""
        return cls(np.zeros(width), 0.0, np.zeros(width))

    @classmethod
    def of_standardised(cls, weights: Array, intercept: float, curvature: Array, scaling: Preprocessing) -> Weights:
        """From those of standardised features."""
        std = _spread(scaling)
        plain = weights / std
        return cls(plain, float(intercept - (plain * scaling.mean).sum()), curvature * std**2)

    def standardised(self, scaling: Preprocessing) -> tuple[Array, float, Array]:
        """Weights, intercept and squared gradients for features standardised by `scaling`."""
        std = _spread(scaling)
        return self.weights * std, float(self.intercept + (self.weights * scaling.mean).sum()), self.curvature / std**2

    def plus(self, other: Weights, scale: float = 1.0) -> Weights:
        """Sum with `scale` times the other."""
        return Weights(
            self.weights + scale * other.weights,
            self.intercept + scale * other.intercept,
            self.curvature + scale * other.curvature,
        )

    def times(self, scale: float) -> Weights:
        """All of it scaled."""
        return Weights(self.weights * scale, self.intercept * scale, self.curvature * scale)

    def to_list(self) -> list[object]:
        """Plain values; floats exact."""
        return [self.weights.tolist(), self.intercept, self.curvature.tolist()]

    @classmethod
    def from_list(cls, values: list[object]) -> Weights:
        """Reverse of `to_list`."""
        weights, intercept, curvature = values
        return cls(np.array(weights, dtype=np.float64), float(intercept), np.array(curvature, dtype=np.float64))  # type: ignore[arg-type]


def _spread(scaling: Preprocessing) -> Array:
    return np.where(scaling.std > 0, scaling.std, 1.0)
