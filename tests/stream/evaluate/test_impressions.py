"""Impressions, clicks and orders are credited once, in time, to the last touch, and in bounded memory."""

from __future__ import annotations

import random

import msgpack
import pytest

from stream.durations import DAY
from stream.engine import Engine
from stream.entries import Event
from stream.evaluate.impressions import PUBLISHED, REMEMBERED, Impressions
from stream.evaluate.lists import ListCounts
from stream.updates import ItemsRecommended
from tests.stream.fold import START, config, run, with_models
from tests.stream.fold import events as shop

WINDOW = 100


def shown(*lists: tuple[str, list[str], int]) -> Impressions:
    impressions = Impressions()
    for name, items, time in lists:
        impressions.show(name, items, time)
    return impressions


def test_a_list_counts_once_however_often_it_is_shown():
    impressions = shown()
    assert impressions.show("r", ["a", "b"], 0) == (1, 2)
    assert impressions.show("r", ["b", "c"], 1) == (0, 1)
    assert impressions.show("other", ["a"], 2) == (1, 1)


@pytest.mark.parametrize(
    ("name", "time", "credited"),
    [
        (None, 50, (20, True)),  # the last list that showed it
        ("first", 50, (0, True)),
        ("second", 19, None),  # before it was shown
        (None, 19, (0, True)),
        ("first", 101, None),  # too late
        ("unknown", 50, None),
    ],
)
def test_a_click_is_credited_to_its_list_or_to_the_last_one(name, time, credited):
    assert shown(("first", ["a"], 0), ("second", ["a"], 20)).click("a", name, time, WINDOW) == credited


def test_a_click_counts_once_an_item_and_once_a_list():
    impressions = shown(("r", ["a", "b"], 0))
    assert impressions.click("a", "r", 1, WINDOW) == (0, True)
    assert impressions.click("a", "r", 2, WINDOW) is None
    assert impressions.click("b", "r", 3, WINDOW) == (0, False)


def test_an_order_is_credited_to_the_last_click_once():
    impressions = shown(("first", ["a"], 0), ("second", ["a"], 20))
    impressions.click("a", "second", 30, WINDOW)
    impressions.click("a", "first", 40, WINDOW)
    assert list(impressions.order(["a"], 50, WINDOW)) == [("ordered_items", 0)]
    assert list(impressions.order(["a"], 60, WINDOW)) == [("ordered_items", 20)]
    assert list(impressions.order(["a"], 70, WINDOW)) == []


def test_the_window_of_an_order_begins_with_the_click():
    impressions = shown(("r", ["a"], 0))
    impressions.click("a", None, 90, WINDOW)
    assert list(impressions.order(["a"], 190, WINDOW)) == [("ordered_items", 0)]
    late = shown(("r", ["a"], 0))
    late.click("a", None, 90, WINDOW)
    assert list(late.order(["a"], 191, WINDOW)) == []
    assert list(late.order(["a"], 89, WINDOW)) == []  # an order from before the click


def test_an_order_without_a_click_is_view_through():
    impressions = shown(("r", ["a", "b"], 0))
    assert list(impressions.order(["b", "c"], 100, WINDOW)) == [("viewed_orders", 0)]
    assert list(impressions.order(["b"], 100, WINDOW)) == []
    assert list(impressions.order(["a"], 101, WINDOW)) == []


def test_memory_is_bounded_and_stored_exactly():
    impressions = Impressions()
    assert impressions.pack() == ()
    assert impressions.show("x" * 10_000, [f"i{n}" for n in range(1_000)], 0) == (1, REMEMBERED)
    assert impressions.show("next", ["new"], 1) == (1, 1)
    for n in range(100):
        impressions.publish(f"p{n}")
    packed = msgpack.packb(impressions.pack())
    assert len(packed) < REMEMBERED * 45 + 200
    again = Impressions.unpack(msgpack.unpackb(packed))
    assert msgpack.packb(again.pack()) == packed
    assert [again.published(f"p{n}") for n in range(100)] == [n >= 100 - PUBLISHED for n in range(100)]
    assert again.click("i0", None, 5, WINDOW) is None  # the oldest was forgotten
    assert again.click("i1", "x" * 10_000, 5, WINDOW) == (0, True)


