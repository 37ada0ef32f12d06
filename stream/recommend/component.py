"""What a component of the recommender is: it learns orders, offers items with evidence, and merges."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple, Self

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
        parts = np.flatnonzero(self.items == item)
        return int(self.seeds[parts[np.argmax(self.values[parts])]]) if len(parts) else -1


NOTHING = Offers(NONE, np.zeros(0), NONE)
"""No offers."""


class Component(ABC):
    """A way to find what a customer may want next; mergeable and bounded.

    Attributes
    ----------
    signals
        Names of what `score` gives.
    """

    signals: tuple[str, ...]

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


def grown(values: Floats, size: int) -> Floats:
    """At least `size` long, filled up with zeros; doubled, so that growing by one is cheap."""
    if size <= len(values):
        return values
    more = np.zeros(max(size, 2 * len(values)))
    more[: len(values)] = values
    return more
