"""Item neighbours: what is ordered together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from stream.recommend.component import NOTHING, Floats, Numbers, Offers, Order, Own, Places, Query, Stored, marked
from stream.recommend.pairs import PairCounts, sampled

LATELY = 60 * 86_400_000.0
"""Half-life (ms) of an own item as a seed."""


SEEDS = 60
"""Own items that are looked up for one list, the latest."""


def fading(own: Own, time: int) -> Floats:
    """Weight of each own item as a seed at an event time (ms), by how lately and how often; shape [n]."""
    weights: Floats = np.exp2(-np.maximum(time - own.last, 0.0) / LATELY) * np.sqrt(own.counts)
    return weights


class ItemNeighbours(Stored):
    """Shrunk cosine on decayed counts of items that were ordered together.

    A pair in an order of n items weighs 1 / log2(2 + n): a long order says less about each of its pairs. Seeds are the
    open basket, the last order, and what the customer ordered before, by how lately and how often.

    Parameters
    ----------
    half_life
        Of a count, in ms.
    cap
        Neighbours kept of an item.
    pair_items
        Items of one order that are paired; of more, a sample.
    seeds
        Items that are looked up for one list.
    shrink
        Weight of joint orders at which a similarity counts half.

    Notes
    -----
    Sources: Sarwar et al., Item-based collaborative filtering (2001); Bell and Koren (2007) for the shrinkage; Huang et
    al., TencentRec (2015), for counts that grow with each event.
    """

    signals = ("with_basket", "with_last", "with_own")

    def __init__(
        self, half_life: int, cap: int = 128, pair_items: int = 100, seeds: int = SEEDS, shrink: float = 1.0
    ) -> None:
        self._pairs = PairCounts(half_life, cap, shrink)
        self._most = pair_items
        self._seeds = seeds

    def reserve(self, size: int) -> None:
        """See `Component.reserve`."""
        self._pairs.reserve(size)

    def learn(self, order: Order) -> None:
        """See `Component.learn`."""
        items = sampled(order.items, self._most, order.time)
        self._pairs.add(items, items, self._pairs.weight(order.time) / math.log2(2 + len(order.items)))

    def near(self, item: int) -> Offers:
        """What is ordered together with one item."""
        return self._pairs.offers(np.array([item]))

    def score(self, query: Query) -> Sequence[Offers]:
        """See `Component.score`."""
        basket = self._pairs.offers(query.basket[-self._seeds :])
        items, values, seeds = self._pairs.offers(query.own.items[-self._seeds :])
        if not len(items):
            return basket, NOTHING, NOTHING
        latest = marked(seeds, query.last)
        weights = np.zeros(1 + int(query.own.items.max()))
        weights[query.own.items] = fading(query.own, query.time)
        last = Offers(items[latest], values[latest], seeds[latest])
        return basket, last, Offers(items, values * weights[seeds], seeds)

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
