"""Business rules by item: what may not be shown, what counts more, and how many of a kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from stream.items import Item
from stream.recommend.component import NONE, Floats, Numbers
from stream.rules import RulesConfig

_ROOM = 64


class Rules:
    """What the rules say of each item by its number; follows what is known of items.

    Parameters
    ----------
    config
        The rules.

    Examples
    --------
    >>> rules = Rules(RulesConfig(hide_categories=("toys",)))
    >>> rules.know(3, Item(category="toys"))
    >>> rules.blocked.tolist()
    [3]
    """

    def __init__(self, config: RulesConfig) -> None:
        self.config = config
        self._hidden_items = frozenset(config.hide_items)
        self._hidden_categories = frozenset(config.hide_categories)
        self._codes: dict[str, int] = {}
        self._blocked = np.zeros(_ROOM, np.bool_)
        self._prices = np.full(_ROOM, np.nan)
        self._factors = np.ones(_ROOM)
        self._categories = np.full(_ROOM, -1, np.intp)
        self._numbers: Numbers | None = NONE

    def why(self, name: str, item: Item) -> str | None:
        """Why nobody is shown an item: `hidden`, `unavailable`, `stock`, `adult` or `category`; None if it is shown."""
        return "hidden" if name in self._hidden_items else self._why(item)

    @property
    def blocked(self) -> Numbers:
        """Numbers of all items that are not shown to anyone, but for `hide_items`."""
        if self._numbers is None:
            self._numbers = self._blocked.nonzero()[0]
        return self._numbers

    def priced_out(self, segment: str, name: str) -> Numbers:
        """Numbers of items whose price is not for customers of a segment, by its id or name."""
        found = [NONE]
        for one in self.config.prices:
            if one.segment in (segment, name) and segment:
                least = -np.inf if one.least is None else one.least
                most = np.inf if one.most is None else one.most
                found.append(((self._prices < least) | (self._prices > most)).nonzero()[0])
        return np.concatenate(found)

    def factors(self, items: Numbers, place: Callable[[str], int]) -> Floats | None:
        """What each item's score is multiplied with, shape [n]; None when nothing is boosted.

        Parameters
        ----------
        items
            Numbers, shape [n].
        place
            An item's number by its name.
        """
        if not self.config.boost_items and not self.config.boost_categories:
            return None
        found = np.ones(len(items))
        known = items < len(self._factors)
        found[known] = self._factors[items[known]]
        for name, factor in self.config.boost_items.items():
            found[items == place(name)] *= factor
        return found

    def category(self, number: int) -> int:
        """The number of an item's category; -1 when it has none."""
        return int(self._categories[number]) if 0 <= number < len(self._categories) else -1

    def spread(self, items: Numbers, scores: Floats, count: int, taken: Counter[int]) -> NDArray[np.intp]:
        """Places of the best items with at most `per_category` of one category, best first.

        Parameters
        ----------
        items, scores
            Shape [n] each.
        count
            At most so many.
        taken
            Category -> how many are in the list already; counted on.
        """
        most = self.config.per_category
        found: list[int] = []
        for place in (-scores).argsort(kind="stable").tolist():
            category = self.category(int(items[place]))
            if most is None or category < 0 or taken[category] < most:
                found.append(place)
                taken[category] += 1
                if len(found) == count:
                    break
        return np.array(found, np.intp)

    def of(self, categories: Iterable[int]) -> Numbers:
        """Numbers of all items of some categories."""
        return np.isin(self._categories, list(categories)).nonzero()[0]

    def know(self, number: int, item: Item) -> None:
        """See `Follower.know`."""
        if number >= len(self._blocked):
            self._grow(number + 1)
        blocked = self._why(item) is not None
        if blocked != self._blocked[number]:
            self._blocked[number] = blocked
            self._numbers = None
        self._prices[number] = np.nan if item.price is None else item.price
        category = item.category
        self._factors[number] = 1.0 if category is None else self.config.boost_categories.get(category, 1.0)
        self._categories[number] = -1 if category is None else self._codes.setdefault(category, len(self._codes))

    def keep(self, kept: Numbers) -> None:
        """See `Follower.keep`."""
        self._grow(int(kept.max(initial=-1)) + 1)
        pairs = ((self._blocked, False), (self._prices, np.nan), (self._factors, 1.0), (self._categories, -1))
        for values, nothing in pairs:
            values[: len(kept)] = values[kept]
            values[len(kept) :] = nothing
        self._numbers = None

    def _why(self, item: Item) -> str | None:
        if item.hidden:
            return "hidden"
        if item.withdrawn or item.available is False:
            return "unavailable"
        if item.stock is not None and item.stock < self.config.min_stock:
            return "stock"
        if item.adult and not self.config.adult:
            return "adult"
        return "category" if item.category in self._hidden_categories else None

    def _grow(self, size: int) -> None:
        more = max(size, 2 * len(self._blocked)) - len(self._blocked)
        if size > len(self._blocked):
            self._blocked = np.concatenate((self._blocked, np.zeros(more, np.bool_)))
            self._prices = np.concatenate((self._prices, np.full(more, np.nan)))
            self._factors = np.concatenate((self._factors, np.ones(more)))
            self._categories = np.concatenate((self._categories, np.full(more, -1, np.intp)))
