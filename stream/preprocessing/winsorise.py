"""Winsorise: no value beyond the bulk of all values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from stream.preprocessing.frozen import LARGEST, Array, Frozen
from stream.preprocessing.sample import RowSample
from stream.preprocessing.settings import Measured, WinsoriseStep
from stream.preprocessing.statistics import bounds, known
from stream.preprocessing.transformer import Step
from stream.rows import Name


@dataclass(frozen=True, eq=False)
class FrozenWinsorise(Frozen):
    """The range `low` to `high` that each column is held within, shape [d]."""

    step: ClassVar[str] = "winsorise"
    low: Array
    high: Array

    @classmethod
    def fit(cls, columns: Array, low: float, high: float) -> Self:
        """From a sample, columns [d, n]; a column without any value has no bounds."""
        lows, highs = np.full(len(columns), -LARGEST), np.full(len(columns), LARGEST)
        for place, column in enumerate(columns):
            if len(values := known(column)):
                lows[place], highs[place] = bounds(values, low, high)
        return cls(lows, highs)

    @classmethod
    def declared(cls, columns: Array, settings: WinsoriseStep, features: Sequence[Measured]) -> Self:
        """At the quantiles of the settings."""
        return cls.fit(columns, settings.low, settings.high)

    def apply(self, columns: Array) -> Array:
        return np.clip(columns, self.low[:, None], self.high[:, None], out=columns)


class Winsorise(Step[RowSample]):
    """Values held between two quantiles; what is missing stays so.

    At least one value on each side is taken for an outlier, however few there are. Quantiles are those of a uniform
    sample of rows (`RowSample`), which merges exactly: the standard error of p1 is 0.3 % in rank by default.

    Parameters
    ----------
    low, high
        The quantiles.
    sample
        Rows that the quantiles are taken of.

    Notes
    -----
    Scaling by the bare minimum and maximum is fragile: one value of 1e6 maps what was 0.9 to 9e-7. Winsorising
    first is from Tukey (1962), "The Future of Data Analysis".

    Examples
    --------
    >>> winsorise = Winsorise()
    >>> winsorise.learn_many([[x] for x in [*range(100), 1e6]])
    >>> winsorise.transform_one({0: 1e6}), winsorise.transform_one({0: 50})
    ({0: 99.0}, {0: 50.0})
    """

    def __init__(self, low: float = 0.01, high: float = 0.99, sample: int = 1_024) -> None:
        if not 0 <= low < 0.5 < high <= 1:
            raise ValueError("low must be within [0, 0.5), and high within (0.5, 1]")
        self.low = low
        self.high = high
        self.sample = sample
        self._begin(RowSample(sample))

    def _freeze(self, names: Sequence[Name]) -> Frozen:
        return FrozenWinsorise.fit(self._state.of(names).T, self.low, self.high)
