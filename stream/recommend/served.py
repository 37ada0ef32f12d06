"""What all partitions have counted, as the model tells it: signals beside a partition's own counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from stream.recommend.catalogue import Catalogue
from stream.recommend.component import NONE, NOTHING, Floats, Numbers, Offers
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
            found = [catalogue.number(name) for name in self.names]
            self._numbers = np.array([-1 if number is None else number for number in found], np.intp)
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

    def place(self, name: str, catalogue: Catalogue) -> int | None:
        """Number of an item, whoever knows it; None when nobody does."""
        number = catalogue.number(name)
        if number is not None:
            return number
        place = self._place.get(name)
        return None if place is None else len(catalogue) + place

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
        return [
            self._near([(name, 1.0) for name in basket], numbers),
            self._near([(name, 1.0) for name in last], numbers),
            self._near(own, numbers),
            popular,
        ]

    def _near(self, seeds: Iterable[tuple[str, float]], numbers: Numbers) -> Offers:
        known = {self._place[name]: weight for name, weight in seeds if name in self._place}
        if not known:
            return NOTHING
        places = list(known)
        items = [self._items[place] for place in places]
        lengths = np.array([len(one) for one in items])
        return Offers(
            numbers[np.concatenate(items)],
            np.concatenate([self._values[place] for place in places]) * np.repeat(list(known.values()), lengths),
            np.repeat(numbers[places], lengths),
        )
