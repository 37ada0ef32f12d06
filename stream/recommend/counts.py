"""Which items are ordered together: a partition's decayed counts, each item's neighbours bounded."""

from __future__ import annotations

import math
import struct
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import xxhash
from numpy.typing import NDArray

from stream.config import RecommendConfig

BLOCK = 256
"""Half-lives in a block: within one, weights grow from 1 to 2^256; between blocks they shift by exact powers of two."""

ADD_WEIGHT = 0.2
"""An add to the basket, beside an order's 1, in an item's popularity."""

OPEN = 1_000
"""Items of which rows are held open between batches, those touched last; the others lie packed, much smaller."""

_HEAD = struct.Struct("<Iiqddd")


class Head(NamedTuple):
    """What is known of an item without its neighbours; see `ItemRow`."""

    number: int
    block: int
    last: int
    weight: float
    mass: float
    floor: float


class ItemRow:
    """Counts of one item, in units of the weight at the start of `block`.

    Attributes
    ----------
    number
        The item's place among all that its partition has ever counted, in order of appearance.
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
        Number of another item -> decayed weight of the orders that held both; the item may no longer be counted.
    """

    __slots__ = ("block", "floor", "last", "mass", "neighbours", "number", "weight")

    def __init__(self, number: int, block: int) -> None:
        self.number = number
        self.block = block
        self.last = 0
        self.weight = 0.0
        self.mass = 0.0
        self.floor = 0.0
        self.neighbours: dict[int, float] = {}

    def advance(self, block: int) -> None:
        """Count from the start of a later block."""
        shift = 2.0 ** max(BLOCK * (self.block - block), -1074)
        self.block = block
        self.weight *= shift
        self.mass *= shift
        self.floor *= shift
        self.neighbours = {item: weight * shift for item, weight in self.neighbours.items()}

    def pack(self) -> bytes:
        """As stored: 12 bytes a neighbour, in the order they came; floats exact."""
        head = _HEAD.pack(self.number, self.block, self.last, self.weight, self.mass, self.floor)
        count = len(self.neighbours)
        return head + struct.pack(f"<{count}I{count}d", *self.neighbours, *self.neighbours.values())

    @staticmethod
    def head(packed: bytes) -> Head:
        """The item's own counts of a packed row."""
        return Head(*_HEAD.unpack_from(packed))

    @staticmethod
    def pairs(packed: bytes) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
        """Neighbours of a packed row: their numbers and weights, shape [n] each."""
        count = (len(packed) - _HEAD.size) // 12
        others = np.frombuffer(packed, np.uint32, count, _HEAD.size)
        return others, np.frombuffer(packed, np.float64, count, _HEAD.size + 4 * count)

    @classmethod
    def unpack(cls, packed: bytes) -> ItemRow:
        """Reverse of `pack`."""
        number, block, last, weight, mass, floor = _HEAD.unpack_from(packed)
        if (len(packed) - _HEAD.size) % 12:
            raise ValueError("it is cut short")
        row = cls(number, block)
        row.last, row.weight, row.mass, row.floor = last, weight, mass, floor
        others, weights = cls.pairs(packed)
        row.neighbours = dict(zip(others.tolist(), weights.tolist(), strict=True))
        return row


