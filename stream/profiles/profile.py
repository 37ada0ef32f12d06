"""What is remembered of one customer."""

from __future__ import annotations

from array import array
from typing import Any, NamedTuple

import msgpack
from datasketches import hll_sketch

from stream.evaluate.impressions import Impressions
from stream.features.accumulators import Slots
from stream.propensity.standing import Standing

RECENT = 100
"""Items remembered of a customer's orders, and as many of what was added and not ordered yet."""


class Bought(NamedTuple):
    """How often an item was ordered, and when first and last, in ms."""

    orders: int
    first: int
    last: int


_MODE, _SET, _SET_HEAD = 7, 1, 12  # of a packed HyperLogLog: the byte of its mode; a hash set, and the bytes before it


class Profile:
    """One customer: raw accumulators, recent items, and what was last said about them.

    Attributes
    ----------
    slots, sketches
        Accumulators of the declared features (see `stream.features.layout`).
    last
        Latest event time in ms; features are never read as of before it.
    due
        When the customer is looked at if no event comes before, in ms; 0 before the first event.
    touched
        Entries of the partition at the latest event: the order in which customers were last seen.
    bought
        Item -> its orders, the latest to come last, at most `RECENT`.
    added
        Item -> time of the last add, the latest to come last, at most `RECENT`.
    viewed
        Item -> time of the last view, as `added`; only where `recommend.exclude_viewed` asks for it.
    segment
        Id of the current segment, or "" before the first assignment.
    moved, entered
        When it came into that segment, in ms, and with which features (float64, in their own units).
    standings
        Target -> how the customer stands with it, from the first scoring on.
    listed
        When it was last looked at what to list, in ms; 0: never.
    impressions
        Recommendations that the customer was shown.
    """

    __slots__ = (
        "added",
        "bought",
        "customer",
        "due",
        "entered",
        "impressions",
        "last",
        "listed",
        "moved",
        "segment",
        "sketches",
        "slots",
        "standings",
        "touched",
        "viewed",
    )

    def __init__(self, customer: str, slots: Slots[float], sketches: list[hll_sketch]) -> None:
        self.customer = customer
        self.slots = slots
        self.sketches = sketches
        self.last = 0
        self.due = 0
        self.touched = 0
        self.segment = ""
        self.moved = 0
        self.entered = b""
        self.standings: dict[str, Standing] = {}
        self.listed = 0
        self.bought: dict[str, Bought] = {}
        self.added: dict[str, int] = {}
        self.viewed: dict[str, int] = {}
        self.impressions = Impressions()

    def remember_added(self, item: str, time: int) -> None:
        """Note an add to the basket."""
        _renew(self.added, item, max(time, self.added.get(item, time)))

    def remember_viewed(self, item: str, time: int) -> None:
        """Note a view."""
        _renew(self.viewed, item, max(time, self.viewed.get(item, time)))

    def remember_bought(self, item: str, time: int) -> None:
        """Note an order; what was ordered is no longer waiting in the basket."""
        self.added.pop(item, None)
        known = self.bought.get(item, Bought(0, time, time))
        _renew(self.bought, item, Bought(known.orders + 1, min(known.first, time), max(known.last, time)))

    def pack(self) -> bytes:
        """As stored."""
        packed: bytes = msgpack.packb(
            (
                self.slots.tobytes(),
                [_canonical(sketch.serialize_compact()) for sketch in self.sketches],
                self.last,
                self.due,
                self.touched,
                self.segment,
                self.moved,
                self.entered,
                {target: standing.to_list() for target, standing in sorted(self.standings.items())},
                self.listed,
                [(item, one.orders, one.last, one.last - one.first) for item, one in self.bought.items()],
                list(self.added.items()),
                self.impressions.pack(),
                list(self.viewed.items()),
            )
        )
        return packed

    @classmethod
    def unpack(cls, customer: str, packed: bytes) -> Profile:
        """Reverse of `pack`."""
        slots, sketches, last, due, touched, segment, moved, entered, *rest = msgpack.unpackb(packed)
        standings, listed, bought, added, impressions, viewed = rest
        profile = cls(customer, array("d", slots), [hll_sketch.deserialize(sketch) for sketch in sketches])
        profile.last, profile.due, profile.touched, profile.listed = last, due, touched, listed
        profile.segment, profile.moved, profile.entered = segment, moved, entered
        profile.bought = {item: Bought(orders, last - span, last) for item, orders, last, span in bought}
        profile.added, profile.viewed = dict(added), dict(viewed)
        profile.impressions = Impressions.unpack(impressions, listed)
        profile.standings = {target: Standing.from_list(values) for target, values in standings.items()}
        return profile


def _canonical(sketch: bytes) -> bytes:
    """The same bytes for the same sketch, loaded or not: a small one's hashes lie as they came, so they are sorted."""
    if sketch[_MODE] & 3 != _SET:
        return sketch
    return sketch[:_SET_HEAD] + array("I", sorted(array("I", sketch[_SET_HEAD:]))).tobytes()


def _renew(items: dict[str, Any], item: str, value: Any) -> None:
    items.pop(item, None)
    items[item] = value
    if len(items) > RECENT:
        del items[next(iter(items))]
