"""Clean: what cannot be true is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from stream.preprocessing.frozen import LARGEST, Array, Frozen
from stream.preprocessing.settings import CleanStep, Measured
from stream.preprocessing.transformer import Nothing, Step
from stream.rows import Name


@dataclass(frozen=True, eq=False)
class FrozenClean(Frozen):
    """`least` and `most` of each column, shape [d]; -1e150 and 1e150 where none are declared."""

    step: ClassVar[str] = "clean"
    least: Array
    most: Array

    @classmethod
    def between(cls, least: Sequence[float | None], most: Sequence[float | None]) -> Self:
        """For declared bounds, None where there is none."""
        lows = [-LARGEST if value is None else value for value in least]
        highs = [LARGEST if value is None else value for value in most]
        return cls(np.array(lows, dtype=np.float64), np.array(highs, dtype=np.float64))

    @classmethod
    def declared(cls, columns: Array, settings: CleanStep, features: Sequence[Measured]) -> Self:
        """From the features' bounds."""
        return cls.between([feature.least for feature in features], [feature.most for feature in features])

    def apply(self, columns: Array) -> Array:
        columns[np.isinf(columns)] = np.nan
        np.clip(columns, -LARGEST, LARGEST, out=columns)
        for place in np.flatnonzero((self.least > -LARGEST) | (self.most < LARGEST)).tolist():
            column = columns[place]
            column[(column < self.least[place]) | (column > self.most[place])] = np.nan
        return columns


class Clean(Step[Nothing]):
    """Infinities and impossible values become NaN, that is, missing; what is finite is at most 1e150 in size.

    It has nothing to learn. Repeated events are not its business: whoever folds events drops those whose message id
    has been seen.

    Parameters
    ----------
    least, most
        Values outside are impossible; None: there is no such bound.

    Examples
    --------
    >>> Clean(least=0).transform_one({"age": -1, "spend": 2.5, "visits": float("inf")})
    {'age': nan, 'spend': 2.5, 'visits': nan}
    """

    def __init__(self, least: float | None = None, most: float | None = None) -> None:
        self.least = least
        self.most = most
        self._begin(Nothing())

    def _freeze(self, names: Sequence[Name]) -> Frozen:
        return FrozenClean.between([self.least] * len(names), [self.most] * len(names))
