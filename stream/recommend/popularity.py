"""Popularity: what everybody orders, now and lately."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from stream.durations import DAY
from stream.recommend.component import Floats, Numbers, Offers, Order, Places, Query, Stored, grown
from stream.recommend.pairs import BLOCK, shifted

HALF_LIVES = (2 * DAY, 7 * DAY, 30 * DAY)
"""In ms: their differences say what is rising and what is falling."""


class Popularity(Stored):
    """Decayed orders of each item, at three half-lives."""

    signals = ("pop2", "pop7", "pop30")

    def __init__(self) -> None:
        self._counts = [np.zeros(64) for _ in HALF_LIVES]
        self._blocks = [0 for _ in HALF_LIVES]
        self._until = 0  # the time from which on one of them is in another block
        self._size = 0

    def reserve(self, size: int) -> None:
        """See `Component.reserve`."""
        self._size = max(size, self._size)
        self._counts = [grown(counts, size) for counts in self._counts]

    def learn(self, order: Order) -> None:
        """See `Component.learn`."""
        self.count(order.items, order.time, 1.0)

    def count(self, items: Numbers, time: int, weight: float) -> None:
        """Count distinct items at an event time (ms), beside an order's 1."""
        self.advance(time)
        for counts, half_life, block in zip(self._counts, HALF_LIVES, self._blocks, strict=True):
            counts[items] += weight * 2.0 ** (time / half_life - BLOCK * block)

    def count_one(self, item: int, time: int, weight: float) -> None:
        """Count one item; as `count`, but ten times as fast."""
        self.advance(time)
        for counts, half_life, block in zip(self._counts, HALF_LIVES, self._blocks, strict=True):
            counts[item] += weight * 2.0 ** (time / half_life - BLOCK * block)

    @property
    def lasting(self) -> Floats:
        """Counts that fade slowest, in one unit, shape [size]."""
        return self._counts[-1][: self._size]

    def score(self, query: Query) -> Sequence[Offers]:
        """See `Component.score`; items that were ordered at all."""
        every = np.arange(self._size)
        seeds = np.full(self._size, -1)
        return [Offers(every, counts[: self._size], seeds) for counts in self._counts]

    def advance(self, time: int) -> None:
        """See `Stored.advance`."""
        if time >= self._until:
            for place, half_life in enumerate(HALF_LIVES):
                self._advance(place, time // (half_life * BLOCK))
            spans = (half_life * BLOCK for half_life in HALF_LIVES)
            self._until = min((block + 1) * span for block, span in zip(self._blocks, spans, strict=True))

    def pack(self, item: int, ids: Numbers, time: int) -> Sequence[Any]:
        """See `Stored.pack`."""
        blocks = (
            block - time // (half_life * BLOCK) for block, half_life in zip(self._blocks, HALF_LIVES, strict=True)
        )
        return [float(shifted(counts[item], one)) for counts, one in zip(self._counts, blocks, strict=True)]

    def unpack(self, item: int, packed: Sequence[Any], time: int, places: Places) -> None:
        """See `Stored.unpack`."""
        for place, (half_life, count) in enumerate(zip(HALF_LIVES, packed, strict=True)):
            blocks = time // (half_life * BLOCK) - self._blocks[place]
            self._counts[place][item] = shifted(np.array(count), blocks)

    def keep(self, kept: Numbers) -> None:
        """See `Stored.keep`."""
        for counts in self._counts:
            counts[: len(kept)] = counts[kept]
            counts[len(kept) :] = 0.0
        self._size = len(kept)

    def merge(self, others: Sequence[Self], numbers: Sequence[Numbers], size: int) -> Self:
        """See `Component.merge`."""
        merged = type(self)()
        merged.reserve(size)
        for part, names in zip((self, *others), numbers, strict=True):
            for place in range(len(HALF_LIVES)):
                block = part._blocks[place]
                merged._advance(place, block)
                counts = part._counts[place][: len(names)]
                merged._counts[place][names] += shifted(counts, block - merged._blocks[place])
        return merged

    def _advance(self, place: int, block: int) -> None:
        if block > self._blocks[place]:
            self._counts[place] = shifted(self._counts[place], self._blocks[place] - block)
            self._blocks[place] = block
