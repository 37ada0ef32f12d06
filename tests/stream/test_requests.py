"""Requests for recommendations: answered once each, by the state of their moment, and changing nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from producers.encode import encode
from producers.topics import Topics
from stream.config import EventsConfig
from stream.engine import Engine
from stream.entries import Entry, Event, Rejected, Tick
from stream.evaluate.measure import metrics
from stream.events import decode
from stream.records import Record
from stream.updates import ItemsRecommended, RecommendationsAnswered, Update, to_iso, to_json
from tests.stream import fold

SETTINGS = fold.config(recommend={"count": 3, "exclude_bought": None})
START = fold.START


def record(kind: str, position: int, customer: str = "ann", *, known: bool = True, **properties: Any) -> Record:
    who = "userId" if known else "anonymousId"
    value = {
        "type": "track",
        who: customer,
        "event": kind,
        "messageId": f"{kind}-{position}",
        "timestamp": to_iso(START + position * 1_000),
        "properties": properties,
    }
    return Record("events", 0, position, START + position * 1_000, customer.encode(), json.dumps(value).encode(), ())


def entry(kind: str, position: int, customer: str = "ann", **properties: Any) -> Entry:
    return decode(record(kind, position, customer, **properties), EventsConfig())


def order(position: int, items: str, customer: str = "bob") -> Entry:
    return entry("Order Completed", position, customer, products=[{"product_id": one, "price": 1} for one in items])


def ask(position: int, customer: str = "ann", **properties: Any) -> Entry:
    return entry("Recommendations Requested", position, customer, **{"correlation_id": f"c{position}"} | properties)


def answers(updates: list[Update]) -> list[RecommendationsAnswered]:
    return [update for update in updates if isinstance(update, RecommendationsAnswered)]


SOLD = [
    order(number, items, f"u{number % 7}") for number, items in enumerate(["ab", "abc", "ab", "cd", "cde", "fa"] * 4)
]


def test_a_known_customer_is_answered_by_what_they_ordered() -> None:
    engine = Engine(SETTINGS)
    engine.apply([*SOLD, order(30, "a", "ann")])
    (found,) = answers(engine.apply([ask(31)])[0])
    assert (found.customer, found.correlation_id, found.basis, found.occurred_at) == (
        "ann",
        "c31",
        "customer",
        START + 31_000,
    )
    assert (found.cause.kind, found.cause.event) == ("event", "Recommendations Requested")
    assert len(found.items) == 3
    assert {"a", "b"} < {one.item for one in found.items}
    assert found.empty_because is None


def test_a_basket_decides_for_who_has_ordered_nothing() -> None:
    engine = Engine(SETTINGS)
    engine.apply(SOLD)
    found = answers(engine.apply([ask(30, items=["d"]), ask(31, items=["b"], count=1)])[0])
    assert [one.basis for one in found] == ["basket", "basket"]
    first, second = found
    assert (first.items[0].item, first.items[0].reason, first.items[0].because) == ("c", "similar", "d")
    assert [one.item for one in second.items] == ["a"]
    assert "d" not in {one.item for one in first.items}


def test_somebody_unknown_gets_what_is_popular_and_stays_unknown() -> None:
    engine = Engine(SETTINGS)
    engine.apply(SOLD)
    before = len(engine.customers)
    (found, again) = answers(engine.apply([ask(30, "zoe"), ask(31, "zoe")])[0])
    assert (found.basis, found.customer, again.items) == ("popular", "zoe", found.items)
    assert {one.item for one in found.items} == {"a", "b", "c"}
    assert {(one.reason, one.sentence) for one in found.items} == {
        ("popular", "Popular now; nothing is known yet of what you order.")
    }
    assert len(engine.customers) == before
    assert engine.customers.get("zoe") is None


def test_an_anonymous_visitor_may_ask() -> None:
    engine = Engine(SETTINGS)
    engine.apply(SOLD)
    request = decode(record("recommendations_requested", 30, "v1", known=False, correlation_id=7), EventsConfig())
    (found,) = answers(engine.apply([request])[0])
    assert (found.customer, found.correlation_id, found.basis) == ("v1", "7", "popular")


def test_before_anything_is_known_the_answer_is_empty_and_says_why() -> None:
    (found,) = answers(Engine(SETTINGS).apply([ask(0)])[0])
    assert (found.items, found.empty_because, found.model) == ((), "No items are known yet.", 0)


def test_an_answer_is_given_each_time_and_once_a_message() -> None:
    engine = Engine(SETTINGS)
    engine.apply([*SOLD, order(30, "a", "ann")])
    updates = engine.apply([ask(31), ask(31), ask(32)])[0]
    assert [one.correlation_id for one in answers(updates)] == ["c31", "c32"]
    assert answers(updates)[0].items == answers(updates)[1].items


def test_asking_is_not_acting() -> None:
    """But for the id of the answer, the customer, the clock and all decisions are as without it."""
    plain, asked = fold.with_models(fold.events(300), SETTINGS), list[Entry]()
    for number, one in enumerate(plain):
        asked.append(one)
        if number % 5 == 0:
            asked.append(ask(90_000 + number, f"u{number % 30}"))
    without, answered = Engine(SETTINGS), Engine(SETTINGS)
    expected = without.apply(plain)[0]
    updates = answered.apply(asked)[0]
    assert len(answers(updates)) == len(asked) - len(plain)
    told = [to_json(one) for one in updates if not isinstance(one, RecommendationsAnswered)]
    assert told == [to_json(one) for one in expected]
    assert answered.clock == without.clock
    for mine, other in zip(answered.customers, without.customers, strict=True):
        assert (mine.last, mine.touched > 0, mine.bought, mine.segment, mine.slots) == (
            other.last,
            other.touched > 0,
            other.bought,
            other.segment,
            other.slots,
        )


@pytest.mark.parametrize("cuts", [[], [1, 2, 150, 300], list(range(1, 420, 3))])
def test_answers_do_not_depend_on_batches(cuts: list[int]) -> None:
    """Also where a customer becomes known in the same batch, right after having been unknown."""
    entries: list[Entry] = []
    for number, one in enumerate(fold.with_models(fold.events(300), SETTINGS)):
        if isinstance(one, Event) and number % 3 == 0:
            entries.append(ask(90_000 + number, one.customer, items=["p1"]))
        entries.append(one)
    expected = fold.run(Engine(SETTINGS), entries, list(range(1, len(entries))))
    assert fold.run(Engine(SETTINGS), entries, [cut for cut in cuts if cut < len(entries)]) == expected
    assert b'"basis":"popular"' not in expected  # there is always a basket
    assert expected.count(b'"basis":"basket"') > 20


def test_the_current_list_stays_what_it_is() -> None:
    """An answer with a basket says something else; the customer's own list is not taken for said by it."""
    settings = fold.config(recommend={"count": 3, "exclude_bought": None}, learning={"every": 20})
    entries = [one for one in fold.with_models(SOLD, settings) if not isinstance(one, Tick)]
    engine, other = Engine(settings), Engine(settings)
    for one in (engine, other):
        one.apply([*entries, order(50, "a", "ann")])
    _, delta = engine.apply([ask(51, items=["d"])])
    assert delta.lists == {}
    after = [one for one in engine.apply([order(52, "ab", "ann")])[0] if isinstance(one, ItemsRecommended)]
    same = [one for one in other.apply([order(52, "ab", "ann")])[0] if isinstance(one, ItemsRecommended)]
    assert [one.items for one in after] == [one.items for one in same]
    assert after


