"""Lists as customers act: what to show next, and the item that gave the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgpack

from stream.config import EngineConfig
from stream.entries import Event
from stream.evaluate.tally import Tally
from stream.model import Model
from stream.profiles.customers import Customers
from stream.profiles.profile import Profile
from stream.recommend.answers import answer
from stream.recommend.blend import SITUATIONS, Candidates
from stream.recommend.component import marked
from stream.recommend.counts import CHANGED
from stream.recommend.lists import RANKER, STATE, Lists, last_order, situation
from stream.recommend.ranker import Ranker
from stream.recommend.shown import follow
from stream.recommend.told import told
from stream.requests import REQUESTED
from stream.span import Step
from stream.store.base import Saved
from stream.updates import ItemsRecommended, RecommendationsAnswered, to_json, update_id

VIEWED, ADDED, ORDERED = "Product Viewed", "Product Added", "Order Completed"
HIT_AT = 10

EAGER = 100
"""Orders of known customers that teach the rankers of all situations; from then on, each order teaches one in turn."""

OPEN = 4
"""Items of an order, at the least, of which the first half is taken for an open basket."""


class Recommender:
    """Counts what goes together, learns how much each signal counts, and gives lists.

    How much each signal counts is the model's to say: partitions contribute what they have learnt.

    Each order of a customer who ordered before is a test first: the list that would have been given just before it
    is a hit when it holds one of the order's items. Only then is the order learnt.
    """

    def __init__(self, config: EngineConfig, model: Model, tally: Tally, customers: Customers, saved: Saved) -> None:
        self._config = config.recommend
        self._window = config.evaluate.attribution
        self._tally = tally
        self._customers = customers
        self.lists = Lists(config.recommend, saved, model.items, model.segment_names)
        self._counts, self._blend = self.lists.counts, self.lists.blend
        self._lists: dict[str, ItemsRecommended | None] = {}
        self._taught: set[str] = set()
        self._changed: set[str] = set()
        self._known_hidden = False  # what others are told of hidden items is not read back
        self._told = self._state()
        self._gone: set[str] = set()  # items that are counted no more, and are in the index for others to see
        self._use(model)

    def adopt(self, model: Model) -> None:
        """Recommend with another model."""
        self.lists.adopt(model.items, model.segment_names)
        self._use(model)

    def decide(self, step: Step, moved: bool = False) -> ItemsRecommended | RecommendationsAnswered | None:
        """Test, learn, and give a new list if there is a reason to look for one.

        Parameters
        ----------
        step
            What has happened.
        moved
            Whether it has brought the customer into another segment.
        """
        event, profile = step.event, step.profile
        if event is not None:
            if event.kind == REQUESTED:
                return self._answer(step, event)
            self._learn(step, event)
        if profile is None or self._model is None or not self._due(step, profile, moved):
            return None
        return self._list(profile, step)

    def _due(self, step: Step, profile: Profile, moved: bool) -> bool:
        """Whether what to list is looked at now: an order always is, all else once in a while."""
        event, config, since = step.event, self._config, step.time - profile.listed
        triggered = event is not None and event.kind in config.triggers
        if triggered and event is not None and event.kind == ORDERED:
            return True
        if triggered or (moved and config.on_segment_change):
            return since >= config.debounce
        return config.tick is not None and step.model is None and bool(profile.listed) and since >= config.tick

    def _learn(self, step: Step, event: Event) -> None:
        profile = step.profile
        if not event.customer:
            self._counts.tell(event.kind, event.properties)
        if not step.products:
            return
        items = list(dict.fromkeys(product.id for product in step.products))
        if profile is not None and follow(profile, event, items, self._window, self._tally.lists):
            self._customers.touch(profile)
        if event.kind == ORDERED:
            if profile is not None:
                self._test(profile, items, event.time)
            self._counts.learn_order(items, event.time, () if profile is None else last_order(profile))
        elif event.kind == ADDED:
            self._counts.learn_add(items[0], event.time)
        self._counts.hear(step.products)
        if profile is None:
            return
        if event.kind == ORDERED:
            for item in items:
                profile.remember_bought(item, event.time)
        elif event.kind == ADDED:
            for item in items:
                profile.remember_added(item, event.time)
        elif event.kind == VIEWED and self._config.exclude_viewed is not None:
            for item in items:
                profile.remember_viewed(item, event.time)

    def contribute(self) -> dict[str, Ranker]:
        """What was learnt of the signals, for the merger."""
        return {situation: ranker.merge(()) for situation, ranker in self._blend.rankers.items()}

    def drain(self) -> dict[str, bytes | None]:
        """Packed counts of the items that changed since the last call; None for those that are counted no more."""
        changed = sorted(self._counts.drain_changed())
        self._changed.update(changed)
        return {name: self._counts.pack_item(name) for name in changed}

    def drain_hidden(self) -> dict[str, Any]:
        """Fields of a delta: items that nobody is to be shown, as far as that has changed since the last call."""
        changed, self._changed = self._changed, set()
        anew, self._known_hidden = not self._known_hidden, True
        return {"hidden": self._counts.hidden(sorted(changed)), "hidden_anew": anew}

    def index(self, items: Mapping[str, bytes | None], entries: int) -> dict[str, dict[str, int | None]]:
        """Changes of the index `CHANGED`, of what `drain` gave.

        An item that is counted no more stays in it until others go: whoever follows the index has seen it by then.
        """
        gone = {name for name, packed in items.items() if packed is None}
        ranks: dict[str, int | None] = dict.fromkeys(self._gone) if gone else {}
        self._gone = gone or self._gone - items.keys()
        return {CHANGED: ranks | dict.fromkeys(items, entries)}

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
        changed = {RANKER + situation: self._blend.rankers[situation].pack() for situation in sorted(self._taught)}
        self._taught.clear()
        if (state := self._state()) != self._told:
            changed[STATE] = self._told = state
        return changed

    def pack(self) -> list[tuple[str, bytes]]:
        """All that is stored, by name."""
        rankers = ((RANKER + situation, ranker.pack()) for situation, ranker in self._blend.rankers.items())
        return [*self.rows().items(), (STATE, self._state()), *rankers]

    def rows(self) -> dict[str, bytes]:
        """Packed counts of all items, by name."""
        packed = ((name, self._counts.pack_item(name)) for name in sorted(self._counts.items()))
        return {name: row for name, row in packed if row is not None}

    def _state(self) -> bytes:
        packed: bytes = msgpack.packb((*self._counts.state, self.lists.orders))
        return packed

    def _use(self, model: Model) -> None:
        self._version, self._model = model.version, model.items

    def _test(self, profile: Profile, items: list[str], time: int) -> None:
        if self._model is None or not profile.bought:
            return
        wanted = set(items)
        exclude = self.lists.passed_over(profile, time)
        candidates = self.lists.candidates(profile, time, (), exclude)
        offered = self.lists.rank(candidates, situation(profile, exclude), HIT_AT)
        popular = self._model.popular[:HIT_AT]
        self._tally.lists.add(
            time,
            trials=1,
            hits=any(item in wanted for item in offered),
            popular_hits=any(item in wanted for item, _ in popular),
        )
        self.lists.orders += 1
        for each in SITUATIONS if self.lists.orders <= EAGER else (SITUATIONS[self.lists.orders % len(SITUATIONS)],):
            self._teach(each, profile, items, time, candidates)

    def _teach(self, which: str, profile: Profile, items: list[str], time: int, candidates: Candidates) -> None:
        if which == "basket":
            if len(items) < OPEN:
                return
            half = len(items) // 2
            candidates = self.lists.candidates(profile, time, items[:half], items[:half])
            items = items[half:]
        elif which == "new":
            kept = ~marked(candidates.items, self.lists.places(profile.bought))
            candidates = Candidates(candidates.items[kept], candidates.features[kept], candidates.offers)
        if self._blend.teach(candidates, which, self.lists.places(items)):
            self._taught.add(which)

    def _answer(self, step: Step, event: Event) -> RecommendationsAnswered:
        found = answer(self.lists, step, event, self._version, self._config.count)
        if step.profile is not None:  # so that it can be shown as `list_id`; nobody is remembered for asking
            step.profile.impressions.publish(found.id)
            self._customers.touch(step.profile)
        return found

    def _list(self, profile: Profile, step: Step) -> ItemsRecommended | None:
        time = step.time if step.event is None else step.event.time
        offered = self.lists.recommend(profile, time, self._config.count)
        why = None if offered else self.lists.why_empty(profile, time)
        profile.listed = step.time
        self._customers.touch(profile)
        contents = "\0".join([f"{one.item}\0{one.reason}\0{one.because}" for one in offered]) or "empty"
        # What is said already is not said again, until a click on it would no longer be credited.
        known = profile.impressions.current(contents) and step.time - profile.impressions.given < self._window
        if known or not (offered or why):
            return None
        cause = step.cause.kind if step.event is None else step.event.message_id
        name = update_id("list", profile.customer, step.time, self._version, cause)
        profile.impressions.publish(name, contents, step.time)
        self._lists[profile.customer] = listed = ItemsRecommended(
            id=name,
            customer=profile.customer,
            occurred_at=step.time,
            cause=step.cause,
            model=self._version,
            items=told(offered, profile, self.lists.title),
            empty_because=why,
        )
        return listed
