"""A linear classifier's state in units that no scaling changes, so that states can be added and averaged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.preprocessing.pipeline import Preprocessing

Array = NDArray[np.float64]

_STEEPEST = 1e3  # log-odds a standard deviation, and of the mean row
_LARGEST = 1e290  # so that squared gradients of 1e15 examples still have a finite sum


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Weights, intercept and squared gradients of a logistic regression.

    Written for standardised features z = (x - mean) / std they depend on the scaling; here they are in units of x
    (cleaned, shortened and winsorised), where w·z + b = Σ (w_j / std_j) x_j + b - Σ w_j mean_j / std_j. The map
    is linear, so sums and averages may be taken on either side of it.

    Where a feature is spread wider by now than when its weight was learnt, a standard deviation counts as much as it
    did then, and no more: a line that was learnt over a narrow range says nothing of far outside, and would be sure of
    it. Else nothing of what was learnt changes.

    Attributes
    ----------
    weights
        Shape [d].
    intercept
        Log-odds at x = 0.
    curvature
        AdaGrad's accumulated squared gradients, shape [d].
    centre, spread
        Means and standard deviations of the features they were learnt from, shape [d].
    """

    weights: Array
    intercept: float
    curvature: Array
    centre: Array
    spread: Array

    @classmethod
    def zeros(cls, width: int) -> Weights:
        """Of a classifier that has learnt nothing."""
        return cls(np.zeros(width), 0.0, np.zeros(width), np.zeros(width), np.zeros(width))

    @classmethod
    def of_standardised(cls, weights: Array, intercept: float, curvature: Array, scaling: Preprocessing) -> Weights:
        """From those of standardised features."""
        std = _spread(scaling)
        plain = weights / std
        intercept = float(intercept - (plain * scaling.mean).sum())
        return cls(plain, intercept, _held(curvature, std), scaling.mean, std)

    def standardised(self, scaling: Preprocessing) -> tuple[Array, float, Array]:
        """Weights, intercept and squared gradients for features standardised by `scaling`.

        Log-odds stay as they are at `centre`, and everywhere where no feature is spread wider. None is steeper than
        a thousand a standard deviation: where partitions have learnt from spreads that lie powers of ten apart, the
        mean of their weights would be sure beyond all sense.
        """
        std = _spread(scaling)
        narrow = np.where(self.spread > 0, np.minimum(self.spread, std), std)
        weights = self.weights * narrow
        intercept = self.intercept + (self.weights * self.centre).sum()
        intercept += (weights * (scaling.mean - self.centre) / std).sum()
        held = np.clip(weights, -_STEEPEST, _STEEPEST)
        return held, min(max(float(intercept), -_STEEPEST), _STEEPEST), _held(self.curvature, 1.0 / narrow)

    def plus(self, other: Weights, scale: float = 1.0) -> Weights:
        """Sum with `scale` times the other."""
        return Weights(
            self.weights + scale * other.weights,
            self.intercept + scale * other.intercept,
            self.curvature + scale * other.curvature,
            self.centre + scale * other.centre,
            self.spread + scale * other.spread,
        )

    def moved(self, start: Weights, end: Weights) -> Weights:
        """Moved by what lies between two others, and learnt where this was."""
        moved = self.plus(end).plus(start, -1.0)
        return Weights(moved.weights, moved.intercept, moved.curvature, self.centre, self.spread)

    def times(self, scale: float) -> Weights:
        """All of it scaled."""
        weights, intercept, curvature, centre, spread = self._parts
        return Weights(weights * scale, intercept * scale, curvature * scale, centre * scale, spread * scale)

    def to_list(self) -> list[object]:
        """Plain values; floats exact."""
        return [part if isinstance(part, float) else part.tolist() for part in self._parts]

    @classmethod
    def from_list(cls, values: list[Any]) -> Weights:
        """Reverse of `to_list`."""
        weights, intercept, *others = values
        return cls(_array(weights), float(intercept), *(_array(other) for other in others))

    @property
    def _parts(self) -> tuple[Array, float, Array, Array, Array]:
        return self.weights, self.intercept, self.curvature, self.centre, self.spread


def _array(values: list[float]) -> Array:
    return np.array(values, dtype=np.float64)


def _held(curvature: Array, factor: Array) -> Array:
    """Squared gradients of weights that are measured in `factor` times the unit."""
    with np.errstate(over="ignore"):
        found: Array = np.clip(curvature * factor**2, -_LARGEST, _LARGEST)
    return found


def _spread(scaling: Preprocessing) -> Array:
    return np.where(scaling.std > 0, scaling.std, 1.0)
