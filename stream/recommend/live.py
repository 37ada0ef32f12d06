"""Lists as customers act: what to show next, and the item that gave the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stream.config import EngineConfig
from stream.entries import Event
from stream.evaluate.tally import Tally
from stream.model import Model
from stream.profiles.customers import Customers
from stream.profiles.profile import Profile
from stream.recommend.counts import ItemCounts
from stream.recommend.ranking import Ranked, recommend
from stream.recommend.shown import follow
from stream.span import Step
from stream.updates import ItemsRecommended, rounded, to_json, update_id

ADDED, ORDERED = "Product Added", "Order Completed"
HIT_AT = 10


class Recommender:
    """Counts which items go together, and gives lists by the adopted model.

    Each order of a customer who ordered before is a test first: the list that would have been given just before it
    is a hit when it holds one of the order's items. Only then is the order learnt.
    """

    def __init__(
        self, config: EngineConfig, model: Model, tally: Tally, customers: Customers, items: Mapping[str, bytes]
    ) -> None:
        self._config = config.recommend
        self._window = config.evaluate.attribution
        self._tally = tally
        self._customers = customers
        self._counts = ItemCounts(config.recommend)
        self._lists: dict[str, ItemsRecommended | None] = {}
        for name, packed in items.items():
            self._counts.load_item(name, packed)
        self.adopt(model)

    def adopt(self, model: Model) -> None:
        """Recommend with another model."""
        self._version = model.version
        self._model = model.items

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
            self._counts.learn_order(items, event.time)
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

    def pack(self) -> list[tuple[str, bytes]]:
        """Packed counts of all items, by name."""
        packed = ((name, self._counts.pack_item(name)) for name in sorted(self._counts.items()))
        return [(name, row) for name, row in packed if row is not None]

    def _test(self, profile: Profile, items: list[str], time: int) -> None:
        if self._model is None or not profile.bought:
            return
        wanted = set(items)
        offered = self._rank(profile, time, HIT_AT, added=False)
        popular = self._model.popular[:HIT_AT]
        self._tally.lists.add(
            time,
            trials=1,
            hits=any(ranked.item in wanted for ranked in offered),
            popular_hits=any(item in wanted for item, _ in popular),
        )

    def _rank(self, profile: Profile, time: int, count: int, *, added: bool) -> list[Ranked]:
        assert self._model is not None
        span = self._config.exclude_bought
        exclude = set() if span is None else {item for item, at in profile.bought.items() if time - at < span}
        history = list(profile.bought.items())
        if added:
            exclude.update(item for item, at in profile.added.items() if time - at < self._config.debounce)
            history += profile.added.items()
        history.reverse()
        return recommend(history, exclude, self._model, count, self._config)

    def _list(self, profile: Profile, step: Step, event: Event) -> ItemsRecommended | None:
        ranked = self._rank(profile, event.time, self._config.count, added=True)
        contents = "\0".join([f"{one.item}\0{one.reason}\0{one.because}" for one in ranked])
        # What is said already is not said again, until a click on it would no longer be credited.
        known = profile.impressions.current(contents) and step.time - profile.listed < self._window
        if not ranked or known:
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
            items=_told(ranked),
        )
        return listed


def _told(ranked: list[Ranked]) -> Any:
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
            for one in ranked
        ]
    )


def _sentence(ranked: Ranked) -> str:
    if ranked.reason == "similar":
        return f"Often ordered together with {ranked.because}."
    if ranked.reason == "again":
        return "You ordered or added this before."
    return "Popular now."