def events(*told: tuple[str, dict]) -> list[Event]:
    return [Event(at, START + at, "ann", True, f"m{at}", kind, said, {}) for at, (kind, said) in enumerate(told)]


def products(*items: str) -> list[dict]:
    return [{"product_id": item} for item in items]


def test_the_engine_counts_what_events_say():
    engine = Engine(config())
    run(
        engine,
        events(
            ("Recommendation Shown", {"recommendation_id": "r1", "products": products("a", "b")}),
            ("Product List Viewed", {"recommendation_id": 7, "products": products("c")}),
            ("Product List Viewed", {"list_id": "hot deals", "products": products("d", "e")}),  # no recommendation
            ("Recommendation Shown", {"recommendation_id": "r1", "products": products("a", "b")}),
            ("Recommendation Shown", {"products": products("f")}),
            ("Recommendation Shown", {"recommendation_id": "", "products": products("f")}),
            ("Recommendation Shown", {"recommendation_id": {"id": "r"}, "list_id": [1], "products": products("f")}),
            ("Recommendation Shown", {"recommendation_id": "r2", "products": ["f", None, {}]}),
            ("Product Clicked", {"product_id": "a", "recommendation_id": "r1"}),
            ("Product Clicked", {"product_id": "d"}),
            ("Order Completed", {"products": products("a", "c", "d")}),
            ("Order Completed", {"products": products("a", "c")}),
        ),
    )
    assert engine.tally.lists.total == ListCounts(
        trials=0, lists=2, items=3, clicked_lists=1, clicked_items=1, ordered_items=1, viewed_orders=1
    )
    assert sum(part.items for part in engine.tally.lists.periods.parts.values()) == 3


def test_a_list_that_was_published_is_known_by_its_id_to_its_customer_alone():
    engine = Engine(config())
    updates = [update for entry in with_models(shop(), config()) for update in engine.apply([entry])[0]]
    given = [update for update in updates if isinstance(update, ItemsRecommended)][-1]
    other = next(profile.customer for profile in engine.customers if profile.customer != given.customer)
    for at, customer in enumerate((other, given.customer)):
        said = {"list_id": given.id, "products": products(*(item.item for item in given.items))}
        engine.apply([Event(10_000 + at, engine.clock, customer, True, f"v{at}", "Product List Viewed", said, {})])
    assert (engine.tally.lists.total.lists, engine.tally.lists.total.items) == (1, len(given.items))


def test_anonymous_visitors_have_no_impressions():
    engine = Engine(config())
    engine.apply([Event(0, START, "x", False, "m", "Recommendation Shown", {"recommendation_id": "r"}, {})])
    assert engine.tally.lists.total == ListCounts()


def test_the_cuts_of_batches_do_not_matter():
    draw = random.Random(3)
    kinds = ["Recommendation Shown", "Product Clicked", "Order Completed"]
    told = []
    for at in range(300):
        kind, items = draw.choice(kinds), [f"i{draw.randrange(9)}" for _ in range(3)]
        said = {"products": products(*items)} if kind != "Product Clicked" else {"product_id": items[0]}
        name = draw.choice([{"recommendation_id": f"r{draw.randrange(40)}"}, {}])
        told.append(Event(at, START + at * DAY // 8, f"u{draw.randrange(5)}", True, f"m{at}", kind, said | name, {}))
    whole, single = Engine(config()), Engine(config())
    run(whole, told)
    run(single, told, list(range(300)))
    counts = whole.tally.lists.total
    assert min(counts.clicked_items, counts.ordered_items, counts.viewed_orders) > 0
    assert counts.clicked_lists <= counts.lists
    assert counts.ordered_items <= counts.clicked_items <= counts.items
    assert whole.state_hash() == single.state_hash()
