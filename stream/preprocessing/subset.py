"""Steps after which only some of the columns are left."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from stream.preprocessing.frozen import Array, Frozen, Places
from stream.rows import Name


@dataclass(frozen=True, eq=False)
class FrozenSubset(Frozen):
    """Columns `kept` of `width` columns: their places, ascending, shape [d']."""

    step: ClassVar[str] = "subset"
    dtypes: ClassVar[Mapping[str, type]] = {"kept": np.intp, "partner": np.intp}
    kept: Places
    width: int

    @classmethod
    def without(cls, dropped: Collection[Name], names: Sequence[Name]) -> FrozenSubset:
        """The columns called `names` but those dropped."""
        kept = [place for place, name in enumerate(names) if name not in dropped]
        return FrozenSubset(np.array(kept, dtype=np.intp), len(names))

    def names(self, names: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(names[place] for place in self.kept.tolist())

    def apply(self, columns: Array) -> Array:
        return columns[self.kept]

    def ahead(self, gradient: Array) -> Array:
        return self._scattered(gradient)

    def back(self, difference: Array) -> Array:
        return self._scattered(difference)

    def _scattered(self, values: Array) -> Array:
        out = np.zeros(self.width)
        out[self.kept] = values
        return out
