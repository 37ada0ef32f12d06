"""The current list of each customer: said again only when it says something else, and kept for others to read."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.durations import DAY
from stream.engine import Engine
from stream.entries import Entry, Event, ModelAdopted, Tick
from stream.evaluate.impressions import Impressions
from stream.model import Model
from stream.profiles.profile import Profile
from stream.recommend.model import ItemsModel
from stream.store.memory import MemoryStore
from stream.updates import ItemsRecommended, to_json
from tests.stream.fold import START, config, events, with_models

CONFIG = config()
MASSES = dict.fromkeys(("tea", "milk", "cup", "pot"), 1.0)
POPULAR = (("tea", 2.0), ("pot", 1.0))
MODEL = Model(1, items=ItemsModel({"tea": {"milk": 0.5, "cup": 0.25}}, POPULAR, MASSES, shared=True))
MINUTE = 60_000


@cache
def entries() -> tuple[Entry, ...]:
    return tuple(with_models(events(), CONFIG))


@cache
def last_said() -> dict[str, bytes]:
    updates, _ = Engine(CONFIG).apply(entries())
    return {one.customer: to_json(one) for one in updates if isinstance(one, ItemsRecommended)}


def event(number: int, time: int, kind: str, *items: str) -> Event:
    products = {"products": [{"product_id": item} for item in items]}
    return Event(number, START + time, "ann", True, f"m{number}", kind, products, {})


def listed(engine: Engine, *entries: Entry) -> list[ItemsRecommended]:
    return [update for update in engine.apply(entries)[0] if isinstance(update, ItemsRecommended)]


@settings(max_examples=20)
@given(cuts=st.deferred(lambda: st.lists(st.integers(0, len(entries())), max_size=30)))
def test_what_is_kept_is_what_was_said_last_however_entries_are_batched(cuts: list[int]) -> None:
    engine, store = Engine(CONFIG), MemoryStore()
    epoch, edges = store.acquire(0), [0, *sorted(cuts), len(entries())]
    for low, high in pairwise(edges):
        store.commit(0, epoch, engine.apply(entries()[low:high])[1], b"")
    assert dict(store.lists(0)) == last_said()


def test_the_tests_here_have_lists() -> None:
    assert len(last_said()) > 20


def test_the_same_list_is_not_said_again() -> None:
    engine = Engine(CONFIG)
    (first,) = listed(engine, ModelAdopted(MODEL), event(1, 0, "Order Completed", "tea"))
    assert [one.item for one in first.items] == ["milk", "cup", "pot"]
    before = engine.state_hash()
    updates, delta = engine.apply([event(2, MINUTE, "Order Completed", "tea")])
    assert updates == []
    assert delta.lists == {}
    assert engine.state_hash() != before  # the order counts all the same
    (other,) = listed(engine, event(3, 2 * MINUTE, "Order Completed", "pot"))
    assert [one.item for one in other.items] == ["milk", "cup"]
    assert other.id != first.id


def test_the_same_items_for_another_reason_are_another_list() -> None:
    engine = Engine(CONFIG)
    (first,) = listed(engine, ModelAdopted(MODEL), event(1, 0, "Order Completed", "tea"))
    sold = ("tea", 3.0), ("cup", 2.0), ("pot", 1.0)
    popular = Model(2, items=ItemsModel({"tea": {"milk": 0.5}}, sold, MASSES, shared=True))
    (again,) = listed(engine, ModelAdopted(popular), event(2, MINUTE, "Order Completed", "tea"))
    assert [one.item for one in again.items] == [one.item for one in first.items]
    assert [one.reason for one in again.items] != [one.reason for one in first.items]


def test_other_scores_alone_are_not_said_again() -> None:
    engine = Engine(CONFIG)
    listed(engine, ModelAdopted(MODEL), event(1, 0, "Order Completed", "tea"))
    nearer = Model(2, items=ItemsModel({"tea": {"milk": 0.6, "cup": 0.25}}, POPULAR, MASSES, shared=True))
    assert listed(engine, ModelAdopted(nearer), event(2, MINUTE, "Order Completed", "tea")) == []


def test_the_same_list_is_said_again_when_clicks_on_the_first_would_no_longer_count() -> None:
    engine, window = Engine(CONFIG), CONFIG.evaluate.attribution
    (first,) = listed(engine, ModelAdopted(MODEL), event(1, 0, "Order Completed", "tea"))
    assert listed(engine, event(2, window - 1, "Order Completed", "tea")) == []
    (again,) = listed(engine, event(3, window, "Order Completed", "tea"))
    assert (again.items, again.id == first.id) == (first.items, False)


def test_a_click_on_a_list_that_was_not_said_again_is_credited() -> None:
    engine = Engine(CONFIG)
    (first,) = listed(engine, ModelAdopted(MODEL), event(1, 0, "Order Completed", "tea"))
    listed(engine, event(2, 3 * DAY, "Order Completed", "tea"))
    shown = event(3, 4 * DAY, "Product List Viewed", "milk", "cup", "pot")
    shown.properties["list_id"] = first.id
    clicked = event(4, 4 * DAY + MINUTE, "Product Clicked", "milk")
    engine.apply([shown, clicked])
    assert (engine.tally.lists.total.lists, engine.tally.lists.total.clicked_lists) == (1, 1)


def test_who_is_forgotten_has_no_list() -> None:
    settings = config(
        profiles={"retention": "20d"}, targets=[{"name": "buys", "events": ["Order Completed"], "horizon": "7d"}]
    )
    engine = Engine(settings)
    _, delta = engine.apply([ModelAdopted(MODEL), event(1, 0, "Order Completed", "tea")])
    assert delta.lists["ann"] is not None
    _, delta = engine.apply([Tick(START + 60 * DAY)])
    assert delta.lists == {"ann": None}
    back, delta = engine.apply([event(2, 61 * DAY, "Order Completed", "tea")])
    assert delta.lists == {"ann": to_json(next(one for one in back if isinstance(one, ItemsRecommended)))}


@pytest.mark.parametrize("keep", [True, False])
def test_lists_can_be_left_out_and_those_from_before_go(keep: bool) -> None:
    engine = Engine(config(recommend={"cache_lists": keep}))
    updates, delta = engine.apply([ModelAdopted(MODEL), event(1, 0, "Order Completed", "tea")])
    (said,) = [update for update in updates if isinstance(update, ItemsRecommended)]
    assert delta.lists == {"ann": to_json(said) if keep else None}


def test_lists_have_no_part_in_the_state_hash() -> None:
    hashes = set()
    for keep in (True, False):
        engine = Engine(config(recommend={"cache_lists": keep}))
        engine.apply(entries())
        hashes.add(engine.state_hash())
    assert len(hashes) == 1


def test_a_profile_from_before_knows_no_current_list() -> None:
    """What was stored of impressions had three parts: such a profile is read, and its next list is said."""
    impressions = Impressions()
    impressions.publish("l1", "milk")
    assert impressions.current("milk")
    assert not impressions.current("cup")
    again = Impressions.unpack(impressions.pack()[:3])
    assert again.published("l1")
    assert not again.current("milk")
    engine = Engine(CONFIG)
    listed(engine, ModelAdopted(MODEL), event(1, 0, "Order Completed", "tea"))
    (_, packed), *_ = engine.customers.pack()
    *values, parts = msgpack.unpackb(packed)
    old = Profile.unpack("ann", msgpack.packb((*values, parts[:3])))
    assert old.listed
    assert not old.impressions.current("")
