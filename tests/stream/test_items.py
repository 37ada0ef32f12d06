"""Events of the catalogue: of no customer and no key; what they say is read, or refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stream.config import EventsConfig
from stream.entries import Event, Rejected
from stream.events import decode
from stream.records import Record

TIME = 1_700_000_000_000


def read(properties: Any, event: str = "Product Updated", **fields: Any) -> Event | Rejected:
    value = {"type": "track", "event": event, "messageId": "i-1", "properties": properties, **fields}
    return decode(Record("events", 3, 7, TIME, None, json.dumps(value).encode()), EventsConfig())


@pytest.mark.parametrize("name", ["Product Updated", "product_updated", "Updated Product"])
def test_an_event_of_the_catalogue_needs_neither_customer_nor_key(name: str) -> None:
    event = read({"product_id": "tea", "price": "2.5", "stock": 3, "colour": "red"}, name)
    assert isinstance(event, Event)
    assert (event.customer, event.known, event.kind) == ("", False, "Product Updated")
    assert event.properties == {"product_id": "tea", "price": 2.5, "stock": 3.0}


def test_null_is_told_from_nothing() -> None:
    event = read({"sku": "tea", "brand": None})
    assert isinstance(event, Event)
    assert event.properties == {"product_id": "tea", "brand": None}


@pytest.mark.parametrize(
    ("properties", "code", "field"),
    [
        ({}, "invalid", "product_id"),
        (None, "invalid", "product_id"),
        ({"product_id": "  "}, "bad_id", "product_id"),
        ({"product_id": "a\x00"}, "bad_id", "product_id"),
        ({"product_id": "a" * 101}, "bad_id", "product_id"),
        ({"product_id": "tea", "hidden": "perhaps"}, "invalid", "hidden"),
        ({"product_id": "tea", "price": -1}, "invalid", "price"),
        ({"product_id": "tea", "stock": "many"}, "invalid", "stock"),
        ({"product_id": "tea", "stock": 1e300}, "invalid", "stock"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(properties: Any, code: str, field: str) -> None:
    """An item that was to be hidden and is not would be worse than a dead letter."""
    refused = read(properties)
    assert isinstance(refused, Rejected)
    assert refused.code == code
    assert field in refused.detail


def test_other_events_still_need_a_customer_and_one_of_a_customer_is_theirs() -> None:
    refused = read({"product_id": "tea"}, "Product Viewed")
    assert isinstance(refused, Rejected)
    assert refused.code == "no_customer"
    of_ann = read({"product_id": "tea"}, userId="ann")
    assert isinstance(of_ann, Rejected)
    assert of_ann.code == "key_missing"


def test_times_and_ids_are_looked_at_as_of_any_event() -> None:
    for fields, code in (
        ({"timestamp": "2100-01-01T00:00:00Z"}, "future"),
        ({"timestamp": "1900-01-01T00:00:00Z"}, "timestamp_out_of_range"),
        ({"messageId": "\x01"}, "bad_id"),
    ):
        refused = read({"product_id": "tea"}, **fields)
        assert isinstance(refused, Rejected)
        assert refused.code == code
