"""Standardise: in standard deviations from the mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from stream.preprocessing.frozen import Array, Frozen
from stream.preprocessing.scaler import Scaler
from stream.preprocessing.settings import Measured, StandardiseStep
from stream.preprocessing.states import Moments
from stream.preprocessing.statistics import moments
from stream.preprocessing.transformer import Step
from stream.rows import Name

_ROUNDING = 1e-12  # of the mean: a smaller deviation is that of a constant, summed with rounding
_NOTHING = 1e-9  # what a decaying count leaves behind is smaller than that, and swings by many powers of ten


@dataclass(frozen=True, eq=False)
class FrozenStandardise(Scaler):
    """`mean` and `std` of each column, shape [d]. A column without spread is 0 throughout.

    A deviation that rounding explains, or of less than 1e-9, is none: its `std` is 0.
    """

    step: ClassVar[str] = "standardise"
    flat: ClassVar[float] = 0.0
    mean: Array
    std: Array

    def __post_init__(self) -> None:
        none = self.std <= np.maximum(_ROUNDING * np.abs(self.mean), _NOTHING)
        object.__setattr__(self, "std", np.where(none, 0.0, self.std))
        super().__post_init__()

    @classmethod
    def fit(cls, columns: Array) -> Self:
        """From a sample, columns [d, n] without missing values."""
        both = [moments(np.sort(column)) if len(column) else (0.0, 0.0) for column in columns]
        return cls(*np.array(both, dtype=np.float64).reshape(len(columns), 2).T.copy())

    @classmethod
    def declared(cls, columns: Array, settings: StandardiseStep, features: Sequence[Measured]) -> Self:
        """From a sample, columns [d, n] without missing values."""
        return cls.fit(columns)

    @property
    def origin(self) -> Array:
        return self.mean

    @property
    def spread(self) -> Array:
        return self.std


class Standardise(Step[Moments]):
    """Each feature in standard deviations from its mean so far.

    Merging is exact to rounding (1e-9). A feature without spread is 0; what is missing stays so.

    Examples
    --------
    >>> scale = Standardise()
    >>> scale.learn_many([[2.0], [4.0]])
    >>> scale.transform_one({0: 5.0})
    {0: 2.0}
    """

    def __init__(self) -> None:
        self._begin(Moments())

    def _freeze(self, names: Sequence[Name]) -> Frozen:
        number, mean, squares = self._state.of(names)
        with np.errstate(invalid="ignore"):
            std = np.nan_to_num(np.sqrt(squares / number))
        return FrozenStandardise(np.nan_to_num(mean), std)
