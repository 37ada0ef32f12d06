"""Items by number, and what each customer ordered, in numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from stream.recommend.component import NONE, Numbers, Own

REMEMBERED = 500
"""Own items remembered of a customer, those ordered last."""


class Catalogue:
    """Names of items, and their numbers in order of appearance.

    Attributes
    ----------
    names
        By number.
    version
        Changes whenever items are numbered anew.

    Examples
    --------
    >>> catalogue = Catalogue()
    >>> catalogue.numbers(["tea", "cup", "tea"]).tolist()
    [0, 1]
    >>> catalogue.names
    ['tea', 'cup']
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names = list(names)
        self._numbers = {name: number for number, name in enumerate(self.names)}
        self.version = 0

    def __len__(self) -> int:
        return len(self.names)

    def numbers(self, names: Sequence[str]) -> Numbers:
        """Numbers of the distinct items, new ones among them, in their order; shape [n]."""
        found: dict[int, None] = {}
        for name in names:
            number = self._numbers.get(name)
            if number is None:
                number = self._numbers[name] = len(self.names)
                self.names.append(name)
            found[number] = None
        return np.fromiter(found, np.intp, len(found))

    def number(self, name: str) -> int:
        """An item's number; -1 when it is unknown."""
        return self._numbers.get(name, -1)

    def known(self, names: Iterable[str]) -> Numbers:
        """Numbers of those items that are known, in their order; shape [n]."""
        numbers = self._numbers
        return np.array([numbers[name] for name in names if name in numbers], np.intp)

    def keep(self, kept: Numbers) -> list[str]:
        """Forget all items but these, ascending, which are numbered anew from 0 on; the names that are forgotten."""
        before = self.names
        self.version += 1
        self.names = [before[number] for number in kept.tolist()]
        self._numbers = {name: number for number, name in enumerate(self.names)}
        return [name for name in before if name not in self._numbers]

    def __contains__(self, name: str) -> bool:
        return name in self._numbers


class History:
    """What one customer ordered: of each item how often, first and last; and the last order.

    Examples
    --------
    >>> history = History()
    >>> history.add(np.array([3, 1]), 1_000)
    >>> history.add(np.array([3]), 5_000)
    >>> history.own().items.tolist(), history.own().counts.tolist(), history.last.tolist()
    ([1, 3], [1.0, 2.0], [3])
    """

    __slots__ = ("_items", "last")

    def __init__(self) -> None:
        self._items: dict[int, tuple[int, int, int]] = {}  # number -> times, first and last time; the latest last
        self.last: Numbers = NONE

    def __bool__(self) -> bool:
        return bool(self._items)

    def add(self, items: Numbers, time: int) -> None:
        """Take in an order of distinct items at an event time (ms)."""
        held = self._items
        for item in items.tolist():
            count, first, last = held.pop(item, (0, time, time))
            held[item] = count + 1, min(first, time), max(last, time)
        while len(held) > REMEMBERED:
            del held[next(iter(held))]
        self.last = items

    def own(self) -> Own:
        """As a query takes it."""
        count = len(self._items)
        values = np.array(list(self._items.values()), np.float64).reshape(count, 3)
        return Own(np.fromiter(self._items, np.intp, count), values[:, 0], values[:, 1], values[:, 2])
