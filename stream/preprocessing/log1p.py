"""Log1p: long tails shortened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from stream.preprocessing.frozen import Array, Frozen
from stream.preprocessing.settings import Log1pStep, Measured
from stream.preprocessing.transformer import Nothing, Step
from stream.rows import Name


@dataclass(frozen=True, eq=False)
class FrozenLog1p(Frozen):
    """`flags` say which columns are shortened, shape [d] bool."""

    step: ClassVar[str] = "log1p"
    dtypes: ClassVar[Mapping[str, type]] = {"flags": np.bool_}
    flags: NDArray[np.bool_]

    @classmethod
    def declared(cls, columns: Array, settings: Log1pStep, features: Sequence[Measured]) -> Self:
        """The features that the step names, or that say so themselves."""
        chosen = settings.features
        flags = [feature.log if chosen is None else feature.name in chosen for feature in features]
        return cls(np.array(flags, dtype=np.bool_))

    def apply(self, columns: Array) -> Array:
        if self.flags.any():
            long = columns[self.flags]
            columns[self.flags] = np.sign(long) * np.log1p(np.abs(long))
        return columns

    def inverse(self, columns: Array) -> Array:
        columns = columns.copy()
        short = columns[self.flags]
        columns[self.flags] = np.sign(short) * np.expm1(np.abs(short))
        return columns


class Log1p(Step[Nothing]):
    """sign(x) · log(1 + |x|), for amounts and counts with a long tail; values below zero are shortened alike.

    It has nothing to learn.

    Parameters
    ----------
    features
        Names of the features that are shortened; None: all of them.

    Examples
    --------
    >>> Log1p(features=("spend",)).transform_one({"spend": -1.0, "share": 0.5})
    {'share': 0.5, 'spend': -0.6931471805599453}
    """

    def __init__(self, features: Sequence[Name] | None = None) -> None:
        self.features = features
        self._begin(Nothing())

    def _freeze(self, names: Sequence[Name]) -> Frozen:
        flags = [self.features is None or name in self.features for name in names]
        return FrozenLog1p(np.array(flags, dtype=np.bool_))
