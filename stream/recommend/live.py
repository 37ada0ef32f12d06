"""Lists as customers act: what to show next, and the item that gave the reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgpack
import numpy as np

from stream.config import EngineConfig
from stream.entries import Event
from stream.evaluate.tally import Tally
from stream.model import Model
from stream.profiles.customers import Customers
from stream.profiles.profile import Profile
from stream.recommend.blend import SITUATIONS, Candidates
from stream.recommend.component import Numbers, Own, Query
from stream.recommend.counts import ItemCounts
from stream.recommend.neighbours import SEEDS, fading
from stream.recommend.ranker import Ranker
from stream.recommend.ranking import Ranked, ranked
from stream.recommend.served import Served
from stream.recommend.shown import follow
from stream.span import Step
from stream.store.base import Saved
from stream.updates import ItemsRecommended, rounded, to_json, update_id

ADDED, ORDERED = "Product Added", "Order Completed"
HIT_AT = 10

EAGER = 500
"""Orders of known customers that teach the rankers of all situations; from then on, each order teaches one in turn."""

OPEN = 4
"""Items of an order, at the least, of which the first half is taken for an open basket."""

_STATE, _RANKER = "recommend", "ranker:"


class Recommender:
    """Counts what goes together, learns how much each signal counts, and gives lists.

    Lists are made of the partition's own counts as they are at that moment, and of what the adopted model tells of
    other partitions. How much each signal counts is the model's to say: partitions contribute what they have learnt.

    Each order of a customer who ordered before is a test first: the list that would have been given just before it
    is a hit when it holds one of the order's items. Only then is the order learnt.
    """

    def __init__(self, config: EngineConfig, model: Model, tally: Tally, customers: Customers, saved: Saved) -> None:
        self._config = config.recommend
        self._window = config.evaluate.attribution
        self._tally = tally
        self._customers = customers
        state = msgpack.unpackb(saved.scalars[_STATE]) if _STATE in saved.scalars else (0, 0, 0)
        self._orders: int = state[2]
        self._counts = ItemCounts(config.recommend, saved.items, state[:2], Served.signals)
        self._blend = self._counts.blend
        for situation in SITUATIONS:
            if (packed := saved.scalars.get(_RANKER + situation)) is not None:
                self._blend.rankers[situation] = Ranker.unpack(packed)
        self._lists: dict[str, ItemsRecommended | None] = {}
        self._taught: set[str] = set()
        self._told = self._state()
        self.adopt(model)

    def adopt(self, model: Model) -> None:
        """Recommend with another model."""
        self._version = model.version
        self._model = model.items
        self._served = Served(model.items)
        if model.items is not None:
            for situation, weights in model.items.weights.items():
                self._blend.rankers[situation].follow(weights)

    def decide(self, step: Step) -> ItemsRecommended | None:
        """Test, learn, and give a new list if the event asks for one."""
        event, profile = step.event, step.profile
        if event is None or not step.products:
            return None
        items = list(dict.fromkeys(product.id for product in step.products))
        if profile is not None and follow(profile, event, items, self._window, self._tally.lists):
            self._customers.touch(profile)
        if event.kind == ORDERED:
            if profile is not None:
                self._test(profile, items, event.time)
            self._counts.learn_order(items, event.time, () if profile is None else _last(profile))
        elif event.kind == ADDED:
            self._counts.learn_add(items[0], event.time)
        if profile is None:
            return None
        if event.kind == ORDERED:
            for item in items:
                profile.remember_bought(item, event.time)
        elif event.kind == ADDED:
            for item in items:
                profile.remember_added(item, event.time)
        if event.kind not in self._config.triggers or self._model is None:
            return None
        if event.kind != ORDERED and step.time - profile.listed < self._config.debounce:
            return None
        return self._list(profile, step, event)

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
        exclude = {*self._bought_lately(profile, time), *basket, *hidden}
        candidates = self._candidates(profile, time, basket, exclude)
        situation = "basket" if basket else _situation(profile, exclude)
        return ranked(self._blend, candidates, situation, count, self._name)

    def contribute(self) -> dict[str, Ranker]:
        """What was learnt of the signals, for the merger."""
        return {situation: ranker.merge(()) for situation, ranker in self._blend.rankers.items()}

    def drain(self) -> dict[str, bytes | None]:
        """Packed counts of the items that changed since the last call; None for those that are counted no more."""
        return {name: self._counts.pack_item(name) for name in sorted(self._counts.drain_changed())}

    def forget(self, profile: Profile) -> None:
        """Have the customer's list removed."""
        self._lists[profile.customer] = None

    def drain_lists(self) -> dict[str, bytes | None]:
        """Current lists that changed since the last call, as they are published; None where none is to be read."""
        lists, self._lists = self._lists, {}
        keep = self._config.cache_lists
        return {customer: to_json(one) if one is not None and keep else None for customer, one in lists.items()}

    def drain_scalars(self) -> dict[str, bytes]:
        """What else has changed."""
        changed = {_RANKER + situation: self._blend.rankers[situation].pack() for situation in sorted(self._taught)}
        self._taught.clear()
        if (state := self._state()) != self._told:
            changed[_STATE] = self._told = state
        return changed

    def pack(self) -> list[tuple[str, bytes]]:
        """All that is stored, by name."""
        rankers = ((_RANKER + situation, ranker.pack()) for situation, ranker in self._blend.rankers.items())
        return [*self.rows().items(), (_STATE, self._state()), *rankers]

    def rows(self) -> dict[str, bytes]:
        """Packed counts of all items, by name."""
        packed = ((name, self._counts.pack_item(name)) for name in sorted(self._counts.items()))
        return {name: row for name, row in packed if row is not None}

    def _state(self) -> bytes:
        packed: bytes = msgpack.packb((*self._counts.state, self._orders))
        return packed

    def _test(self, profile: Profile, items: list[str], time: int) -> None:
        if self._model is None or not profile.bought:
            return
        wanted = set(items)
        exclude = self._bought_lately(profile, time)
        candidates = self._candidates(profile, time, (), exclude)
        situation = _situation(profile, exclude)
        offered = candidates.items[self._blend.rank(candidates, situation, HIT_AT)]
        popular = self._model.popular[:HIT_AT]
        self._tally.lists.add(
            time,
            trials=1,
            hits=any(self._name(number) in wanted for number in offered.tolist()),
            popular_hits=any(item in wanted for item, _ in popular),
        )
        self._orders += 1
        for each in SITUATIONS if self._orders <= EAGER else (SITUATIONS[self._orders % len(SITUATIONS)],):
            self._teach(each, profile, items, time, candidates)

    def _teach(self, situation: str, profile: Profile, items: list[str], time: int, candidates: Candidates) -> None:
        if situation == "basket":
            if len(items) < OPEN:
                return
            half = len(items) // 2
            candidates = self._candidates(profile, time, items[:half], items[:half])
            items = items[half:]
        elif situation == "new":
            kept = ~np.isin(candidates.items, self._places(profile.bought))
            candidates = Candidates(candidates.items[kept], candidates.features[kept], candidates.offers)
        if self._blend.teach(candidates, situation, self._places(items)):
            self._taught.add(situation)

    def _bought_lately(self, profile: Profile, time: int) -> set[str]:
        span = self._config.exclude_bought
        return set() if span is None else {item for item, one in profile.bought.items() if time - one.last < span}

    def _candidates(self, profile: Profile, time: int, basket: Collection[str], exclude: Iterable[str]) -> Candidates:
        catalogue = self._counts.catalogue
        known = [item for item in profile.bought if item in catalogue]
        values = np.array([profile.bought[item] for item in known], np.float64).reshape(len(known), 3)
        own = Own(catalogue.known(known), values[:, 0], values[:, 1], values[:, 2])
        last = _last(profile)
        query = Query(time, own, catalogue.known(last), catalogue.known(basket))
        seeds = list(zip(known, fading(own, time).tolist(), strict=True))
        extra = self._served.offers(catalogue, basket, last, seeds[-SEEDS:])
        size = len(catalogue) + len(self._served.names)
        return self._blend.candidates(query, self._places(exclude), extra, size)

    def _places(self, items: Iterable[str]) -> Numbers:
        catalogue, served = self._counts.catalogue, self._served
        found = (served.place(item, catalogue) for item in items)
        return np.array([place for place in found if place is not None], np.intp)

    def _name(self, number: int) -> str:
        return self._served.name(number, self._counts.catalogue)

    def _list(self, profile: Profile, step: Step, event: Event) -> ItemsRecommended | None:
        offered = self.recommend(profile, event.time, self._config.count)
        contents = "\0".join([f"{one.item}\0{one.reason}\0{one.because}" for one in offered])
        # What is said already is not said again, until a click on it would no longer be credited.
        known = profile.impressions.current(contents) and step.time - profile.listed < self._window
        if not offered or known:
            return None
        name = update_id("list", profile.customer, step.time, self._version, event.message_id)
        profile.listed = step.time
        profile.impressions.publish(name, contents)
        self._customers.touch(profile)
        self._lists[profile.customer] = listed = ItemsRecommended(
            id=name,
            customer=profile.customer,
            occurred_at=step.time,
            cause=step.cause,
            model=self._version,
            items=_told(offered),
        )
        return listed


def _situation(profile: Profile, exclude: Collection[str]) -> str:
    return "new" if all(item in exclude for item in profile.bought) else "next"


def _last(profile: Profile) -> list[str]:
    """Items of the latest order."""
    latest = max((one.last for one in profile.bought.values()), default=0)
    return [item for item, one in profile.bought.items() if one.last == latest]


def _told(offered: list[Ranked]) -> Any:
    """Fields of `RecommendedItem`: the list validates them all at once, three times as fast as one by one."""
    return tuple(
        [
            {
                "item": one.item,
                "score": rounded(one.score),
                "reason": one.reason,
                "because": one.because,
                "sentence": _sentence(one),
            }
            for one in offered
        ]
    )


def _sentence(one: Ranked) -> str:
    if one.reason == "similar":
        return f"Often ordered together with {one.because}."
    if one.reason == "after":
        return f"Often ordered after {one.because}."
    if one.reason == "again":
        return "You ordered this before."
    return "Popular now."
