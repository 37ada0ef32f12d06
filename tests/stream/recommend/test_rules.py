"""Business rules: what is hidden or excluded never appears, lists are full, and an empty one says why."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.config import RecommendConfig, parse_config, preset
from stream.durations import DAY
from stream.engine import Engine
from stream.entries import Entry, Event
from stream.errors import ConfigError
from stream.items import UPDATED, WITHDRAWN
from stream.products import Product
from stream.profiles.profile import Profile
from stream.recommend.lists import Lists
from stream.recommend.model import ItemsModel
from stream.store.base import Saved
from stream.store.memory import MemoryStore
from stream.updates import ItemsRecommended
from tests.stream import fold

START = 1_700_000_000_000
ITEMS = [f"i{number}" for number in range(12)]


def made(rules: dict[str, Any] | None = None, **options: Any) -> Lists:
    config = RecommendConfig.model_validate({"exclude_bought": None, **options, "rules": rules or {}})
    return Lists(config, Saved(0), ItemsModel({}, ()), {"s1": "Thrifty"})


def customer(*bought: str, segment: str = "", viewed: tuple[str, ...] = ()) -> Profile:
    profile = Profile("ann", array("d"), [])
    profile.segment = segment
    for item in bought:
        profile.remember_bought(item, START)
    for item in viewed:
        profile.remember_viewed(item, START)
    return profile


def shown(lists: Lists, profile: Profile | None = None, count: int = 10) -> list[str]:
    return [one.item for one in lists.recommend(profile or customer(), START + 1, count)]


def sold(lists: Lists, **by: int) -> Lists:
    """Items with so many orders each."""
    for item, times in by.items():
        for _ in range(times):
            lists.counts.learn_order([item], START)
    return lists


some = st.sampled_from(ITEMS)
categories = st.sampled_from(["tea", "toys", "books"])
told = st.fixed_dictionaries(
    {"product_id": some},
    optional={
        "category": st.none() | categories,
        "hidden": st.booleans(),
        "available": st.booleans(),
        "adult": st.none() | st.booleans(),
        "stock": st.none() | st.integers(0, 5),
        "price": st.floats(0, 20),
    },
)
steps = st.one_of(
    st.tuples(st.just("order"), st.lists(some, min_size=1, max_size=4)),
    st.tuples(st.just("add"), some),
    st.tuples(st.just("hear"), st.tuples(some, categories, st.floats(0, 20))),
    st.tuples(st.just(UPDATED), told),
    st.tuples(st.just(WITHDRAWN), st.fixed_dictionaries({"product_id": some})),
)
rules = st.fixed_dictionaries(
    {},
    optional={
        "hide_items": st.lists(some, max_size=2),
        "hide_categories": st.lists(categories, max_size=1),
        "adult": st.booleans(),
        "min_stock": st.integers(0, 3),
        "per_category": st.integers(1, 3),
        "pinned": st.lists(some, max_size=2, unique=True),
        "boost_items": st.dictionaries(some, st.sampled_from([0.01, 100.0]), max_size=2),
        "boost_categories": st.dictionaries(categories, st.sampled_from([0.01, 100.0]), max_size=2),
        "prices": st.just([{"segment": "Thrifty", "least": 2, "most": 10}]),
    },
)


@settings(max_examples=200, deadline=None)
@given(
    happened=st.lists(steps, max_size=25),
    rules=rules,
    bought=st.sets(some, max_size=3),
    viewed=st.sets(some, max_size=3),
    segment=st.sampled_from(["", "s1", "s2"]),
    count=st.integers(1, 12),
    diversity=st.sampled_from([0.0, 0.7]),
)
def test_hidden_and_excluded_items_never_appear_and_lists_are_full(
    happened: list[tuple[str, Any]],
    rules: dict[str, Any],
    bought: set[str],
    viewed: set[str],
    segment: str,
    count: int,
    diversity: float,
) -> None:
    lists = made(rules, exclude_bought="1d", exclude_viewed="1d", diversity=diversity)
    known: dict[str, dict[str, Any]] = {}
    heard: dict[str, dict[str, Any]] = {}
    ordered: set[str] = set()
    for what, value in happened:
        if what == "order":
            lists.counts.learn_order(value, START)
            ordered.update(value)
        elif what == "add":
            lists.counts.learn_add(value, START)
            ordered.add(value)
        elif what == "hear":
            item, category, price = value
            lists.counts.hear([Product(item, 1.0, price, category)])
            if item in ordered or item in known:
                heard.setdefault(item, {}).update(category=category, price=price)
        else:
            lists.counts.tell(what, value)
            item = value["product_id"]
            if what == WITHDRAWN:
                known.setdefault(item, {})["withdrawn"] = True
            else:
                known.setdefault(item, {}).update(value, withdrawn=False)
                for name in [name for name in value if value[name] is None]:
                    heard.get(item, {}).pop(name, None)

    def is_(item: str, name: str) -> Any:
        value = known.get(item, {}).get(name)
        return heard.get(item, {}).get(name) if value is None else value

    def may_show(item: str) -> bool:
        stock, price = is_(item, "stock"), is_(item, "price")
        return not (
            item in bought
            or item in viewed
            or item in rules.get("hide_items", ())
            or is_(item, "category") in rules.get("hide_categories", ())
            or is_(item, "hidden")
            or is_(item, "withdrawn")
            or is_(item, "available") is False
            or (stock is not None and stock < rules.get("min_stock", 1))
            or (is_(item, "adult") and not rules.get("adult"))
            or ("prices" in rules and segment == "s1" and price is not None and not 2 <= price <= 10)
        )

    profile = customer(*sorted(bought), segment=segment, viewed=tuple(sorted(viewed)))
    found = lists.recommend(profile, START + 1, count)
    items = [one.item for one in found]
    assert len(items) == len(set(items)) <= count
    assert [item for item in items if not may_show(item)] == []
    pins = [item for item in rules.get("pinned", ()) if may_show(item)][:count]
    assert items[: len(pins)] == pins
    assert [one.reason == "pinned" for one in found] == [place < len(pins) for place in range(len(found))]
    rest = [item for item in ordered if may_show(item) and item not in pins]
    most = rules.get("per_category")
    if most is None:
        assert len(items) >= min(count, len(pins) + len(rest))
    else:
        after = Counter(is_(item, "category") for item in items[len(pins) :])
        assert all(number <= most for category, number in after.items() if category is not None)
        taken = Counter(is_(item, "category") for item in pins)
        free = sum(is_(item, "category") is None for item in rest)
        for category, number in Counter(is_(item, "category") for item in rest).items():
            if category is not None:
                free += min(number, max(0, most - taken[category]))
        assert len(items) >= min(count, len(pins) + free)


def test_a_full_list_though_all_that_sells_is_hidden() -> None:
    """More items are hidden than are ever candidates at once."""
    lists = made({"hide_categories": ["toys"]})
    for number in range(500):
        item = f"toy{number}"
        sold(lists, **{item: 2})
        lists.counts.hear([Product(item, 1.0, None, "toys")])
    sold(lists, **{f"book{number}": 1 for number in range(12)})
    assert len(shown(lists)) == 10
    assert all(item.startswith("book") for item in shown(lists))


def test_a_full_list_though_all_that_sells_is_of_one_category() -> None:
    lists = made({"per_category": 2})
    for number in range(700):
        item = f"toy{number}"
        sold(lists, **{item: 2})
        lists.counts.hear([Product(item, 1.0, None, f"toys{number % 2}")])
    for number in range(6):
        sold(lists, **{f"book{number}": 1})
        lists.counts.hear([Product(f"book{number}", 1.0, None, f"kind{number}")])
    items = shown(lists)
    assert Counter(item[:3] for item in items) == {"toy": 4, "boo": 6}


def test_boosts_move_items_and_pins_come_first() -> None:
    plain = sold(made(), a=9, b=8, c=1, d=1)
    assert shown(plain)[:2] == ["a", "b"]
    lists = sold(
        made({"boost_items": {"a": 0.01}, "boost_categories": {"tea": 500}, "pinned": ["d"]}), a=9, b=8, c=1, d=1
    )
    lists.counts.hear([Product("c", 1.0, None, "tea")])
    assert shown(lists) == ["d", "c", "b", "a"]
    lists.counts.tell(UPDATED, {"product_id": "d", "stock": 0})
    assert shown(lists) == ["c", "b", "a"], "a pin does not bring back what is gone"


def test_price_ranges_are_of_a_segment_by_name_or_id() -> None:
    for name in ("s1", "Thrifty"):
        lists = sold(made({"prices": [{"segment": name, "most": 5}]}), cheap=1, dear=1, unknown=1)
        lists.counts.hear([Product("cheap", 1.0, 5.0, None), Product("dear", 1.0, 5.01, None)])
        assert set(shown(lists, customer(segment="s1"))) == {"cheap", "unknown"}
        assert set(shown(lists, customer(segment="s2"))) == {"cheap", "unknown", "dear"}
        assert set(shown(lists, customer())) == {"cheap", "unknown", "dear"}


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({"hide_category": ["a"]}, "hide_category"),
        ({"per_category": 0}, "per_category"),
        ({"boost_items": {"a": 0}}, "boost_items"),
        ({"prices": [{"segment": "x"}]}, "least"),
        ({"prices": [{"segment": "x", "least": 2, "most": 1}]}, "least is above most"),
    ],
)
def test_unknown_and_wrong_rules_are_refused_by_name(rules: dict[str, Any], says: str) -> None:
    values = preset("shop").model_dump(exclude={"recommend"})
    with pytest.raises(ConfigError, match=says):
        parse_config({**values, "recommend": {"rules": rules}})


def engine(**recommend: Any) -> tuple[Engine, int]:
    """One that has a model, and how many entries it has seen."""
    config = fold.config(recommend=recommend)
    entries = fold.with_models(fold.events(200), config)
    made = Engine(config)
    made.apply(entries)
    return made, 10_000


def did(position: int, kind: str, customer: str, **properties: Any) -> Event:
    return Event(
        position, fold.START + 90 * DAY + position * 5_000, customer, True, f"x{position}", kind, properties, {}
    )


def catalogue(position: int, kind: str = UPDATED, **properties: Any) -> Event:
    return Event(position, fold.START, "", False, f"x{position}", kind, properties, {})


def lists_of(engine: Engine, *entries: Entry) -> list[ItemsRecommended]:
    updates, _ = engine.apply(entries)
    return [update for update in updates if isinstance(update, ItemsRecommended)]


def test_an_item_is_hidden_from_the_event_on_and_others_are_told_in_the_same_commit() -> None:
    made, at = engine(exclude_bought="1s")
    (listed,) = lists_of(made, did(at, "Order Completed", "zoe", products=[{"product_id": "p1"}]))
    gone = listed.items[0].item
    updates, delta = made.apply(
        [
            catalogue(at + 1, product_id=gone, hidden=True),
            did(at + 2, "Order Completed", "zoe", products=[{"product_id": "p2"}]),
        ]
    )
    (after,) = (update for update in updates if isinstance(update, ItemsRecommended))
    assert gone not in {one.item for one in after.items}
    assert delta.hidden == {gone: b"hidden"}
    _, delta = made.apply([catalogue(at + 3, product_id=gone, hidden=False, stock=0)])
    assert delta.hidden == {gone: b"stock"}
    _, delta = made.apply([catalogue(at + 4, product_id=gone, stock=None)])
    assert delta.hidden == {gone: None}


def test_who_starts_again_tells_all_that_is_hidden_by_the_rules_of_now() -> None:
    first = made()
    for number, told in enumerate(({"hidden": True}, {"category": "toys"}, {"adult": True})):
        first.counts.tell(UPDATED, {"product_id": f"i{number}", **told})
    rows = {name: first.counts.pack_item(name) or b"" for name in first.counts.items()}
    config = RecommendConfig.model_validate(
        {"rules": {"hide_categories": ["toys"], "adult": True, "hide_items": ["x"]}}
    )
    lists = Lists(config, Saved(0, items=rows), None)
    assert lists.counts.hidden(()) == {"i0": b"hidden", "i1": b"category", "x": b"hidden"}
    assert lists.counts.hidden(("i0", "i1", "i2")) == {}


def test_the_first_commit_after_a_start_replaces_what_was_hidden_by_other_rules() -> None:
    store = MemoryStore()
    epoch, position = store.acquire(0), 0
    for rules, hidden in (
        ({"hide_items": ["old"]}, {"tea": b"hidden", "old": b"hidden"}),
        ({"min_stock": 5}, {"tea": b"hidden", "cup": b"stock"}),
    ):
        made = Engine(fold.config(recommend={"rules": rules}), store.load(0))
        for told in ({"product_id": "tea", "hidden": True}, {"product_id": "cup", "stock": 3}):
            _, delta = made.apply([catalogue(position, **told)])
            store.commit(0, epoch, delta, b"")
            position += 1
        assert store.hidden(0) == hidden


def test_rules_that_exclude_everything_give_an_empty_list_with_the_reason_once() -> None:
    hides = [f"c{group * 5}" for group in range(4)]
    made, at = engine(rules={"hide_categories": hides})
    order = {"products": [{"product_id": "p1", "category": "c0"}]}
    updates, delta = made.apply([did(at, "Order Completed", "zoe", **order)])
    (listed,) = (update for update in updates if isinstance(update, ItemsRecommended))
    assert listed.items == ()
    assert listed.empty_because is not None
    assert "rules" in listed.empty_because
    cached = json.loads(delta.lists["zoe"] or b"")
    assert (cached["items"], cached["emptyBecause"]) == ([], listed.empty_because)
    assert lists_of(made, did(at + 1, "Order Completed", "zoe", **order)) == [], "it says the same"


def test_what_was_viewed_lately_is_hidden_only_where_the_rule_is_on() -> None:
    for span, shows in (("1d", False), (None, True)):
        made, at = engine(exclude_bought="1s", exclude_viewed=span)
        lists_of(made, did(at, "Product Viewed", "zoe", product_id="p1"))
        (listed,) = lists_of(made, did(at + 1, "Order Completed", "zoe", products=[{"product_id": "p2"}]))
        assert ("p1" in {one.item for one in listed.items}) == shows
        profile = next(one for one in made.customers if one.customer == "zoe")
        assert list(profile.viewed) == ([] if shows else ["p1"])
        assert Profile.unpack("zoe", profile.pack()).viewed == profile.viewed
