"""Decorrelate: what is said twice counts once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np

from stream.preprocessing.frozen import Array, Frozen, Places, as_columns
from stream.preprocessing.impute import FrozenImpute
from stream.preprocessing.pca import FrozenPca
from stream.preprocessing.sample import RowSample
from stream.preprocessing.settings import DecorrelateStep, Measured
from stream.preprocessing.standardise import FrozenStandardise
from stream.preprocessing.statistics import correlations, in_order
from stream.preprocessing.subset import FrozenSubset
from stream.preprocessing.transformer import Step
from stream.rows import Name, aligned


@dataclass(frozen=True, eq=False)
class FrozenDecorrelate(FrozenSubset):
    """Columns that stay, and what the others can be told by.

    Attributes
    ----------
    partner
        For each column the place, among those that stay, of the one it goes with, shape [d].
    slope, intercept
        Of the line by which `inverse` tells a column from its partner, shape [d]; 1 and 0 where it stays itself.
    """

    step: ClassVar[str] = "decorrelate"
    partner: Places
    slope: Array
    intercept: Array

    @classmethod
    def fit(cls, columns: Array, above: float) -> Self:
        """From a sample, columns [d, n]: of each pair correlated more than `above`, the later one goes."""
        scale = FrozenStandardise.fit(columns)
        matrix = correlations(scale.apply(in_order(columns)).T)
        kept: list[int] = []
        partner, slope, intercept = np.zeros(len(columns), dtype=np.intp), np.ones(len(columns)), scale.mean * 0.0
        for place in range(len(columns)):
            sizes = np.abs(matrix[place, kept])
            if not len(kept) or sizes.max() <= above:
                partner[place] = len(kept)
                kept.append(place)
                continue
            partner[place] = sizes.argmax()
            other = kept[int(sizes.argmax())]
            slope[place] = matrix[place, other] * scale.std[place] / scale.std[other]
            intercept[place] = scale.mean[place] - slope[place] * scale.mean[other]
        return cls(np.array(kept, dtype=np.intp), len(columns), partner, slope, intercept)

    @staticmethod
    def declared(columns: Array, settings: DecorrelateStep, features: Sequence[Measured]) -> Frozen:
        """By the method of the settings."""
        if settings.method == "pca":
            return FrozenPca.fit(columns, settings.variance)
        return FrozenDecorrelate.fit(columns, settings.above)

    def inverse(self, columns: Array) -> Array:
        out: Array = columns[self.partner] * self.slope[:, None] + self.intercept[:, None]
        return out


class Decorrelate(Step[RowSample]):
    """Of features that say the same, one; or all of them as principal components.

    Correlations are those of a uniform sample of rows (`RowSample`), which merges exactly. A missing value counts as
    the mean there.

    Parameters
    ----------
    method
        "drop": of each pair, the feature that is later by name goes. "pca": features become `component_1`, ….
    above
        For "drop": the correlation, of either sign, above which two features say the same.
    variance
        For "pca": the share of the standardised features' variance that the components keep.
    sample
        Rows that correlations are taken of.

    Examples
    --------
    >>> rows = [{"age": float(n % 7), "pence": 100.0 * n, "pounds": float(n)} for n in range(50)]
    >>> drop, turn = Decorrelate(), Decorrelate(method="pca")
    >>> for row in rows:
    ...     drop.learn_one(row)
    ...     turn.learn_one(row)
    >>> drop.transform_one(rows[3])
    {'age': 3.0, 'pence': 300.0}
    >>> sorted(turn.transform_one(rows[3]))
    ['component_1', 'component_2']
    """

    def __init__(
        self,
        method: Literal["drop", "pca"] = "drop",
        above: float = 0.9,
        variance: float = 0.95,
        sample: int = 1_024,
    ) -> None:
        if method not in ("drop", "pca"):
            raise ValueError(f"there is no method {method!r}: use drop or pca")
        self.method = method
        self.above = above
        self.variance = variance
        self.sample = sample
        self._begin(RowSample(sample))

    def _transform(self, names: Sequence[Name], values: Array) -> tuple[Sequence[Name], Array]:
        if self.method == "pca":  # components need all features: those that are absent count as their means
            values, names = aligned(values, names, self._state.names), self._state.names
        return super()._transform(names, values)

    def _freeze(self, names: Sequence[Name]) -> Frozen:
        known = self._state.names
        if not known:
            return FrozenSubset.without((), names)
        columns = as_columns(self._state.of(known))
        columns = FrozenImpute.fit(columns, "mean", 0.0).apply(columns)
        if self.method == "pca":
            return FrozenPca.fit(columns, self.variance)
        kept = FrozenDecorrelate.fit(columns, self.above).kept.tolist()
        return FrozenSubset.without([name for place, name in enumerate(known) if place not in kept], names)
