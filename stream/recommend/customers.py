"""Similar customers: what those ordered next whose orders were like this customer's last one."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from stream.durations import DAY
from stream.recommend.component import NONE, NOTHING, Component, Floats, Numbers, Offers, Order, Query
from stream.recommend.pairs import sampled

LATELY = 60 * DAY
"""Half-life (ms) of a remembered order."""


class SimilarCustomers(Component):
    """Neighbours among remembered pairs of an order and the one before it, and among remembered orders.

    An order is found by the items it shares with the customer's, each weighing its rarity ln(1 + orders / orders with
    it), relative to the square root of the order's size and less with age. The nearest speak for what followed
    (`followed`), and for what else was in them (`alike`).

    Parameters
    ----------
    orders
        Remembered, the newest.
    nearest
        Orders that speak.
    per_item
        Orders looked at for each shared item, the newest.

    Notes
    -----
    Source: Ludewig, Mauro, Latifi and Jannach (2019), VSKNN; Garg et al. (2019), STAN, for the decay with age.
    """

    signals = ("followed", "alike")

    def __init__(self, orders: int = 8_000, nearest: int = 100, per_item: int = 300, most: int = 100) -> None:
        self._room, self._nearest, self._per_item, self._most = orders, nearest, per_item, most
        self._followed = _Memory(orders)
        self._alike = _Memory(orders)

    def reserve(self, size: int) -> None:
        """See `Component.reserve`."""
        self._followed.reserve(size)
        self._alike.reserve(size)

    def learn(self, order: Order) -> None:
        """See `Component.learn`."""
        items = sampled(order.items, self._most, order.time)
        self._alike.add(order.time, items, items)
        if len(order.before):
            self._followed.add(order.time, sampled(order.before, self._most, order.time), items)

    def score(self, query: Query) -> Sequence[Offers]:
        """See `Component.score`."""
        alike = query.basket if len(query.basket) else query.last
        return (
            self._followed.offers(query.last[-60:], query.time, self._nearest, self._per_item),
            self._alike.offers(alike[-60:], query.time, self._nearest, self._per_item),
        )

    def merge(self, others: Sequence[Self], numbers: Sequence[Numbers], size: int) -> Self:
        """See `Component.merge`; the newest of all are remembered."""
        merged = type(self)(self._room, self._nearest, self._per_item, self._most)
        merged.reserve(size)
        parts = (self, *others)
        merged._followed.fill([part._followed for part in parts], numbers)
        merged._alike.fill([part._alike for part in parts], numbers)
        return merged


class _Memory:
    """The newest orders: by which items they are found (`keys`), and for which they speak (`values`)."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._times = np.zeros(room)
        self._roots = np.ones(room)  # of how many keys
        self._keys: list[Numbers] = [NONE] * room
        self._values: list[Numbers] = [NONE] * room
        self._index: list[array[int]] = []
        self._next = 0

    def reserve(self, size: int) -> None:
        self._index.extend(array("I") for _ in range(size - len(self._index)))

    def add(self, time: int, keys: Numbers, values: Numbers) -> None:
        slot = self._next % self._room
        for item in self._keys[slot].tolist():
            self._index[item].remove(slot)
        self._times[slot], self._keys[slot], self._values[slot] = time, keys, values
        self._roots[slot] = math.sqrt(len(keys))
        for item in keys.tolist():
            self._index[item].append(slot)
        self._next += 1

    def offers(self, seeds: Numbers, time: int, nearest: int, per_item: int) -> Offers:
        slots: list[NDArray[np.uint32]] = []
        rarity: list[float] = []
        held = min(self._next, self._room)
        for item in seeds.tolist():
            found = self._index[item]
            if found:
                slots.append(np.frombuffer(found[-per_item:], np.uint32))
                rarity.append(math.log(1 + held / len(found)))
        if not slots:
            return NOTHING
        every = np.concatenate(slots).astype(np.intp)
        shared: Floats = np.bincount(every, np.repeat(rarity, [len(one) for one in slots]), held).astype(np.float64)
        there = np.flatnonzero(shared)
        near = shared[there] / self._roots[there] * np.exp2(-np.maximum(time - self._times[there], 0.0) / LATELY)
        if len(near) > nearest:
            best = np.argpartition(-near, nearest)[:nearest]
            there, near = there[best], near[best]
        values = [self._values[slot] for slot in there.tolist()]
        lengths = np.array([len(one) for one in values])
        spoken = np.repeat(near / np.log2(2 + lengths), lengths)
        items = np.concatenate(values)
        return Offers(items, spoken, np.full(len(items), -1))

    def fill(self, parts: Sequence[_Memory], numbers: Sequence[Numbers]) -> None:
        every = [
            (part._times[slot], names[part._keys[slot]], names[part._values[slot]])
            for part, names in zip(parts, numbers, strict=True)
            for slot in range(min(part._next, part._room))
        ]
        every.sort(key=lambda one: one[0])
        for time, keys, values in every[-self._room :]:
            self.add(int(time), keys, values)
