"""When what to list is looked at: after events, a move to another segment, a time; once in a while, and told if new."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from stream.durations import DAY
from stream.engine import Engine
from stream.entries import Entry, Event, ModelAdopted, Tick
from stream.model import Model
from stream.recommend.model import ItemsModel
from stream.store.memory import MemoryStore
from stream.updates import ItemsRecommended, SegmentChanged, Update, to_json
from tests.stream import fold

MINUTE = 60_000
HOUR = 60 * MINUTE
MODEL = ModelAdopted(Model(1, items=ItemsModel({}, (("pot", 3.0), ("cup", 2.0), ("milk", 1.0)), shared=True)))


def engine(**recommend: Any) -> Engine:
    made = Engine(fold.config(recommend={"count": 3} | recommend))
    made.apply([MODEL])
    return made


def event(number: int, time: int, kind: str, *items: str) -> Event:
    products = {"products": [{"product_id": item} for item in items]} if items else {}
    return Event(number, fold.START + time, "ann", True, f"m{number}", kind, products, {})


def lists(engine: Engine, *entries: Entry) -> list[ItemsRecommended]:
    return [update for update in engine.apply(entries)[0] if isinstance(update, ItemsRecommended)]


@pytest.mark.parametrize(("kind", "items"), [("Product Viewed", ("tea",)), ("Checkout Started", ())])
def test_any_event_may_ask_for_a_list(kind: str, items: tuple[str, ...]) -> None:
    assert lists(engine(), event(1, 0, kind, *items)) == []
    (given,) = lists(engine(triggers=[kind]), event(1, 0, kind, *items))
    assert (given.cause.event, [one.item for one in given.items]) == (kind, ["pot", "cup", "milk"])


def test_what_to_list_is_looked_at_once_in_a_while_and_told_if_it_is_new() -> None:
    triggers = ["Product Viewed", "Order Completed"]
    one = engine(triggers=triggers, exclude_viewed="1h", debounce="10m", exclude_bought=None)
    items = ["tea", "tea", *["pot"] * 22]
    viewed = [event(number, number * MINUTE, "Product Viewed", item) for number, item in enumerate(items, 1)]
    given = lists(one, *viewed)
    assert [(update.occurred_at - fold.START) // MINUTE for update in given] == [1, 11]  # and at 21 it says the same
    assert [item.item for item in given[1].items] == ["cup", "milk"]
    (ordered,) = lists(one, event(30, 25 * MINUTE, "Order Completed", "cup"))  # is always looked at
    assert ordered.occurred_at == fold.START + 25 * MINUTE


def test_a_list_that_has_grown_old_is_looked_at_again() -> None:
    """At the customer's next event, or at a look when there is none; some time after an order its items come back."""
    order, visit = event(1, 0, "Order Completed", "pot", "tea"), event(2, 13 * HOUR, "Page Turned")
    for entry, kind in ((visit, "event"), (Tick(fold.START + DAY + MINUTE), "time")):
        for tick, count in (("12h", 1), ("2d", 0), (None, 0)):
            one = engine(tick=tick, exclude_bought="6h")
            (first,) = lists(one, order)
            assert "pot" not in {item.item for item in first.items}
            again = lists(one, entry)
            assert len(again) == count
            for update in again:
                assert update.cause.kind == kind
                assert "pot" in {item.item for item in update.items}
                assert update.id != first.id


def test_a_tick_gives_no_list_to_who_never_had_one_looked_for() -> None:
    assert lists(engine(tick="1d"), event(1, 0, "Page Turned"), event(2, 3 * DAY, "Page Turned")) == []


def test_a_list_that_grew_old_and_says_the_same_is_not_told_and_not_looked_at_all_the_time() -> None:
    one = engine(tick="6h", exclude_bought=None)
    assert len(lists(one, event(1, 0, "Order Completed", "tea"))) == 1
    assert lists(one, event(2, 7 * HOUR, "Page Turned")) == []
    profile = one.customers.get("ann")
    assert profile is not None
    assert profile.listed == fold.START + 7 * HOUR
    assert profile.impressions.given == fold.START
    assert lists(one, event(3, 8 * HOUR, "Page Turned")) == []
    assert profile.listed == fold.START + 7 * HOUR
    assert len(lists(one, event(4, 8 * DAY, "Page Turned"))) == 1  # a click on the first would not be credited any more


def test_a_move_to_another_segment_asks_for_a_list() -> None:
    settings = fold.config(recommend={"triggers": [], "debounce": "1s"}, learning={"every": 100})
    entries = fold.with_models(fold.events(600), settings)
    asking = settings.recommend.model_copy(update={"on_segment_change": True})
    moving = Engine(settings.model_copy(update={"recommend": asking}))
    assert not any(isinstance(update, ItemsRecommended) for update in Engine(settings).apply(entries)[0])
    updates = moving.apply(entries)[0]
    found = [place for place, update in enumerate(updates) if isinstance(update, ItemsRecommended)]
    assert len(found) > 20
    moves = {(one.customer, one.occurred_at, one.cause.kind) for one in updates if isinstance(one, SegmentChanged)}
    for place in found:
        given = updates[place]
        assert isinstance(given, ItemsRecommended)
        assert (given.customer, given.occurred_at, given.cause.kind) in moves
    assert {updates[place].cause.kind for place in found} == {"event", "time", "model"}  # type: ignore[union-attr]


@pytest.mark.parametrize("cuts", [[300], list(range(1, 620, 3))])
def test_batches_and_restarts_change_nothing(cuts: list[int]) -> None:
    settings = fold.config(
        recommend={"triggers": ["Product Viewed", "Order Completed"], "on_segment_change": True, "tick": "3d"},
        learning={"every": 100},
    )
    entries = fold.with_models(fold.events(600), settings)
    expected = fold.run(Engine(settings), entries)
    store, one = MemoryStore(), Engine(settings)
    epoch = store.acquire(0)
    updates: list[Update] = []
    for low, high in pairwise([0, *cuts, len(entries)]):
        more, delta = one.apply(entries[low:high])
        store.commit(0, epoch, delta, b"")
        updates += more
        one = Engine(settings, store.load(0))
    assert b"\n".join(to_json(update) for update in updates) == expected
