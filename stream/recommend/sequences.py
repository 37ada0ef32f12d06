"""Sequences: what is ordered after what."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self

from stream.recommend.component import Numbers, Offers, Order, Places, Query, Stored
from stream.recommend.pairs import PairCounts, sampled


class Sequences(Stored):
    """Rules from each item of a customer's order to each of the next, shrunk on both sides.

    A rule from an order of p items to one of n weighs 1 / (log2(2 + p) · log2(2 + n)).

    Parameters
    ----------
    half_life
        Of a count, in ms.
    cap
        Items kept that follow one.
    pair_items
        Items of one order that are paired; of more, a sample.
    seeds
        Items of the last order that are looked up for one list.
    shrink
        Weight of rules at which one counts half.

    Notes
    -----
    Source: Ludewig and Jannach, Evaluation of session-based recommendation algorithms (2018), sequential rules.
    """

    signals = ("after",)

    def __init__(
        self, half_life: int, cap: int = 128, pair_items: int = 100, seeds: int = 60, shrink: float = 1.0
    ) -> None:
        self._pairs = PairCounts(half_life, cap, shrink)
        self._most = pair_items
        self._seeds = seeds

    def reserve(self, size: int) -> None:
        """See `Component.reserve`."""
        self._pairs.reserve(size)

    def learn(self, order: Order) -> None:
        """See `Component.learn`."""
        if len(order.before):
            weight = self._pairs.weight(order.time)
            weight /= math.log2(2 + len(order.items)) * math.log2(2 + len(order.before))
            before, items = (sampled(one, self._most, order.time) for one in (order.before, order.items))
            self._pairs.add(before, items, weight)

    def score(self, query: Query) -> Sequence[Offers]:
        """See `Component.score`."""
        return (self._pairs.offers(query.last[-self._seeds :]),)

    def advance(self, time: int) -> None:
        """See `Stored.advance`."""
        self._pairs.advance(time)

    def pack(self, item: int, ids: Numbers, time: int) -> Sequence[Any]:
        """See `Stored.pack`."""
        return self._pairs.pack(item, ids, time)

    def unpack(self, item: int, packed: Sequence[Any], time: int, places: Places) -> None:
        """See `Stored.unpack`."""
        self._pairs.unpack(item, packed, time, places)

    def keep(self, kept: Numbers) -> None:
        """See `Stored.keep`."""
        self._pairs.keep(kept)

    def merge(self, others: Sequence[Self], numbers: Sequence[Numbers], size: int) -> Self:
        """See `Component.merge`."""
        merged = type(self)(1, 1, self._most, self._seeds)
        merged._pairs = self._pairs.merge([other._pairs for other in others], numbers, size)
        return merged
