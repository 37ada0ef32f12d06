"""What is known of items beside counts: told by the catalogue, or heard in what customers did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from stream.items import NOTHING_KNOWN, Item
from stream.products import Product
from stream.recommend.component import NONE, Numbers

_HEARD = len(("name", "category", "brand", "price"))
"""Attributes that events of customers bring too, the first of an `Item`."""


class Follower(Protocol):
    """Whatever is worked out of items' attributes, number by number."""

    def know(self, number: int, item: Item) -> None:
        """An item's attributes have changed; the number may be a new one."""

    def keep(self, kept: Numbers) -> None:
        """See `Stored.keep`."""


class Attributes:
    """Of each item by its number: what the catalogue told last, beside what was heard last.

    What the catalogue told outranks what was heard. At most `most` items are told of, and a quarter more until those go
    of which was told longest ago, hidden ones last.

    Parameters
    ----------
    most
        Items of the catalogue that are kept.
    followers
        Told of each change.

    Examples
    --------
    >>> attributes = Attributes(10)
    >>> attributes.reserve(1)
    >>> attributes.tell(0, {"name": "Tea", "price": 2.5})
    >>> attributes.hear(0, Product("tea", 1.0, 3.0, "drinks"))
    True
    >>> attributes.item(0)[:4]
    ('Tea', 'drinks', None, 2.5)
    """

    def __init__(self, most: int, followers: Sequence[Follower] = ()) -> None:
        self._most = most
        self._followers = followers
        self._told: list[Item | None] = []
        self._heard: list[tuple[Any, ...] | None] = []
        self._at: list[int] = []  # when it was last told of, by a count of all that was told; 0: never
        self._last = 0
        self.told = 0

    @property
    def loose(self) -> Numbers:
        """Numbers of the items that the catalogue does not tell of, shape [n]."""
        return np.flatnonzero(np.array(self._at, np.intp) == 0)

    def reserve(self, size: int) -> None:
        """See `Component.reserve`."""
        more = size - len(self._at)
        if more > 0:
            self._told += [None] * more
            self._heard += [None] * more
            self._at += [0] * more

    def item(self, number: int) -> Item:
        """All that is known of an item."""
        told, heard = self._told[number], self._heard[number]
        if heard is None:
            return told or NOTHING_KNOWN
        if told is None:
            return Item(*heard)
        first = [old if new is None else new for new, old in zip(told, heard, strict=False)]
        return Item._make([*first, *told[_HEARD:]])

    def tell(self, number: int, given: Mapping[str, Any]) -> None:
        """The catalogue gives properties of an item: they are changed, all others stay; None clears."""
        known = (self._told[number] or NOTHING_KNOWN)._replace(withdrawn=False)
        self._told[number] = known._replace(**{name: given[name] for name in Item._fields if name in given})
        heard = self._heard[number]
        if heard is not None and any(given.get(name, "") is None for name in Item._fields[:_HEARD]):
            kept = zip(Item._fields, heard, strict=False)
            self._heard[number] = tuple(None if given.get(name, "") is None else value for name, value in kept)
        self._note(number)

    def withdraw(self, number: int) -> None:
        """The catalogue has the item no more, until it tells of it again."""
        self._told[number] = (self._told[number] or NOTHING_KNOWN)._replace(withdrawn=True)
        self._note(number)

    def hear(self, number: int, product: Product) -> bool:
        """A customer's event says something of an item; whether it is new."""
        said: tuple[Any, ...] = (product.name, product.category, product.brand, product.price)
        known = self._heard[number]
        if known is not None:
            said = tuple([old if new is None else new for new, old in zip(said, known, strict=True)])
        if said == (known or NOTHING_KNOWN[:_HEARD]):
            return False
        self._heard[number] = said
        self._tell_followers(number)
        return True

    def release(self) -> tuple[Numbers, Numbers]:
        """Let items of the catalogue go when there are a quarter more than are to be kept.

        Returns
        -------
        numbers, numbers
            Of those that are items like any other from now on, with what is known of them as if it had been heard, and
            of those that are to be forgotten altogether, since nobody would know that they are hidden.
        """
        if self.told <= self._most + self._most // 4:
            return NONE, NONE
        told = [number for number, at in enumerate(self._at) if at]
        told.sort(key=lambda number: (hides(self.item(number)), self._at[number]))
        leaving = told[: self.told - self._most]
        self.told = self._most
        hidden = [number for number in leaving if hides(self.item(number))]
        for number in leaving:
            self._heard[number] = self.item(number)[:_HEARD]
            self._told[number], self._at[number] = None, 0
            self._tell_followers(number)
        gone = np.array(sorted(hidden), np.intp)
        return np.setdiff1d(np.array(leaving, np.intp), gone), gone

    def pack(self, number: int) -> Sequence[Any]:
        """As plain values for msgpack: the place among all that was told, what was told, what was heard."""
        told, heard = self._told[number], self._heard[number]
        return () if told is None and heard is None else (self._at[number], told, heard)

    def unpack(self, number: int, packed: Sequence[Any]) -> None:
        """Reverse of `pack`."""
        if not packed:
            return
        at, told, heard = packed
        self._told[number] = None if told is None else Item(*told)
        self._heard[number] = None if heard is None else tuple(heard)
        self._at[number] = at
        self.told += at > 0
        self._last = max(self._last, at)
        self._tell_followers(number)

    def keep(self, kept: Numbers) -> None:
        """See `Stored.keep`."""
        numbers = kept.tolist()
        self._told = [self._told[number] for number in numbers]
        self._heard = [self._heard[number] for number in numbers]
        self._at = [self._at[number] for number in numbers]
        for follower in self._followers:
            follower.keep(kept)

    def _note(self, number: int) -> None:
        self._last += 1
        self.told += not self._at[number]
        self._at[number] = self._last
        self._tell_followers(number)

    def _tell_followers(self, number: int) -> None:
        if self._followers:
            item = self.item(number)
            for follower in self._followers:
                follower.know(number, item)


def hides(item: Item) -> bool:
    """Whether the catalogue wants an item not to be shown, whatever the rules."""
    return bool(item.withdrawn or item.hidden or item.available is False)
