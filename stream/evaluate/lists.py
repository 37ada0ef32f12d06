"""How well lists have been made: what they would have hit, and what was shown, clicked and ordered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import msgpack

from stream.evaluate.periods import Calendar, Periods


@dataclass(slots=True)
class ListCounts:
    """Counts of recommendations, to be added up.

    Attributes
    ----------
    trials
        Orders for which a list could have been shown before.
    hits, popular_hits
        Trials in which the list, or the list of what is popular, held an item of the order.
    lists, items
        Impressions: lists shown, and items shown in them.
    clicked_lists, clicked_items
        Those of them that were clicked, each once at most.
    ordered_items
        Clicked items that were ordered within the attribution window of the click.
    viewed_orders
        Items ordered within the window of being shown, without a click.
    """

    trials: int = 0
    hits: int = 0
    popular_hits: int = 0
    lists: int = 0
    items: int = 0
    clicked_lists: int = 0
    clicked_items: int = 0
    ordered_items: int = 0
    viewed_orders: int = 0

    def merge(self, other: ListCounts) -> ListCounts:
        """New counts of both together."""
        return ListCounts(*(one + two for one, two in zip(self._counts(), other._counts(), strict=True)))

    def pack(self) -> bytes:
        """As stored."""
        packed: bytes = msgpack.packb(self._counts())
        return packed

    @classmethod
    def unpack(cls, packed: bytes) -> ListCounts:
        """Reverse of `pack`."""
        return cls(*msgpack.unpackb(packed))

    def add(self, **counts: int) -> None:
        """Add to counts by their names."""
        for name, count in counts.items():
            setattr(self, name, getattr(self, name) + count)

    def _counts(self) -> list[int]:
        return [getattr(self, name) for name in NAMES]


NAMES = tuple(one.name for one in fields(ListCounts))
"""Of the counts, in their order."""


@dataclass(slots=True)
class ListTally:
    """Counts of recommendations since the start and by period, to be changed in place.

    What becomes of an impression counts in the period in which it was shown, so that rates of a period are of the same
    impressions; clicks and orders may still come to it.

    Attributes
    ----------
    total
        Since the start.
    periods
        By period of event time.
    newest
        Event time (ms) of the newest impression; -1 for none.
    since
        Impressions from this event time on (ms) are in the periods: those that were counted before other settings
        began the periods anew are not, and so neither is what becomes of them.

    Examples
    --------
    >>> tally = ListTally()
    >>> tally.follow(0, lists=1, items=3)
    >>> tally.follow(0, clicked_lists=1, clicked_items=1)
    >>> share(tally.total.clicked_items, tally.total.items)
    0.3333333333333333
    """

    total: ListCounts = field(default_factory=ListCounts)
    periods: Periods[ListCounts] = field(default_factory=Periods)
    newest: int = -1
    since: int = 0

    def add(self, time: int, **counts: int) -> None:
        """Add to counts by their names, at an event time (ms)."""
        self.total.add(**counts)
        self._add(time, counts)

    def follow(self, shown: int, **counts: int) -> None:
        """Add to counts of impressions, and of what became of them, by the event time (ms) of the impression."""
        self.total.add(**counts)
        self.newest = max(self.newest, shown)
        if shown >= self.since:
            self._add(shown, counts)

    def _add(self, time: int, counts: Mapping[str, int]) -> None:
        period = self.periods.period(time)
        if period is not None:
            if period not in self.periods.parts:
                self.periods.put(period, ListCounts())
            self.periods.parts[period].add(**counts)

    def fading(self, half_life: int) -> dict[str, float]:
        """Count -> what the kept periods sum to, each counting half as much as one `half_life` ms later."""
        weights = self.periods.weights(half_life)
        parts = self.periods.parts
        return {
            name: sum(weight * getattr(parts[period], name) for period, weight in weights.items()) for name in NAMES
        }

    def merge(self, other: ListTally) -> ListTally:
        """A new tally of both together."""
        return ListTally(
            self.total.merge(other.total),
            self.periods.merge(other.periods),
            max(self.newest, other.newest),
            max(self.since, other.since),
        )

    def under(self, calendar: Calendar) -> ListTally:
        """The same under these settings: periods that were cut otherwise begin anew after the newest impression."""
        periods = self.periods.under(calendar)
        return self if periods is self.periods else ListTally(self.total, periods, self.newest, self.newest + 1)

    def pack(self) -> tuple[Any, ...]:
        """As stored, to be packed on."""
        return self.total.pack(), self.periods.pack(), self.newest, self.since

    @classmethod
    def unpack(cls, packed: Any) -> ListTally:
        """Reverse of `pack`."""
        total, (length, count, parts), newest, since = packed
        kept = {period: ListCounts.unpack(one) for period, one in parts}
        return cls(ListCounts.unpack(total), Periods(Calendar(length, count), kept), newest, since)


def share(part: float, whole: float) -> float | None:
    """A rate; None where there is nothing to divide by."""
    return part / whole if whole else None
