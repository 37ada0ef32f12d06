"""What every frozen step can do: the numbers of one step of preprocessing, learnt once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Places = NDArray[np.intp]

LARGEST = 1e150
"""Numbers are held within this, so that squares and differences stay finite."""


@dataclass(frozen=True, eq=False)
class Frozen:
    """One step over columns [d, n], contiguous and one feature each.

    Columns and not rows, because numpy's vector code for functions such as log1p and its plain code differ in the
    last bit: with contiguous columns a value's result never depends on the values beside it.
    """

    step: ClassVar[str]
    dtypes: ClassVar[Mapping[str, type]] = {}
    """Of the arrays that are not of floats."""

    def __post_init__(self) -> None:
        for array in vars(self).values():
            if isinstance(array, np.ndarray):
                array.flags.writeable = False

    def names(self, names: Sequence[Any]) -> tuple[Any, ...]:
        """What the columns that come out are called."""
        return tuple(names)

    def apply(self, columns: Array) -> Array:
        """Columns [d, n] through this step; may write into its argument."""
        raise NotImplementedError

    def inverse(self, columns: Array) -> Array:
        """Columns that came out, as they went in, as far as that can be told; never writes into its argument."""
        return columns

    def ahead(self, gradient: Array) -> Array:
        """A gradient by what came out, shape [d'], as one by what went in, shape [d]."""
        return gradient

    def back(self, difference: Array) -> Array:
        """A difference of two columns that came out, shape [d'], as one of some that went in, shape [d]."""
        return difference

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON or msgpack; floats exact."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        plain = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()}
        return {"step": self.step, **plain}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Reverse of `to_dict`."""
        return cls(
            **{
                field.name: np.array(value, dtype=cls.dtypes.get(field.name, np.float64))
                if isinstance(value := values[field.name], list)
                else value
                for field in fields(cls)
            }
        )


def as_columns(rows: Array) -> Array:
    """A copy of rows [n, d] as contiguous columns [d, n]."""
    return np.array(rows.T, dtype=np.float64, order="C")
