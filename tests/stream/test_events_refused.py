"""What the event contract refuses, and the code and the words it gives for it."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from stream.config import EventsConfig
from stream.entries import Event, Rejected
from stream.events import decode
from tests.stream.conftest import CONFIG, EVENT, NOW, accepted, record, refused, refused_with


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
