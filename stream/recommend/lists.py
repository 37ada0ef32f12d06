"""Lists for customers, from a partition's own counts and from what the adopted model tells of others."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgpack
import numpy as np

from stream.config import RecommendConfig
from stream.profiles.profile import Profile
from stream.recommend.blend import SITUATIONS, Candidates
from stream.recommend.component import Numbers, Own, Query
from stream.recommend.counts import ItemCounts
from stream.recommend.model import ItemsModel
from stream.recommend.neighbours import SEEDS, fading
from stream.recommend.ranker import Ranker
from stream.recommend.ranking import Ranked, ranked
from stream.recommend.served import Served
from stream.store.base import Saved

STATE, RANKER = "recommend", "ranker:"


class Lists:
    """What to show to a customer next.

    Parameters
    ----------
    config
        Engine settings of recommendations.
    saved
        The partition's state.
    model
        The adopted one, or None before there is any.

    Attributes
    ----------
    counts
        Of the partition's items.
    blend
        Their components, and the rankers.
    orders
        Orders of known customers that were tested.
    """

    def __init__(self, config: RecommendConfig, saved: Saved, model: ItemsModel | None) -> None:
        self._config = config
        state = msgpack.unpackb(saved.scalars[STATE]) if STATE in saved.scalars else (0, 0, 0)
        self.orders: int = state[2]
        self.counts = ItemCounts(config, saved.items, state[:2], Served.signals)
        self.blend = self.counts.blend
        for situation in SITUATIONS:
            if (packed := saved.scalars.get(RANKER + situation)) is not None:
                self.blend.rankers[situation] = Ranker.unpack(packed)
        self.adopt(model)

    def adopt(self, model: ItemsModel | None) -> None:
        """Recommend with another model: by its weights, and with what it tells of other partitions."""
        self._served = Served(model)
        if model is not None:
            for situation, weights in model.weights.items():
                self.blend.rankers[situation].follow(weights)

    def recommend(self, profile: Profile, time: int, count: int, hidden: Collection[str] = ()) -> list[Ranked]:
        """The `count` best items for a customer now, without those that are not to be shown.

        Parameters
        ----------
        profile
            The customer's; what was added lately and not ordered is the open basket, and not shown.
        time
            Event time in ms.
        count
            Length of the list; it is shorter only when there are no more candidates.
        hidden
            Further items not to be shown.
        """
        basket = [item for item, at in profile.added.items() if time - at < self._config.basket]
        exclude = {*self.bought_lately(profile, time), *basket, *hidden}
        candidates = self.candidates(profile, time, basket, exclude)
        chosen = "basket" if basket else situation(profile, exclude)
        return ranked(self.blend, candidates, chosen, count, self.name)

    def bought_lately(self, profile: Profile, time: int) -> set[str]:
        """Items that are not shown because the customer has just ordered them."""
        span = self._config.exclude_bought
        return set() if span is None else {item for item, one in profile.bought.items() if time - one.last < span}

    def candidates(self, profile: Profile, time: int, basket: Collection[str], exclude: Iterable[str]) -> Candidates:
        """Items that may be shown to a customer, with what speaks for each.

        Parameters
        ----------
        profile
            The customer's.
        time
            Event time in ms.
        basket
            Items in the open basket.
        exclude
            Items that may not be shown.
        """
        catalogue = self.counts.catalogue
        numbers = np.array([catalogue.number(item) for item in profile.bought], np.intp)
        values = np.array(list(profile.bought.values()), np.float64).reshape(len(numbers), 3)
        bought = Own(numbers, values[:, 0], values[:, 1], values[:, 2])
        there = numbers >= 0
        own = Own(numbers[there], values[there, 0], values[there, 1], values[there, 2])
        last = last_order(profile)
        query = Query(time, own, catalogue.known(last), catalogue.known(basket))
        seeds = list(zip(profile.bought, fading(bought, time).tolist(), strict=True))
        extra = self._served.offers(catalogue, basket, last, seeds[-SEEDS:])
        size = len(catalogue) + len(self._served.names)
        return self.blend.candidates(query, self.places(exclude), extra, size)

    def places(self, items: Iterable[str]) -> Numbers:
        """Numbers of items among the candidates; those that nobody knows are left out."""
        found = (self._served.place(item, self.counts.catalogue) for item in items)
        return np.array([place for place in found if place >= 0], np.intp)

    def name(self, number: int) -> str:
        """Name of a candidate."""
        return self._served.name(number, self.counts.catalogue)


def situation(profile: Profile, exclude: Collection[str]) -> str:
    """Whether what the customer ordered before may come again."""
    return "new" if all(item in exclude for item in profile.bought) else "next"


def last_order(profile: Profile) -> list[str]:
    """Items of the latest order."""
    latest = max((one.last for one in profile.bought.values()), default=0)
    return [item for item, one in profile.bought.items() if one.last == latest]
