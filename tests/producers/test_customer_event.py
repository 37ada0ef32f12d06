from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.customer_event import customer_event
from stream.config import EventsConfig
from stream.entries import Event
from stream.events import decode
from stream.records import Outgoing, Record

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def read(record: Outgoing) -> Event:
    entry = decode(
        Record(record.topic, 0, 0, record.timestamp or 0, record.key, record.value, record.headers), EventsConfig()
    )
    assert isinstance(entry, Event), entry
    return entry


@given(TEXT, st.integers(0, 7_258_118_399_999), TEXT, st.dictionaries(TEXT, VALUES, max_size=4), st.booleans())
def test_the_engine_reads_what_was_written(customer, time, message_id, properties, known):
    record = customer_event(customer, time, message_id, "Ticket Opened", properties, known=known)
    event = read(record)
    assert (event.customer, event.time, event.message_id, event.kind) == (customer, time, message_id, "Ticket Opened")
    assert event.known == known
    assert event.properties == properties
    assert record.timestamp == time


def test_an_identify_call_tells_traits():
    record = customer_event("ann", 0, "m", traits={"country": "France"}, topic="other")
    assert record.topic == "other"
    assert json.loads(record.value) == {
        "type": "identify",
        "messageId": "m",
        "userId": "ann",
        "timestamp": "1970-01-01T00:00:00.000Z",
        "traits": {"country": "France"},
    }
    assert read(record).kind == "identify"


def test_json_is_compact():
    record = customer_event("ann", 0, "m", "Viewed", {"a": [1, 2.5, None], "b": "é"})
    assert b" " not in record.value
    assert "é".encode() in record.value


def test_lone_surrogates_do_not_stop_a_load():
    record = customer_event("ann\ud800", 0, "m", "Viewed", {"name": "\udfff"})
    assert read(record).customer == "ann?"


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_json_lacks_are_refused(number):
    with pytest.raises(ValueError):
        customer_event("ann", 0, "m", "Viewed", {"price": number})
