"""The event contract: what is let in, what is refused and why, and that decoding never raises."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import stream.events
from stream.config import EventsConfig
from stream.entries import Event, Rejected
from stream.events import CustomerEvent, decode
from stream.names import canonical
from stream.records import Record

NOW = 1_772_368_496_800  # 2026-03-01T12:34:56.800Z
CONFIG = EventsConfig()
EVENT: dict[str, Any] = {
    "type": "track",
    "messageId": "m1",
    "userId": "ann",
    "timestamp": "2026-03-01T12:34:56.789Z",
    "event": "Product Added",
    "properties": {"product_id": "85123A", "price": 2.55},
}


def record(value: bytes | None, key: bytes | None = b"ann", timestamp: int = NOW) -> Record:
    return Record("events", 3, 17, timestamp, key, value)


def decoded(config: EventsConfig = CONFIG, key: bytes | None = b"ann", **changes: Any) -> Event | Rejected:
    """The standard event with some fields changed (None removes one), decoded."""
    fields = {name: value for name, value in (EVENT | changes).items() if value is not None}
    return decode(record(json.dumps(fields).encode(), key), config)


def accepted(config: EventsConfig = CONFIG, key: bytes | None = b"ann", **changes: Any) -> Event:
    event = decoded(config, key, **changes)
    assert isinstance(event, Event), event
    return event


def refused(value: bytes | None, config: EventsConfig = CONFIG, key: bytes | None = b"ann") -> tuple[str, str]:
    rejected = decode(record(value, key), config)
    assert isinstance(rejected, Rejected), rejected
    assert rejected == Rejected(17, rejected.code, rejected.detail, "events", 3, NOW, key, value)
    assert f"\n{rejected.code} " in (stream.events.__doc__ or ""), "every code is in the table"
    assert rejected.detail.endswith(".")
    return rejected.code, rejected.detail


def refused_with(**changes: Any) -> tuple[str, str]:
    rejected = decoded(**changes)
    assert isinstance(rejected, Rejected), rejected
    return refused(rejected.value, key=rejected.key)


def test_a_well_formed_event() -> None:
    assert accepted() == Event(
        17, NOW - 11, "ann", True, "m1", "Product Added", {"product_id": "85123A", "price": 2.55}, {}
    )


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "tombstone"),
        (b"", "empty"),
        (b" \n", "empty"),
        (b"{", "not_json"),
        (b"hello", "not_json"),
        (b'{"type":"track"} trailing', "not_json"),
        (b'\xef\xbb\xbf{"type":"page","userId":"ann"}', "not_json"),
        (b'{"type":"page","userId":"ann","x":"\xff\xfe"}', "not_json"),
        (b'{"type":"page","userId":"\\ud800"}', "not_json"),
        (b'{"type":"page","userId":"ann","x":' + b"[" * 9_000 + b"]" * 9_000 + b"}", "not_json"),
        (b'{"type":"page","userId":"ann","x":' + b'{"a":' * 5_000, "not_json"),
        (b"[1, 2]", "not_object"),
        (b"null", "not_object"),
        (b'"text"', "not_object"),
        (b"17", "not_object"),
    ],
)
def test_what_is_no_json_object(value: bytes | None, code: str) -> None:
    assert refused(value)[0] == code


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type": "purchase"}, "type"),
        ({"type": 7}, "type"),
        ({"type": None}, "type"),
        ({"userId": ["ann"]}, "userId"),
        ({"userId": True}, "userId"),
        ({"messageId": {}}, "messageId"),
        ({"event": ["x"]}, "event"),
        ({"event": None}, "event"),
        ({"event": ""}, "event"),
        ({"properties": [1]}, "properties"),
        ({"properties": "secret"}, "properties"),
        ({"traits": 7}, "traits"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": True}, "timestamp"),
        ({"timestamp": {}}, "timestamp"),
        ({"timestamp": math.nan}, "timestamp"),
        ({"timestamp": "2026-02-30T12:34:56.789Z"}, "timestamp"),
    ],
)
def test_a_wrong_type_is_named(changes: dict[str, Any], field: str) -> None:
    code, detail = refused_with(**changes)
    assert code == "invalid"
    assert detail.startswith(f"{field}: ")


@pytest.mark.parametrize("changes", [{"properties": "s3cret"}, {"timestamp": "s3cret"}, {"type": "s3cret"}])
def test_details_hold_no_values(changes: dict[str, Any]) -> None:
    assert "s3cret" not in refused_with(**changes)[1]


def test_size_is_limited_before_anything_is_parsed() -> None:
    assert refused(b"x" * (33 * 1024))[0] == "too_large"
    exactly = json.dumps(EVENT).encode().ljust(CONFIG.max_bytes)
    assert isinstance(decode(record(exactly), CONFIG), Event)
    assert refused(exactly + b" ")[0] == "too_large"


def test_ten_thousand_products_are_a_matter_of_the_limit() -> None:
    order = {"products": [{"product_id": str(n), "price": 1} for n in range(10_000)]}
    assert refused_with(properties=order)[0] == "too_large"
    assert len(accepted(EventsConfig(max_bytes=2**20), properties=order).properties["products"]) == 10_000


def test_who_the_customer_is() -> None:
    assert (accepted(anonymousId="v1").customer, accepted(anonymousId="v1").known) == ("ann", True)
    visitor = accepted(key=b"v1", userId=None, anonymousId="v1")
    assert (visitor.customer, visitor.known) == ("v1", False)
    assert refused_with(userId=None)[0] == "no_customer"
    assert accepted(key=b"12345", userId=12345, messageId=67).customer == "12345"
    assert accepted(messageId=67).message_id == "67"


@pytest.mark.parametrize("bad", ["", "  ", "a\x00b", "a\nb", "\x7f", "a\x85", "x" * 101, math.nan, math.inf])
def test_bad_ids(bad: str | float) -> None:
    for field in ("userId", "messageId"):
        if isinstance(bad, str):
            code, detail = refused_with(**{field: bad})
            assert (code, detail.split()[0]) == ("bad_id", field)
    assert refused_with(userId=None, anonymousId=bad)[0] == "bad_id"


@pytest.mark.parametrize("bad", [" ", "x" * 101, "Order\x00Completed", "a\nb"])
def test_bad_names_of_events(bad: str) -> None:
    assert refused_with(event=bad)[0] == "bad_name"
    assert accepted(type="page", event=bad).kind == "page"  # it has its type for a name


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


@pytest.mark.parametrize(
    "timestamp",
    [
        "1969-12-31T23:59:59.999Z",
        "1969-12-31T23:59:59",
        "9999-12-31T23:59:59.999Z",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00+14:00",
        "2200-01-01T00:00:00Z",
        -5,
        1e30,
        10**40,
        math.inf,
        -math.inf,
    ],
)
def test_times_out_of_range(timestamp: str | float) -> None:
    assert refused_with(timestamp=timestamp)[0] == "timestamp_out_of_range"


def test_without_any_usable_time_there_is_no_event() -> None:
    value = b'{"type":"page","userId":"ann"}'
    for timestamp in (-1, 2**62):
        rejected = decode(record(value, timestamp=timestamp), CONFIG)
        assert isinstance(rejected, Rejected)
        assert rejected.code == "timestamp_out_of_range"


def test_an_event_far_ahead_of_its_record_is_refused() -> None:
    assert accepted(timestamp=NOW + CONFIG.allowed_skew).time == NOW + CONFIG.allowed_skew
    assert refused_with(timestamp=NOW + CONFIG.allowed_skew + 1)[0] == "future"


def test_the_key_must_be_the_customer() -> None:
    value = json.dumps(EVENT).encode()
    assert refused(value, key=None)[0] == "key_missing"
    assert refused(value, key=b"bob")[0] == "key_mismatch"
    assert refused(value, key=b"\xff")[0] == "key_mismatch"
    relaxed = EventsConfig(require_key=False)
    assert accepted(relaxed, key=None).customer == accepted(relaxed, key=b"bob").customer == "ann"


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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NEARLY = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "identify", "group", "nonsense"])},
    optional={
        name: JSON | st.sampled_from(["ann", "2026-03-01T12:34:56.789Z", "2026-W09-7T12:34:56.78Z", 1e11, -1])
        for name in ("messageId", "userId", "anonymousId", "timestamp", "event", "properties", "traits")
    },
)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")))
def test_decoding_never_raises(value: bytes) -> None:
    assert isinstance(decode(record(value), CONFIG), Event | Rejected)


@given(NEARLY)
def test_the_model_and_the_decoder_agree_on_types(fields: dict[str, Any]) -> None:
    """What `CustomerEvent` cannot read is refused, and what is refused for its types it cannot read."""
    value = json.dumps(fields).encode()
    outcome = decode(record(value), CONFIG)
    try:
        CustomerEvent.model_validate_json(value)
    except ValidationError:
        assert isinstance(outcome, Rejected) or str(fields.get("timestamp", "")).endswith("Z")
    else:
        assert not (isinstance(outcome, Rejected) and outcome.code in ("invalid", "not_json", "not_object"))
