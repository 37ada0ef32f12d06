"""Impressions, clicks and orders are credited once, in time, to the last touch, and in bounded memory."""

from __future__ import annotations

import random
from array import array

import msgpack
import pytest

from stream.durations import DAY
from stream.engine import Engine
from stream.entries import Event
from stream.evaluate.impressions import LISTS, PUBLISHED, REMEMBERED, Impressions
from stream.evaluate.lists import ListCounts, ListTally
from stream.evaluate.periods import Calendar
from stream.profiles.profile import Profile
from stream.recommend.shown import follow
from stream.updates import ItemsRecommended
from tests.stream.fold import START, config, run, with_models
from tests.stream.fold import events as shop

WINDOW = 100


def shown(*lists: tuple[str, list[str], int]) -> Impressions:
    impressions = Impressions()
    for name, items, time in lists:
        impressions.show(name, items, time)
    return impressions


def told(kind: str, time: int, **said: object) -> Event:
    return Event(0, time, "ann", True, f"m{time}", kind, said, {})


def test_a_list_counts_once_however_often_it_is_shown():
    impressions = shown()
    assert impressions.show("r", ["a", "b"], 0) == (1, 2)
    assert impressions.show("r", ["b", "c"], 1) == (0, 1)
    assert impressions.show("other", ["a"], 2) == (1, 1)


@pytest.mark.parametrize(
    ("name", "time", "credited"),
    [
        (None, 50, (20, 20)),  # the last list that showed it
        ("first", 50, (0, 0)),
        ("second", 19, None),  # before it was shown
        (None, 19, (0, 0)),
        ("first", 101, None),  # too late
        ("unknown", 50, None),
    ],
)
def test_a_click_is_credited_to_its_list_or_to_the_last_one(name, time, credited):
    assert shown(("first", ["a"], 0), ("second", ["a"], 20)).click("a", name, time, WINDOW) == credited


def test_a_click_counts_once_an_item_and_once_a_list():
    impressions = shown(("r", ["a", "b"], 0))
    assert impressions.click("a", "r", 1, WINDOW) == (0, 0)
    assert impressions.click("a", "r", 2, WINDOW) is None
    assert impressions.click("b", "r", 3, WINDOW) == (0, None)


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


def test_a_list_in_pages_is_one_list_and_is_clicked_once():
    impressions, lists, first = shown(), 0, []
    for page in range(8):
        items = [f"i{page}.{n}" for n in range(REMEMBERED)]  # more than is remembered of the pages before
        lists += impressions.show("r", items, page * 10)[0]
        first.append(impressions.click(items[0], "r", page * 10 + 1, 1_000))
        impressions = Impressions.unpack(impressions.pack())
    assert lists == 1
    assert first == [(0, 0)] + [(page * 10, None) for page in range(1, 8)]


def test_lists_beyond_those_of_items_are_forgotten():
    impressions = shown(*((f"r{n}", [f"{n}"], n) for n in range(200)))
    assert impressions.click("150", None, 300, 1_000) == (150, 150)  # a list is known as long as one of its items
    assert impressions.show("r150", ["new"], 300) == (0, 1)
    assert impressions.click("new", "r150", 301, 1_000) == (300, None)
    impressions.show("long", [f"i{n}" for n in range(REMEMBERED)], 400)
    again = Impressions.unpack(impressions.pack())
    assert again.show(f"r{200 - LISTS + 2}", ["new"], 401) == (0, 1)
    assert again.show("r100", ["new"], 402) == (1, 1)
    assert len(msgpack.packb(again.pack())) < REMEMBERED * 45 + LISTS * 35


def test_the_click_on_a_list_counts_when_the_list_was_shown():
    tally, profile = ListTally(), Profile("ann", array("d"), [])
    for event, items in (
        (told("Recommendation Shown", 5, recommendation_id="r"), ["a"]),
        (told("Recommendation Shown", tally.periods.calendar.length, recommendation_id="r"), ["b"]),
        (told("Product Clicked", tally.periods.calendar.length + 1, recommendation_id="r"), ["b"]),
    ):
        follow(profile, event, items, 1_000, tally)
    assert tally.periods.parts == {
        0: ListCounts(lists=1, items=1, clicked_lists=1),
        1: ListCounts(items=1, clicked_items=1),
    }


def test_what_becomes_of_impressions_before_other_settings_is_in_the_totals_alone():
    tally, profile = ListTally(), Profile("ann", array("d"), [])
    old = [f"i{n}" for n in range(20)]
    follow(profile, told("Recommendation Shown", 1_000, recommendation_id="old"), old, DAY, tally)
    tally = ListTally.unpack(tally.under(Calendar(DAY, 26)).pack())
    follow(profile, told("Recommendation Shown", 1_001, recommendation_id="new"), ["z"], DAY, tally)
    for item in [*old, "z"]:
        follow(profile, told("Product Clicked", 1_002), [item], DAY, tally)
    follow(profile, told("Order Completed", 1_003), [*old, "z"], DAY, tally)
    assert tally.periods.parts == {0: ListCounts(lists=1, items=1, clicked_lists=1, clicked_items=1, ordered_items=1)}
    assert tally.total.clicked_items == tally.total.ordered_items == tally.total.items == 21
    assert tally.under(Calendar(DAY, 26)) == tally  # the same settings begin nothing anew


def test_memory_is_bounded_and_stored_exactly():
    impressions = Impressions()
    assert impressions.pack() == ()
    assert impressions.show("x" * 10_000, [f"i{n}" for n in range(1_000)], 0) == (1, REMEMBERED)
    assert impressions.show("next", ["new"], 1) == (1, 1)
    for n in range(100):
        impressions.publish(f"p{n}", "tea")
    packed = msgpack.packb(impressions.pack())
    assert len(packed) < REMEMBERED * 45 + 200
    again = Impressions.unpack(msgpack.unpackb(packed))
    assert msgpack.packb(again.pack()) == packed
    assert [again.published(f"p{n}") for n in range(100)] == [n >= 100 - PUBLISHED for n in range(100)]
    assert again.click("i0", None, 5, WINDOW) is None  # the oldest was forgotten
    assert again.click("i1", "x" * 10_000, 5, WINDOW) == (0, 0)


def events(*said: tuple[str, dict]) -> list[Event]:
    return [
        Event(at, START + at, "ann", True, f"m{at}", kind, properties, {}) for at, (kind, properties) in enumerate(said)
    ]


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
    history = []
    for at in range(300):
        kind, items = draw.choice(kinds), [f"i{draw.randrange(9)}" for _ in range(3)]
        said = {"products": products(*items)} if kind != "Product Clicked" else {"product_id": items[0]}
        name = draw.choice([{"recommendation_id": f"r{draw.randrange(40)}"}, {}])
        history.append(Event(at, START + at * DAY // 8, f"u{draw.randrange(5)}", True, f"m{at}", kind, said | name, {}))
    whole, single = Engine(config()), Engine(config())
    run(whole, history)
    run(single, history, list(range(300)))
    counts = whole.tally.lists.total
    assert min(counts.clicked_items, counts.ordered_items, counts.viewed_orders) > 0
    assert counts.clicked_lists <= counts.lists
    assert counts.ordered_items <= counts.clicked_items <= counts.items
    assert whole.state_hash() == single.state_hash()
