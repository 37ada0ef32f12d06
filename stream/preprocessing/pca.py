"""Principal components: correlated features turned into fewer that are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from stream.preprocessing.frozen import Array, Frozen
from stream.preprocessing.standardise import FrozenStandardise
from stream.preprocessing.statistics import correlations, in_order

_NOTHING = 1e-9  # of the variance: rounding


@dataclass(frozen=True, eq=False)
class FrozenPca(Frozen):
    """The leading principal components of the standardised columns; a missing value counts as the mean.

    Attributes
    ----------
    mean, std
        What columns are standardised by, shape [d].
    loadings
        Orthonormal rows, shape [components, d]; the largest entry of each is positive.
    explained
        Share of the standardised columns' variance that each component keeps, shape [components].
    """

    step: ClassVar[str] = "pca"
    mean: Array
    std: Array
    loadings: Array
    explained: Array

    @classmethod
    def fit(cls, columns: Array, variance: float) -> Self:
        """From a sample, columns [d, n]: the fewest components that keep this share of the variance, at least one."""
        scale = FrozenStandardise.fit(columns)
        values, vectors = np.linalg.eigh(correlations(scale.apply(in_order(columns)).T))
        values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1].T
        total = max(float(values.sum()), _NOTHING)
        needed = int(np.searchsorted(np.cumsum(values), (variance - _NOTHING) * total)) + 1
        count = max(min(needed, int((values > _NOTHING * total).sum())), 1)
        loadings = vectors[:count] * np.sign(vectors[np.arange(count), np.abs(vectors[:count]).argmax(axis=1)])[:, None]
        return cls(scale.mean, scale.std, np.ascontiguousarray(loadings), values[:count] / total)

    def names(self, names: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(f"component_{number}" for number in range(1, len(self.loadings) + 1))

    def apply(self, columns: Array) -> Array:
        standard = FrozenStandardise(self.mean, self.std).apply(columns)
        np.copyto(standard, 0.0, where=np.isnan(standard))
        return _summed(self.loadings, standard)

    def inverse(self, columns: Array) -> Array:
        return FrozenStandardise(self.mean, self.std).inverse(_summed(self.loadings.T, columns))

    def ahead(self, gradient: Array) -> Array:
        return _summed(self.loadings.T, gradient[:, None])[:, 0] / np.where(self.std > 0, self.std, 1.0)

    def back(self, difference: Array) -> Array:
        return _summed(self.loadings.T, difference[:, None])[:, 0] * np.where(self.std > 0, self.std, 1.0)


def _summed(weights: Array, columns: Array) -> Array:
    """Weighted sums of columns [d, n], shape [rows of weights, n]; term by term, so that no column sees another."""
    out = np.zeros((len(weights), columns.shape[1]))
    for total, row in zip(out, weights.tolist(), strict=True):
        for weight, column in zip(row, columns, strict=True):
            total += weight * column
    return out
