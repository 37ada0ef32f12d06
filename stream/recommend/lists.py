"""Lists for customers, from a partition's own counts and from what the adopted model tells of others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

import msgpack
import numpy as np
from numpy.typing import NDArray

from stream.config import RecommendConfig
from stream.items import NOTHING_KNOWN
from stream.profiles.profile import Profile
from stream.recommend.blend import POOL, SITUATIONS, Candidates
from stream.recommend.component import NONE, Floats, Numbers, Own, Query
from stream.recommend.counts import ItemCounts
from stream.recommend.diverse import CONSIDERED, diverse
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
    segments
        Id -> name of its segments.

    Attributes
    ----------
    counts
        Of the partition's items.
    rules
        What may be shown.
    blend
        Their components, and the rankers.
    orders
        Orders of known customers that were tested.
    """

    def __init__(
        self,
        config: RecommendConfig,
        saved: Saved,
        model: ItemsModel | None,
        segments: Mapping[str, str] | None = None,
    ) -> None:
        self._config = config
        state = msgpack.unpackb(saved.scalars[STATE]) if STATE in saved.scalars else (0, 0, 0)
        self.orders: int = state[2]
        self.counts = ItemCounts(config, saved.items, state[:2], Served.signals)
        self.blend, self.rules = self.counts.blend, self.counts.rules
        self._per_category = config.rules.per_category or 0
        for situation in SITUATIONS:
            if (packed := saved.scalars.get(RANKER + situation)) is not None:
                self.blend.rankers[situation] = Ranker.unpack(packed)
        self.adopt(model, segments)

    def adopt(self, model: ItemsModel | None, segments: Mapping[str, str] | None = None) -> None:
        """Recommend with another model: by its weights, and with what it tells of other partitions.

        Parameters
        ----------
        model
            The adopted one.
        segments
            Id -> name of its segments.
        """
        self._segments = segments or {}
        self._served = Served(model)
        if model is not None:
            for situation, weights in model.weights.items():
                self.blend.rankers[situation].follow(weights)

    def recommend(
        self, profile: Profile, time: int, count: int, hidden: Collection[str] = (), basket: Collection[str] = ()
    ) -> list[Ranked]:
        """The `count` best items for a customer now that may be shown, and before them those that are pinned.

        Parameters
        ----------
        profile
            The customer's; what was added lately and not ordered is the open basket, and not shown.
        time
            Event time in ms.
        count
            Length of the list; it is shorter only when there are no more candidates that the rules let through.
        hidden
            Further items not to be shown.
        basket
            Further items in the open basket.
        """
        basket = list(dict.fromkeys((*self.basket(profile, time), *basket)))
        names = {*self.passed_over(profile, time), *basket, *hidden}
        exclude = np.concatenate((self.places(names), self.rules.priced_out(profile.segment, self._name_of(profile))))
        found = [item for item in self._config.rules.pinned if self._may_show(item, names, exclude)][:count]
        listed = [Ranked(item, 1.0, "pinned", None) for item in found]
        taken = Counter(self.rules.category(self.counts.catalogue.number(item)) for item in found)
        exclude = np.concatenate((exclude, self.places(found)))
        which = "basket" if basket else situation(profile, names)
        while len(listed) < count:
            candidates = self._candidates(profile, time, basket, exclude)
            more = self._ranked(candidates, which, count - len(listed), taken)
            listed += more
            if not more or len(candidates.items) < POOL:
                break  # these were all that there are
            # The pool was full, and too many of it are of the same categories: ask for others.
            full = self.rules.of(
                category for category, number in taken.items() if category >= 0 and number >= self._per_category
            )
            exclude = np.concatenate((exclude, self.places(one.item for one in more), full))
        return listed

    def why_empty(self, profile: Profile, time: int) -> str | None:
        """Why nothing may be shown to a customer for whom there would be something; None where there is nothing."""
        there = len(self._candidates(profile, time, (), NONE, ruled=False).items)
        return "All items are excluded: by rules, or as ordered, added or seen lately." if there else None

    def basket(self, profile: Profile, time: int) -> list[str]:
        """What was added lately and not ordered."""
        return [item for item, at in profile.added.items() if time - at < self._config.basket]

    def passed_over(self, profile: Profile, time: int) -> set[str]:
        """Items that are not shown because the customer has just ordered or seen them."""
        bought, viewed = self._config.exclude_bought, self._config.exclude_viewed
        found = set() if bought is None else {item for item, one in profile.bought.items() if time - one.last < bought}
        if viewed is not None:
            found.update(item for item, at in profile.viewed.items() if time - at < viewed)
        return found

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
            Items that may not be shown, beside those that nobody is shown.
        """
        return self._candidates(profile, time, basket, self.places(exclude))

    def rank(self, candidates: Candidates, which: str, count: int) -> list[str]:
        """Names of the best candidates in a situation, by the rules, best first."""
        return [one.item for one in self._ranked(candidates, which, count, Counter())]

    def _ranked(self, candidates: Candidates, which: str, count: int, taken: Counter[int]) -> list[Ranked]:
        factors = self.rules.factors(candidates.items, lambda name: self._served.place(name, self.counts.catalogue))
        diversity, most = self._config.diversity, self._config.rules.per_category

        def choose(items: Numbers, scores: Floats, count: int) -> NDArray[np.intp]:
            if not diversity:
                return self.rules.spread(items, scores, count, taken)
            # Of each category only the best are considered, as many as there may be.
            places = self.rules.spread(items, scores, CONSIDERED * count, taken.copy())
            places = places[diverse(scores[places], count, diversity, self.counts.likeness(items[places]))]
            taken.update(self.rules.category(item) for item in items[places].tolist())
            return places

        plain = not diversity and most is None
        return ranked(self.blend, candidates, which, count, self.name, factors, None if plain else choose)

    def _may_show(self, item: str, names: Collection[str], exclude: Numbers) -> bool:
        number = self.counts.catalogue.number(item)
        known = NOTHING_KNOWN if number < 0 else self.counts.attributes.item(number)
        return item not in names and self.rules.why(item, known) is None and not (exclude == number).any()

    def _name_of(self, profile: Profile) -> str:
        return self._segments.get(profile.segment, "")

    def _candidates(
        self, profile: Profile, time: int, basket: Collection[str], exclude: Numbers, ruled: bool = True
    ) -> Candidates:
        if ruled:
            exclude = np.concatenate((exclude, self.rules.blocked, self.places(self._config.rules.hide_items)))
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
        return self.blend.candidates(query, exclude, extra, size)

    def places(self, items: Iterable[str]) -> Numbers:
        """Numbers of items among the candidates; those that nobody knows are left out."""
        found = (self._served.place(item, self.counts.catalogue) for item in items)
        return np.array([place for place in found if place >= 0], np.intp)

    def title(self, item: str) -> str:
        """What customers call an item: its name where that is known, else its id."""
        number = self.counts.catalogue.number(item)
        return (None if number < 0 else self.counts.attributes.item(number).name) or item

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
