"""What a feature needs remembered: numbers in a customer's flat row of float64 slots.

An accumulator owns some slots. `add` writes one event into a customer's slots; `read` turns the same slots of
many customers, at a time each, into one column. Reads are elementwise, so a row's value never depends on the
other rows. Times are ms; 0 in a time slot means "never".
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
Matrix = NDArray[np.float64]
Slots = array  # array("d")


class Accumulator(Protocol):
    """Slots of one remembered quantity."""

    at: int

    @property
    def width(self) -> int:
        """How many slots it takes."""

    def add(self, slots: Slots[float], time: int, amount: float) -> None:
        """Write one event."""

    def read(self, rows: Matrix, times: Column) -> Column:
        """The quantity for each row at its time (rows [n, slots], times [n])."""


@dataclass(slots=True)
class Total:
    """A sum over all time."""

    at: int
    width: ClassVar[int] = 1

    def add(self, slots: Slots[float], time: int, amount: float) -> None:
        slots[self.at] += amount

    def read(self, rows: Matrix, times: Column) -> Column:
        return rows[:, self.at].copy()


@dataclass(slots=True)
class Decayed:
    """A sum whose terms halve every `half_life` ms, by forward decay.

    Terms are written with weights that grow as 2^(t / half_life), so that a late event counts at its own time
    and nothing is ever swept. The exponent is kept small by counting from the start of a block of 256
    half-lives; moving to a later block multiplies by an exact power of two.

    Source: Cormode, Shkapenyuk, Srivastava, Xu: Forward Decay (ICDE 2009).
    """

    at: int
    half_life: int
    width: ClassVar[int] = 2  # block, sum in units of the block's start

    BLOCK: ClassVar[int] = 256

    def add(self, slots: Slots[float], time: int, amount: float) -> None:
        span = self.half_life * self.BLOCK
        block = time // span
        at = self.at
        behind = block - slots[at]
        if behind > 0:
            slots[at + 1] *= 2.0 ** max(-self.BLOCK * behind, -1074.0)
            slots[at] = block
            behind = 0
        slots[at + 1] += amount * 2.0 ** ((time - block * span) / self.half_life + self.BLOCK * behind)

    def read(self, rows: Matrix, times: Column) -> Column:
        start = rows[:, self.at] * float(self.half_life * self.BLOCK)
        return rows[:, self.at + 1] * np.exp2((start - times) / self.half_life)


@dataclass(slots=True)
class Windowed:
    """A sum over the last `buckets` whole event-time buckets, the current one included."""

    at: int
    window: int
    buckets: int

    @property
    def width(self) -> int:
        return 1 + self.buckets  # newest bucket, then a ring

    def add(self, slots: Slots[float], time: int, amount: float) -> None:
        bucket = time * self.buckets // self.window
        at, ring = self.at, self.at + 1
        newest = int(slots[at])
        if bucket > newest:
            for gone in range(max(newest + 1, bucket - self.buckets + 1), bucket + 1):
                slots[ring + gone % self.buckets] = 0.0
            slots[at] = bucket
        elif bucket <= newest - self.buckets:
            return
        slots[ring + bucket % self.buckets] += amount

    def read(self, rows: Matrix, times: Column) -> Column:
        newest = rows[:, self.at]
        now = np.floor(times * self.buckets / self.window)
        total = np.zeros(len(rows))
        for place in range(self.buckets):
            age = np.mod(newest - place, self.buckets)  # the ring place holds bucket newest - age
            total += np.where(newest - age > now - self.buckets, rows[:, self.at + 1 + place], 0.0)
        return total


@dataclass(slots=True)
class Last:
    """The latest time."""

    at: int
    width: ClassVar[int] = 1

    def add(self, slots: Slots[float], time: int, amount: float) -> None:
        if time > slots[self.at]:
            slots[self.at] = time

    def read(self, rows: Matrix, times: Column) -> Column:
        column = rows[:, self.at]
        return np.where(column > 0, column, np.nan)


@dataclass(slots=True)
class First:
    """The earliest time."""

    at: int
    width: ClassVar[int] = 1

    def add(self, slots: Slots[float], time: int, amount: float) -> None:
        known = slots[self.at]
        if known == 0 or time < known:
            slots[self.at] = time

    def read(self, rows: Matrix, times: Column) -> Column:
        column = rows[:, self.at]
        return np.where(column > 0, column, np.nan)


@dataclass(slots=True)
class Latest:
    """The value last given, such as a trait: the slot before it holds when."""

    at: int
    width: ClassVar[int] = 2

    def add(self, slots: Slots[float], time: int, amount: float) -> None:
        if time >= slots[self.at]:
            slots[self.at] = time
            slots[self.at + 1] = amount

    def read(self, rows: Matrix, times: Column) -> Column:
        return np.where(rows[:, self.at] > 0, rows[:, self.at + 1], np.nan)
