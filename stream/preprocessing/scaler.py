"""What min-max and standardise have in common: each column moved and stretched on its own."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import numpy as np

from stream.preprocessing.frozen import Array, Frozen


class Scaler(Frozen):
    """Columns become (x - origin) / spread; one without spread is `flat` throughout, and what is missing stays so."""

    flat: ClassVar[float]

    @property
    def origin(self) -> Array:
        """What becomes 0, shape [d]."""
        raise NotImplementedError

    @property
    def spread(self) -> Array:
        """What becomes 1 when it is added to the origin, shape [d]."""
        raise NotImplementedError

    def apply(self, columns: Array) -> Array:
        columns -= self.origin[:, None]
        columns /= self._span[:, None]
        still = self.spread == 0
        if still.any():
            columns[still] = np.where(np.isnan(columns[still]), np.nan, self.flat)
        return columns

    def inverse(self, columns: Array) -> Array:
        inner: Array = self.origin[:, None] + columns * self.spread[:, None]
        return inner

    def ahead(self, gradient: Array) -> Array:
        return gradient / self._span

    def back(self, difference: Array) -> Array:
        return difference * self._span

    @cached_property
    def _span(self) -> Array:
        return np.where(self.spread > 0, self.spread, 1.0)
