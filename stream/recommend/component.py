"""What a component of the recommender is: it learns orders, offers items with evidence, and merges."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.intp]
Floats = NDArray[np.float64]

NONE: Numbers = np.zeros(0, np.intp)
"""No items."""


class Order(NamedTuple):
    """What a customer ordered at once.

    Attributes
    ----------
    time
        Event time in ms.
    items
        Numbers of the distinct items, shape [n].
    before
        Those of the same customer's order before, shape [p]; empty when there was none or nobody knows.
    """

    time: int
    items: Numbers
    before: Numbers = NONE


class Own(NamedTuple):
    """What a customer ordered so far, the latest last; shape [n] each, times in ms."""

    items: Numbers
    counts: Floats
    first: Floats
    last: Floats


class Query(NamedTuple):
    """For whom, and when, items are wanted.

    Attributes
    ----------
    time
        Event time in ms.
    own
        What the customer ordered so far.
    last
        Numbers of the items of the last order.
    basket
        Numbers of what is in the open basket.
    """

    time: int
    own: Own
    last: Numbers = NONE
    basket: Numbers = NONE


class Offers(NamedTuple):
    """What a component offers: parts of scores, each with the item that it came from; shape [n] each.

    An item's score is the sum of its parts. `seeds` are the customer's own items that speak for it; -1 for none.
    """

    items: Numbers
    values: Floats
    seeds: Numbers

    def scores(self, size: int) -> Floats:
        """Score of each of `size` items, shape [size]."""
        summed: Floats = np.bincount(self.items, self.values, size).astype(np.float64)
        return summed

    def because(self, item: int) -> int:
        """The seed that counted most for an item; -1 when there is none."""
        parts = (self.items == item).nonzero()[0]
        return int(self.seeds[parts[self.values[parts].argmax()]]) if len(parts) else -1


NOTHING = Offers(NONE, np.zeros(0), NONE)
"""No offers."""


class Places:
    """Numbers of the items that packed rows name by their ids.

    Parameters
    ----------
    ids
        Of items 0, 1, and so on: ascending, shape [n].

    Examples
    --------
    >>> Places(np.array([3, 7, 8]))(np.array([8, 5, 3])).tolist()
    [2, -1, 0]
    """

    def __init__(self, ids: Numbers) -> None:
        self._ids = ids

    def __call__(self, wanted: NDArray[Any]) -> Numbers:
        """Number of each id, -1 for those that are gone; shape [n]."""
        if not len(self._ids):
            return np.full(len(wanted), -1)
        found = np.minimum(np.searchsorted(self._ids, wanted), len(self._ids) - 1)
        return np.where(self._ids[found] == wanted, found, -1)


class Component(ABC):
    """A way to find what a customer may want next; mergeable and bounded.

    Attributes
    ----------
    signals
        Names of what `score` gives.
    beside
        Items of each signal that are added to the pool of candidates, instead of a say in which of all are in it.
    """

    signals: tuple[str, ...]
    beside = 0

    @abstractmethod
    def learn(self, order: Order) -> None:
        """Take an order in; orders may come late, and count at their own time."""

    @abstractmethod
    def score(self, query: Query) -> Sequence[Offers]:
        """Offers of each signal, for all items that it knows something of."""

    @abstractmethod
    def reserve(self, size: int) -> None:
        """Make room for items with numbers below `size`."""

    @abstractmethod
    def merge(self, others: Sequence[Self], numbers: Sequence[Numbers], size: int) -> Self:
        """A new component that has seen what this one and others have.

        Parameters
        ----------
        others
            Of other partitions.
        numbers
            For this one and then each other: what its items' numbers are in the new one.
        size
            How many items there are in the new one.
        """


class Stored(Component):
    """A component whose counts are kept item by item, so that a partition stores only those that changed."""

    @abstractmethod
    def advance(self, time: int) -> None:
        """Count in units that suit this event time (ms), as when an order of it had been learnt."""

    @abstractmethod
    def pack(self, item: int, ids: Numbers, time: int) -> Sequence[Any]:
        """What is known of one item, as plain values for msgpack.

        Parameters
        ----------
        item
            Its number.
        ids
            Of each number, what the item is called in packed rows.
        time
            In whose units: of the newest order when the item last changed, whenever it is packed.
        """

    @abstractmethod
    def unpack(self, item: int, packed: Sequence[Any], time: int, places: Places) -> None:
        """Reverse of `pack`.

        Parameters
        ----------
        item
            Its number.
        packed
            From `pack`.
        time
            In whose units it was packed; `advance` has been told of the newest.
        places
            Ids of packed rows to numbers.
        """

    @abstractmethod
    def keep(self, kept: Numbers) -> None:
        """Forget all items but these, ascending; they are numbered anew from 0 on."""


def grown(values: Floats, size: int) -> Floats:
    """At least `size` long, filled up with zeros; doubled, so that growing by one is cheap."""
    if size <= len(values):
        return values
    more = np.zeros(max(size, 2 * len(values)))
    more[: len(values)] = values
    return more


def renumbered(kept: Numbers, size: int) -> Numbers:
    """New number of each of `size` items when only some are kept, -1 for the others; shape [size]."""
    found = np.full(size, -1)
    found[kept] = np.arange(len(kept))
    return found


def marked(items: Numbers, wanted: Numbers) -> NDArray[np.bool_]:
    """Whether each item is one of the wanted, shape [n]; as `np.isin`, and much faster for few."""
    marks = np.zeros(1 + max(int(items.max(initial=0)), int(wanted.max(initial=0))), np.bool_)
    marks[wanted] = True
    found: NDArray[np.bool_] = marks[items]
    return found
