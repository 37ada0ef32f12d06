"""Min-max: the known range becomes [0, 1]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from stream.preprocessing.frozen import Array, Frozen
from stream.preprocessing.scaler import Scaler
from stream.preprocessing.settings import Measured, MinMaxStep
from stream.preprocessing.states import Extremes
from stream.preprocessing.transformer import Step
from stream.rows import Name


@dataclass(frozen=True, eq=False)
class FrozenMinMax(Scaler):
    """The range `low` to `high` of each column, shape [d]. A column without spread is 0.5 throughout."""

    step: ClassVar[str] = "min_max"
    flat: ClassVar[float] = 0.5
    low: Array
    high: Array

    @classmethod
    def declared(cls, columns: Array, settings: MinMaxStep, features: Sequence[Measured]) -> Self:
        """From a sample, columns [d, n] without missing values."""
        if not columns.shape[1]:
            return cls(np.zeros(len(columns)), np.zeros(len(columns)))
        return cls(columns.min(axis=1), columns.max(axis=1))

    @property
    def origin(self) -> Array:
        return self.low

    @cached_property
    def spread(self) -> Array:
        return self.high - self.low

    def apply(self, columns: Array) -> Array:
        return super().apply(np.clip(columns, self.low[:, None], self.high[:, None], out=columns))


class MinMax(Step[Extremes]):
    """Each feature's range so far mapped to [0, 1]; values beyond it are held at its ends.

    Exact, and merges exactly. A feature without spread is 0.5; what is missing stays so. Winsorise first: one
    wild value would press all others together.

    Examples
    --------
    >>> scale = MinMax()
    >>> scale.learn_many([[2.0], [4.0]])
    >>> scale.transform_one({0: 2.5}), scale.transform_one({0: 9.0})
    ({0: 0.25}, {0: 1.0})
    """

    def __init__(self) -> None:
        self._begin(Extremes())

    def _freeze(self, names: Sequence[Name]) -> Frozen:
        low, high = np.nan_to_num(self._state.of(names))
        return FrozenMinMax(low, high)
