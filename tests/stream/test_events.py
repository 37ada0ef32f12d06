"""What the event contract lets in, and what becomes of it."""

from __future__ import annotations

import math

import pytest

from stream.entries import Event
from stream.events import CustomerEvent, decode
from stream.names import canonical
from tests.stream.conftest import CONFIG, EVENT, NOW, accepted, record, refused_with


def test_a_well_formed_event() -> None:
    assert accepted() == Event(
        17, NOW - 11, "ann", True, "m1", "Product Added", {"product_id": "85123A", "price": 2.55}, {}
    )


def test_who_the_customer_is() -> None:
    assert (accepted(anonymousId="v1").customer, accepted(anonymousId="v1").known) == ("ann", True)
    visitor = accepted(key=b"v1", userId=None, anonymousId="v1")
    assert (visitor.customer, visitor.known) == ("v1", False)
    assert refused_with(userId=None)[0] == "no_customer"
    assert accepted(key=b"12345", userId=12345, messageId=67).customer == "12345"
    assert accepted(messageId=67).message_id == "67"


@pytest.mark.parametrize("good", ["🦆", "👩‍👩‍👧", "Zoë", "a b", "x" * 100, "müller@example.com", "null"])
def test_emoji_spaces_and_any_letters_are_fine_in_ids(good: str) -> None:
    event = accepted(key=good.encode(), userId=good, messageId=good)
    assert (event.customer, event.message_id) == (good, good)


def test_a_missing_message_id_is_derived_from_the_position() -> None:
    assert accepted(messageId=None).message_id == "events-3-17"


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ("2026-03-01T12:34:56.789Z", NOW - 11),
        ("2026-03-01T12:34:56.789", NOW - 11),
        ("2026-03-01T13:34:56.789+01:00", NOW - 11),
        ("2026-03-01 12:34:56Z", NOW - 800),
        ("2026-03-01T12:34:56.789999Z", NOW - 11),
        ("2026-03-01", 1_772_323_200_000),
        (NOW - 5, NOW - 5),
        ((NOW - 800) // 1000, NOW - 800),
        (str((NOW - 800) // 1000), NOW - 800),
        (0, 0),
        ("1970-01-01T00:00:00.000Z", 0),
        (None, NOW),
    ],
)
def test_times(timestamp: str | int | None, expected: int) -> None:
    assert accepted(timestamp=timestamp).time == expected


def test_numbers_that_json_has_not_are_let_through() -> None:
    event = accepted(properties={"price": math.nan, "revenue": math.inf, "total": -math.inf, "value": 1e300})
    assert math.isnan(event.properties["price"])
    assert event.properties["revenue"] == math.inf


def test_of_duplicate_keys_the_last_wins() -> None:
    event = decode(record(b'{"type":"page","userId":"bob","userId":"ann","properties":{"a":1,"a":2}}'), CONFIG)
    assert isinstance(event, Event)
    assert (event.customer, event.properties) == ("ann", {"a": 2})


def test_unknown_fields_and_events_are_kept() -> None:
    assert accepted(event="Ticket Opened", extra={"a": 1}).kind == "Ticket Opened"
    kept = CustomerEvent.model_validate({**EVENT, "integrations": {"All": True}})
    assert kept.model_dump(by_alias=True)["integrations"] == {"All": True}


@pytest.mark.parametrize("kind", ["identify", "alias", "page", "screen", "group"])
def test_other_calls_go_by_their_type(kind: str) -> None:
    event = accepted(type=kind, event=None, traits={"plan": "gold"})
    assert event.kind == kind
    assert event.traits == ({} if kind == "group" else {"plan": "gold"})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Viewed Product", "Product Viewed"),
        ("Viewed Product Category", "Product List Viewed"),
        ("Added Product", "Product Added"),
        ("Removed Product", "Product Removed"),
        ("Completed Order", "Order Completed"),
        ("Started Order", "Checkout Started"),
        ("Viewed Checkout Step", "Checkout Step Viewed"),
        ("Clicked Promotion", "Promotion Clicked"),
        ("order completed", "Order Completed"),
        ("completed_order", "Order Completed"),
        ("Order Refunded", "Order Refunded"),
        ("Product Added to Wishlist", "Product Added to Wishlist"),
    ],
)
def test_older_names_mean_the_same(old: str, new: str) -> None:
    assert accepted(event=old).kind == canonical(old) == new
