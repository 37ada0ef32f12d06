"""What all partitions have counted, as the model tells it: signals beside a partition's own counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from stream.recommend.catalogue import Catalogue
from stream.recommend.component import NONE, NOTHING, Floats, Numbers, Offers, marked
from stream.recommend.model import ItemsModel


class Served:
    """An items model as offers; its items that a partition has not counted have numbers above the partition's.

    A model that is made of one partition's counts tells that partition nothing new, and offers nothing.

    Parameters
    ----------
    model
        The adopted one, or None before there is any.
    """

    signals = ("shared_basket", "shared_last", "shared_own", "shared_popular")

    def __init__(self, model: ItemsModel | None) -> None:
        told = model is not None and model.shared
        self.names: list[str] = []
        self._items: list[Numbers] = []
        self._values: list[Floats] = []
        self._popular = np.zeros(0)
        self._known: tuple[int, int] = (-1, -1)
        self._numbers = self._shown = NONE
        if told:
            assert model is not None
            others = (other for near in model.neighbours.values() for other in near)
            self.names = sorted({*model.neighbours, *others, *(item for item, _ in model.popular)})
        self._place = {name: number for number, name in enumerate(self.names)}
        if told:
            assert model is not None
            for name in self.names:
                near = model.neighbours.get(name, {})
                self._items.append(np.array([self._place[other] for other in near], np.intp))
                self._values.append(np.array(list(near.values())))
            self._popular_items = np.array([self._place[item] for item, _ in model.popular], np.intp)
            self._popular = np.array([weight for _, weight in model.popular])

    def numbers(self, catalogue: Catalogue) -> Numbers:
        """Number of each of the model's items among the partition's, shape [len(names)]."""
        own = len(catalogue)
        if self._known[0] != catalogue.version:
            self._numbers = np.array([catalogue.number(name) for name in self.names], np.intp)
        elif self._known[1] != own:
            for number in range(self._known[1], own):
                place = self._place.get(catalogue.names[number])
                if place is not None:
                    self._numbers[place] = number
        else:
            return self._shown
        self._known = catalogue.version, own
        self._shown = np.where(self._numbers >= 0, self._numbers, own + np.arange(len(self.names)))
        return self._shown

    def place(self, name: str, catalogue: Catalogue) -> int:
        """Number of an item, whoever knows it; -1 when nobody does."""
        number = catalogue.number(name)
        if number >= 0:
            return number
        place = self._place.get(name, -1)
        return place if place < 0 else len(catalogue) + place

    def name(self, number: int, catalogue: Catalogue) -> str:
        """Reverse of `place`."""
        own = len(catalogue)
        return catalogue.names[number] if number < own else self.names[number - own]

    def offers(
        self, catalogue: Catalogue, basket: Iterable[str], last: Iterable[str], own: Sequence[tuple[str, float]]
    ) -> list[Offers]:
        """Offers of each signal.

        Parameters
        ----------
        catalogue
            The partition's.
        basket, last
            Items in the open basket, and of the last order.
        own
            Items ordered so far, with their weights as seeds.
        """
        if not self.names:
            return [NOTHING] * len(self.signals)
        numbers = self.numbers(catalogue)
        popular = Offers(numbers[self._popular_items], self._popular, np.full(len(self._popular), -1))
        items, values, seeds = self._near([name for name, _ in own], numbers)
        weights = np.zeros(len(catalogue) + len(self.names) + 1)  # the last is of items that nobody knows
        weights[[self.place(name, catalogue) for name, _ in own]] = [weight for _, weight in own]
        latest = marked(
            seeds, np.array([place for name in last if (place := self.place(name, catalogue)) >= 0], np.intp)
        )
        return [
            self._near(basket, numbers),
            Offers(items[latest], values[latest], seeds[latest]),
            Offers(items, values * weights[seeds], seeds),
            popular,
        ]

    def _near(self, seeds: Iterable[str], numbers: Numbers) -> Offers:
        places = [self._place[name] for name in seeds if name in self._place]
        if not places:
            return NOTHING
        items = [self._items[place] for place in places]
        found, values = np.concatenate(items), np.concatenate([self._values[place] for place in places])
        return Offers(numbers[found], values, np.repeat(numbers[places], [len(one) for one in items]))
