"""Which items are ordered together: a partition's decayed counts, each item's neighbours bounded."""

from __future__ import annotations

import math
import struct
import sys
from array import array
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

import msgpack
import xxhash

from stream.config import RecommendConfig

BLOCK = 256
"""Half-lives in a block: within one, weights grow from 1 to 2^256; between blocks they shift by exact powers of two."""

ADD_WEIGHT = 0.2
"""An add to the basket, beside an order's 1, in an item's popularity."""


_HEAD = struct.Struct("<qqddd")


class Head(NamedTuple):
    """What is known of an item without its neighbours; see `ItemRow`."""

    block: int
    last: int
    weight: float
    mass: float


class ItemRow:
    """Counts of one item, in units of the weight at the start of `block`.

    Attributes
    ----------
    block
        The block of 256 half-lives that weights are relative to.
    last
        Time (ms) of the latest event.
    weight
        Decayed orders and adds: its popularity.
    mass
        Decayed orders, each as heavy as its pairs: what similarities are normalised by.
    floor
        Weight that a newcomer starts from: the largest that was dropped.
    neighbours
        Item -> decayed weight of the orders that held both.
    """

    __slots__ = ("block", "floor", "last", "mass", "neighbours", "weight")

    def __init__(self, block: int) -> None:
        self.block = block
        self.last = 0
        self.weight = 0.0
        self.mass = 0.0
        self.floor = 0.0
        self.neighbours: dict[str, float] = {}

    def advance(self, block: int) -> None:
        """Count from the start of a later block."""
        shift = 2.0 ** max(BLOCK * (self.block - block), -1074)
        self.block = block
        self.weight *= shift
        self.mass *= shift
        self.floor *= shift
        self.neighbours = {item: weight * shift for item, weight in self.neighbours.items()}

    def pack(self) -> bytes:
        """As stored; floats exact, neighbours in the order they came."""
        head = _HEAD.pack(self.block, self.last, self.weight, self.mass, self.floor)
        names: bytes = msgpack.packb(list(self.neighbours))
        return b"".join((head, names, array("d", self.neighbours.values()).tobytes()))

    @staticmethod
    def head(packed: bytes) -> Head:
        """The item's own counts of a packed row, without unpacking the rest."""
        return Head(*_HEAD.unpack_from(packed)[:4])

    @classmethod
    def unpack(cls, packed: bytes) -> ItemRow:
        """Reverse of `pack`."""
        block, last, weight, mass, floor = _HEAD.unpack_from(packed)
        row = cls(block)
        row.last, row.weight, row.mass, row.floor = last, weight, mass, floor
        unpacker = msgpack.Unpacker(None)
        unpacker.feed(packed[_HEAD.size :])
        names: list[str] = unpacker.unpack()
        weights = array("d", packed[len(packed) - 8 * len(names) :])
        row.neighbours = dict(zip(map(sys.intern, names), weights, strict=True))
        return row


class ItemCounts:
    """Counts of all items of a partition.

    Weights grow as 2^(t / half-life), so that nothing is ever swept and a late event counts at its own time. A pair
    in an order of n items weighs 1 / log2(2 + n): a long order says less about each of its pairs. An item keeps
    `config.neighbours` others; when it has twice as many the lightest go, and a newcomer starts from the weight of
    the heaviest that went, so that it can rise (plain trimming would starve it).

    Notes
    -----
    Sources: Cormode et al., Forward Decay (2009); Metwally et al., Space-Saving (2005), for newcomers; Huang et al.,
    TencentRec (2015), for incremental item neighbours.
    """

    def __init__(self, config: RecommendConfig) -> None:
        self._half_life = config.half_life
        self._span = config.half_life * BLOCK
        self._cap = config.neighbours
        self._pairs = config.pair_items
        self._rows: dict[str, ItemRow] = {}
        self._changed: set[str] = set()

    def items(self) -> Iterable[str]:
        """Names of the items counted."""
        return self._rows.keys()

    def learn_add(self, item: str, time: int) -> None:
        """An item was put into a basket."""
        row, weight = self._touch(item, time)
        row.weight += ADD_WEIGHT * weight

    def learn_order(self, items: Sequence[str], time: int) -> None:
        """Items were ordered together; repeats of an item count once.

        More than `config.pair_items` distinct items are sampled, by a hash of item and time, and only the sample
        is paired: an order of 10,000 items costs no more than one of 100.
        """
        distinct = [sys.intern(item) for item in dict.fromkeys(items)]
        for item in distinct:
            row, weight = self._touch(item, time)
            row.weight += weight
        if len(distinct) < 2:
            return
        share = 1.0 / math.log2(2 + len(distinct))
        if len(distinct) > self._pairs:
            distinct = sorted(distinct, key=lambda item: xxhash.xxh3_64_intdigest(f"{time}\0{item}".encode()))[
                : self._pairs
            ]
        limit = 2 * self._cap
        for item in distinct:
            row, weight = self._touch(item, time)
            weight *= share
            row.mass += weight
            neighbours, floor = row.neighbours, row.floor
            get = neighbours.get
            for other in distinct:
                if other is not item:
                    neighbours[other] = get(other, floor) + weight
            if len(neighbours) > limit:
                self._prune(row)

    def drain_changed(self) -> set[str]:
        """Items that changed since the last call."""
        changed, self._changed = self._changed, set()
        return changed

    def pack_item(self, name: str) -> bytes:
        """One item's counts, as stored."""
        return self._rows[name].pack()

    def load_item(self, name: str, packed: bytes) -> None:
        """Take an item's counts from the store."""
        self._rows[sys.intern(name)] = ItemRow.unpack(packed)

    def _touch(self, item: str, time: int) -> tuple[ItemRow, float]:
        """The item's row, and the weight of `time` in its units."""
        block = time // self._span
        row = self._rows.get(item)
        if row is None:
            row = self._rows[sys.intern(item)] = ItemRow(block)
        elif block > row.block:
            row.advance(block)
        self._changed.add(item)
        if time > row.last:
            row.last = time
        return row, 2.0 ** ((time - row.block * self._span) / self._half_life)

    def _prune(self, row: ItemRow) -> None:
        # Of equal weights the earlier comer stays: the order of a dict is part of the state, and is stored.
        ranked = sorted(row.neighbours.items(), key=itemgetter(1), reverse=True)
        row.floor = ranked[self._cap][1]
        row.neighbours = dict(ranked[: self._cap])
