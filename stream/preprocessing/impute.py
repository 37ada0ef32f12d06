"""Impute: something stands in for what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np

from stream.preprocessing.frozen import Array, Frozen
from stream.preprocessing.sample import RowSample
from stream.preprocessing.settings import ImputeStep, Measured
from stream.preprocessing.states import Moments
from stream.preprocessing.statistics import known, median, moments
from stream.preprocessing.transformer import Nothing, Step
from stream.rows import Name

Strategy = Literal["median", "mean", "constant"]


@dataclass(frozen=True, eq=False)
class FrozenImpute(Frozen):
    """`fill` stands in for a missing value, shape [d]."""

    step: ClassVar[str] = "impute"
    fill: Array

    @classmethod
    def fit(cls, columns: Array, strategy: Strategy, value: float) -> Self:
        """From a sample, columns [d, n]; 0 where a column has no value at all."""
        fill = np.full(len(columns), value if strategy == "constant" else 0.0)
        if strategy != "constant":
            for place, column in enumerate(columns):
                if len(values := known(column)):
                    fill[place] = median(values) if strategy == "median" else moments(values)[0]
        return cls(fill)

    @classmethod
    def declared(cls, columns: Array, settings: ImputeStep, features: Sequence[Measured]) -> Self:
        """What features declare as `missing` wins."""
        fill = cls.fit(columns, settings.strategy, settings.value).fill.copy()
        for place, feature in enumerate(features):
            if feature.missing is not None:
                fill[place] = feature.missing
        return cls(fill)

    def apply(self, columns: Array) -> Array:
        np.copyto(columns, self.fill[:, None], where=np.isnan(columns))
        return columns


class Impute(Step[RowSample | Moments | Nothing]):
    """The median, the mean or a constant in the place of values that are None, NaN, or absent though once seen.

    The mean is exact to rounding. The median is that of a uniform sample of rows (`RowSample`): its standard error is
    0.5 / √sample in rank, 1.6 % by default.

    Parameters
    ----------
    strategy
        "median", "mean" or "constant".
    value
        The constant.
    sample
        Rows that the median is taken of.

    Examples
    --------
    >>> impute = Impute()
    >>> impute.learn_many([[1.0, 5.0], [2.0, float("nan")], [9.0, 5.0]])
    >>> impute.transform_one({0: None})
    {0: 2.0, 1: 5.0}
    """

    def __init__(self, strategy: Strategy = "median", value: float = 0.0, sample: int = 1_024) -> None:
        if strategy not in ("median", "mean", "constant"):
            raise ValueError(f"there is no strategy {strategy!r}: use median, mean or constant")
        self.strategy = strategy
        self.value = value
        self.sample = sample
        self._begin(RowSample(sample) if strategy == "median" else Moments() if strategy == "mean" else Nothing())

    def _transform(self, names: Sequence[Name], values: Array) -> tuple[Sequence[Name], Array]:
        absent = [name for name in self._state.names if name not in set(names)]
        values = np.column_stack([values, np.full((len(values), len(absent)), np.nan)])
        return super()._transform([*names, *absent], values)

    def _freeze(self, names: Sequence[Name]) -> Frozen:
        state = self._state
        if isinstance(state, Moments):
            return FrozenImpute(np.nan_to_num(state.of(names)[1]))
        sampled = state.of(names).T if isinstance(state, RowSample) else np.empty((len(names), 0))
        return FrozenImpute.fit(sampled, self.strategy, self.value)
