"""A ring of the last periods of event time: what is measured in a window, and how it has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, Self, TypeVar

from stream.durations import DAY


class Part(Protocol):
    """What a period holds: it begins empty, merges, and is stored."""

    def __init__(self) -> None: ...

    def merge(self, other: Self, /) -> Self: ...

    def pack(self) -> bytes: ...


P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True)
class Calendar:
    """How event time is cut into periods: period p is [p * length, (p + 1) * length) ms since 1970.

    All partitions cut alike, so that their periods merge exactly. The newest `count` periods are kept.
    """

    length: int = 7 * DAY
    count: int = 26


DEFAULT = Calendar()
"""Half a year of weeks."""


@dataclass(slots=True)
class Periods(Generic[P]):
    """Parts by period, the newest `calendar.count` of them.

    What has fallen out of one partition's ring has fallen out of any merged one too, since the newest period of all is
    no older than that of one: merging is exact, associative and commutative.
    """

    calendar: Calendar = DEFAULT
    parts: dict[int, P] = field(default_factory=dict)

    def period(self, time: int) -> int | None:
        """The period of an event time (ms); None when it has fallen out of the ring, or the time is before 1970."""
        period = time // self.calendar.length
        kept = not self.parts or period > max(self.parts) - self.calendar.count
        return period if period >= 0 and kept else None

    def put(self, period: int, part: P) -> None:
        """Begin a period; those that are too old are forgotten."""
        self.parts[period] = part
        self._cut()

    def merge(self, other: Periods[P]) -> Periods[P]:
        """A new ring of both together; of two that are cut otherwise, the finer one that holds something."""
        rings = [ring for ring in (self, other) if ring.parts] or [self, other]
        calendar = min((ring.calendar for ring in rings), key=lambda one: (one.length, one.count))
        merged: Periods[P] = Periods(calendar)
        for ring in rings:
            for period, part in ring.parts.items() if ring.calendar == calendar else ():
                known = merged.parts.get(period)
                merged.parts[period] = part.merge(type(part)()) if known is None else known.merge(part)
        merged._cut()
        return merged

    def under(self, calendar: Calendar) -> Periods[P]:
        """As it is under these settings: a ring that was cut otherwise begins anew."""
        return self if self.calendar == calendar else Periods(calendar)

    def weights(self, half_life: int) -> Mapping[int, float]:
        """Period, ascending -> how much it counts: half as much after `half_life` ms."""
        newest = max(self.parts, default=0)
        return {period: 2.0 ** (-(newest - period) * self.calendar.length / half_life) for period in sorted(self.parts)}

    def pack(self) -> tuple[int, int, list[tuple[int, bytes]]]:
        """As stored, to be packed on."""
        parts = [(period, part.pack()) for period, part in sorted(self.parts.items())]
        return self.calendar.length, self.calendar.count, parts

    def _cut(self) -> None:
        oldest = max(self.parts, default=0) - self.calendar.count
        for period in [period for period in self.parts if period <= oldest]:
            del self.parts[period]
