"""What recommendations are compared with: what is popular, and what last night's batch job would say."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from stream.durations import DAY
from stream.errors import InputError
from stream.recommend.component import Floats, Numbers, Order, Query, grown

WEEK = 7 * DAY

MOST_ITEMS = 15_000
"""Items up to which co-counts are held as a square; beyond, they would need more than a gigabyte."""


class Baseline(ABC):
    """A ranking of the whole catalogue that learns from the same orders."""

    @abstractmethod
    def learn(self, order: Order, customer: str | None) -> None:
        """Take an order in; without a customer it is anonymous. All of its numbers have been reserved."""

    @abstractmethod
    def scores(self, query: Query, customer: str | None) -> Floats:
        """Scores of all items for a customer, None an anonymous one; shape [size], higher is better, -inf for never."""

    @abstractmethod
    def reserve(self, size: int) -> None:
        """Make room for items with numbers below `size`."""

    @abstractmethod
    def advance(self, time: int) -> None:
        """It is now this event time (ms): rebuild what is due."""


class DecayedPopularity(Baseline):
    """Orders of each item, each counting half after a half-life (ms).

    Examples
    --------
    >>> popular = DecayedPopularity(1_000)
    >>> popular.reserve(2)
    >>> popular.learn(Order(0, np.array([0])), "ann")
    >>> popular.learn(Order(1_000, np.array([1])), "bob")
    >>> popular.scores(Query(1_000, None), "ann").tolist()
    [0.5, 1.0]
    """

    def __init__(self, half_life: int = WEEK) -> None:
        self._half_life = half_life
        self._counts = np.zeros(64)
        self._latest = 0
        self._size = 0

    def reserve(self, size: int) -> None:
        """See `Baseline.reserve`."""
        self._size = max(size, self._size)
        self._counts = grown(self._counts, size)

    def advance(self, time: int) -> None:
        """See `Baseline.advance`; nothing is ever rebuilt."""

    def learn(self, order: Order, customer: str | None) -> None:
        """See `Baseline.learn`."""
        if order.time > self._latest:
            self._counts *= 2.0 ** ((self._latest - order.time) / self._half_life)
            self._latest = order.time
        self._counts[order.items] += 2.0 ** ((order.time - self._latest) / self._half_life)

    def scores(self, query: Query, customer: str | None) -> Floats:
        """See `Baseline.scores`."""
        return self._counts[: self._size].copy()


class NightlyItemKNN(Baseline):
    """Cosine of items over customers' binary histories, rebuilt at each midnight (UTC) of event time.

    An item scores the sum of its similarity to the basket's items, or without one to the customer's own; each knows its
    nearest only. Where nothing speaks, what was popular at midnight does. Co-counts are kept up to date all day and
    taken over at midnight, which gives what counting anew would; a row is worked out when it is first asked for.

    Parameters
    ----------
    nearest
        Neighbours of an item.

    Notes
    -----
    Source: Deshpande and Karypis, Item-based top-N recommendation algorithms (2004).
    """

    def __init__(self, nearest: int = 50) -> None:
        self._nearest = nearest
        self._night = -1
        self._size = 0  # items that tonight's model knows
        self._room = 0
        self._owned: dict[str, set[int]] = {}
        self._today: list[tuple[Numbers, Numbers]] = []  # new items of a customer, and those owned before
        self._together = np.zeros((64, 64), np.float32)
        self._near = np.zeros((64, nearest), np.intp)
        self._similar = np.zeros((64, nearest))
        self._ready = np.zeros(64, np.bool_)

    def reserve(self, size: int) -> None:
        """See `Baseline.reserve`; raises InputError when the catalogue is too large to be held as a square."""
        if size > MOST_ITEMS:
            raise InputError(
                f"there are more than {MOST_ITEMS:,} items, too many for nightly-itemknn; say --against popularity"
            )
        self._room = max(size, self._room)

    def advance(self, time: int) -> None:
        """See `Baseline.advance`."""
        night = time // DAY
        if night <= self._night:
            return
        self._night = night
        if self._room > len(self._together):
            old, size = self._together, min(2 * self._room, MOST_ITEMS)
            self._together = np.zeros((size, size), np.float32)
            self._together[: len(old), : len(old)] = old
            self._near = np.zeros((size, self._nearest), np.intp)
            self._similar = np.zeros((size, self._nearest))
        for new, before in self._today:
            self._together[new[:, None], new] += 1
            self._together[new[:, None], before] += 1
            self._together[before[:, None], new] += 1
        self._today.clear()
        self._size = self._room
        self._ready = np.zeros(len(self._together), np.bool_)
        sizes = np.diagonal(self._together)[: self._size].astype(np.float64)
        self._popular = sizes
        self._roots = np.sqrt(np.maximum(sizes, 1.0))

    def learn(self, order: Order, customer: str | None) -> None:
        """See `Baseline.learn`; an anonymous order is no customer's history, and tells nothing."""
        if customer is None:
            return
        owned = self._owned.setdefault(customer, set())
        new = [item for item in order.items.tolist() if item not in owned]
        if new:
            self._today.append((np.array(new, np.intp), np.fromiter(owned, np.intp, len(owned))))
            owned.update(new)

    def scores(self, query: Query, customer: str | None) -> Floats:
        """See `Baseline.scores`."""
        scores = np.zeros(self._room)
        if not self._size:
            return scores
        scores[: self._size] = self._popular * 1e-9
        seeds = query.basket if len(query.basket) else query.own.items
        seeds = seeds[seeds < self._size]
        for seed in seeds[~self._ready[seeds]].tolist():
            self._work_out(seed)
        near, similar = self._near[seeds].ravel(), self._similar[seeds].ravel()
        scores[: self._size] += np.bincount(near, similar, self._size)
        return scores

    def _work_out(self, item: int) -> None:
        """An item's neighbours tonight."""
        similar = self._together[item, : self._size] / self._roots
        similar[item] = 0.0
        if self._size > self._nearest:
            near = np.argpartition(-similar, self._nearest)[: self._nearest]
        else:
            near = np.arange(self._size)
        self._near[item, : len(near)] = near
        self._similar[item, : len(near)] = similar[near] / self._roots[item]
        self._ready[item] = True