@pytest.mark.parametrize(
    ("properties", "named"),
    [
        ({"correlation_id": None}, "properties.correlation_id"),
        ({"correlation_id": " "}, "properties.correlation_id"),
        ({"correlation_id": "x" * 101}, "properties.correlation_id"),
        ({"count": 0}, "properties.count"),
        ({"count": 101}, "properties.count"),
        ({"count": "many"}, "properties.count"),
        ({"items": "tea"}, "properties.items"),
        ({"items": ["tea", ""]}, "properties.items.1"),
        ({"items": ["tea"] * 101}, "properties.items"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(properties: dict[str, Any], named: str) -> None:
    found = ask(7, **properties)
    assert isinstance(found, Rejected)
    assert found.code == "bad_request"
    assert found.detail.startswith(f"{named}: ")
    assert "many" not in found.detail
    missing = entry("Recommendations Requested", 7)
    assert isinstance(missing, Rejected)
    assert "properties.correlation_id" in missing.detail


def test_a_reply_is_keyed_by_its_customer_and_names_its_request() -> None:
    (found,) = answers(Engine(SETTINGS).apply([ask(0)])[0])
    sent = encode(found, Topics())
    assert (sent.topic, sent.key) == ("recommendation-replies", b"ann")
    assert dict(sent.headers)["ce_correlationid"] == b"c0"
    assert json.loads(sent.value or b"")["correlationId"] == "c0"


@pytest.mark.parametrize("asked", [True, False])
def test_clicks_and_orders_are_credited_to_a_list_however_it_was_given(asked: bool) -> None:
    """From the list's id in the shop's events to click-through and conversion in the model's metrics."""
    settings = fold.config(recommend={"count": 3, "exclude_bought": None}, learning={"every": 24})
    entries = fold.with_models(SOLD, settings)
    engine = Engine(settings)
    engine.apply([one for one in entries if not isinstance(one, Tick)])
    given = engine.apply([order(30, "a", "ann"), *([ask(31)] if asked else [])])[0]
    kind = RecommendationsAnswered if asked else ItemsRecommended
    (listed,) = (one for one in given if isinstance(one, kind))
    shown = [{"product_id": one.item} for one in listed.items]
    chosen = shown[0]["product_id"]
    follow = [
        entry("Product List Viewed", 40, list_id=listed.id, products=shown),
        entry("Product Clicked", 41, recommendation_id=listed.id, product_id=chosen),
        order(42, chosen, "ann"),
    ]
    engine.apply(follow)
    model = fold.next_model(engine, engine.contribution().pack(), fold.ItemsMerger(settings.recommend))
    told = metrics(model)
    assert told is not None
    done = told.recommendations.since_start
    assert (done.lists, done.items, done.clicked_lists, done.clicked_items, done.ordered_items) == (1, 3, 1, 1, 1)
    assert (done.click_through, done.conversion) == (1, 1)