class ItemCounts:
    """Counts of all items of a partition.

    Weights grow as 2^(t / half-life), so that nothing is ever swept and a late event counts at its own time. A pair
    in an order of n items weighs 1 / log2(2 + n): a long order says less about each of its pairs. An item keeps
    `config.neighbours` others; when it has twice as many the lightest go, and a newcomer starts from the weight of
    the heaviest that went, so that it can rise (plain trimming would starve it).

    `config.counted_items` items are kept. When there are a quarter more the lightest go (by decayed orders and adds; of
    equal ones who was seen longest ago, then the later comer). A newcomer starts from nothing and is weighed only when
    that many others have come, so none is counted too high, and what sells now displaces what sold once.

    Parameters
    ----------
    config
        Engine settings of recommendations.
    held_open
        Items of which rows are held open when the changes have been drained; what is counted does not depend on it.

    Notes
    -----
    Sources: Cormode et al., Forward Decay (2009); Metwally et al., Space-Saving (2005), for new neighbours; Manku and
    Motwani, Lossy Counting (2002), for items; Huang et al., TencentRec (2015), for incremental item neighbours.
    """

    def __init__(self, config: RecommendConfig, held_open: int = OPEN) -> None:
        self._held_open = held_open
        self._half_life = config.half_life
        self._span = config.half_life * BLOCK
        self._cap = config.neighbours
        self._pairs = config.pair_items
        self._most = config.counted_items
        self._next = 0  # the next newcomer's number
        self._open: OrderedDict[str, ItemRow] = OrderedDict()  # the least recently touched first
        self._resting: dict[str, bytes] = {}  # packed rows of the other items
        self._changed: set[str] = set()

    def items(self) -> Iterable[str]:
        """Names of the items counted."""
        return self._open.keys() | self._resting.keys()

    def learn_add(self, item: str, time: int) -> None:
        """An item was put into a basket."""
        row, weight = self._touch(item, time)
        row.weight += ADD_WEIGHT * weight
        self._forget()

    def learn_order(self, items: Sequence[str], time: int) -> None:
        """Items were ordered together; repeats of an item count once.

        Of more than `config.pair_items` distinct items a sample is paired, drawn by a hash of item and time: an order
        of 10,000 items makes no more pairs than one of `pair_items`, and wholesalers do not drown everyone else.
        """
        distinct = list(dict.fromkeys(items))
        for item in distinct:
            row, weight = self._touch(item, time)
            row.weight += weight
        if len(distinct) > 1:
            self._pair(distinct, time)
        self._forget()

    def _pair(self, distinct: list[str], time: int) -> None:
        share = 1.0 / math.log2(2 + len(distinct))
        if len(distinct) > self._pairs:
            distinct.sort(key=lambda item: xxhash.xxh3_64_intdigest(f"{time}\0{item}".encode()))
            del distinct[self._pairs :]
        rows = [self._open[item] for item in distinct]
        numbers = [row.number for row in rows]
        for row in rows:
            weight = share * self._weight(row, time)
            row.mass += weight
            neighbours, floor, own = row.neighbours, row.floor, row.number
            get = neighbours.get
            for other in numbers:
                if other != own:
                    neighbours[other] = get(other, floor) + weight
            if len(neighbours) > 2 * self._cap:
                self._prune(row)

    def drain_changed(self) -> set[str]:
        """Items that changed since the last call."""
        while len(self._open) > self._held_open:
            item, row = self._open.popitem(last=False)
            self._resting[item] = row.pack()
        changed, self._changed = self._changed, set()
        return changed

    def pack_item(self, name: str) -> bytes | None:
        """One item's counts, as stored; None when it is not counted any more."""
        row = self._open.get(name)
        return self._resting.get(name) if row is None else row.pack()

    def load_item(self, name: str, packed: bytes) -> None:
        """Take an item's counts from the store; all of a partition's items have to be loaded."""
        self._next = max(self._next, ItemRow.unpack(packed).number + 1)
        self._resting[name] = packed

    def _touch(self, item: str, time: int) -> tuple[ItemRow, float]:
        """The item's row, and the weight of `time` in its units."""
        block = time // self._span
        row = self._open.get(item)
        if row is not None:
            self._open.move_to_end(item)
        elif (packed := self._resting.pop(item, None)) is not None:
            row = self._open[item] = ItemRow.unpack(packed)
        else:
            row = self._open[item] = ItemRow(self._next, block)
            self._next += 1
        if block > row.block:
            row.advance(block)
        self._changed.add(item)
        if time > row.last:
            row.last = time
        return row, self._weight(row, time)

    def _weight(self, row: ItemRow, time: int) -> float:
        return float(2.0 ** ((time - row.block * self._span) / self._half_life))

    def _prune(self, row: ItemRow) -> None:
        # Of equal weights the earlier comer stays: the order of a dict is part of the state, and is stored.
        ranked = sorted(row.neighbours.items(), key=itemgetter(1), reverse=True)
        row.floor = ranked[self._cap][1]
        row.neighbours = dict(ranked[: self._cap])

    def _forget(self) -> None:
        """Let the lightest items go when there are a quarter more than are to be kept.

        The newest comer stays, so that the highest number given out can be told from the items that are left. Numbers
        are not given out again: a row may go on naming an item that has gone.
        """
        excess = len(self._open) + len(self._resting) - self._most
        if excess <= self._most // 4:
            return
        newest = max(head.block for _, head in self._heads())
        ranked = (
            (head.weight * 2.0 ** max(BLOCK * (head.block - newest), -1074), head.last, -head.number, item)
            for item, head in self._heads()
            if head.number != self._next - 1
        )
        for *_, item in nsmallest(excess, ranked):
            if self._open.pop(item, None) is None:
                del self._resting[item]
            self._changed.add(item)

    def _heads(self) -> Iterator[tuple[str, Head | ItemRow]]:
        """All items with their own counts."""
        yield from self._open.items()
        for item, packed in self._resting.items():
            yield item, ItemRow.head(packed)
