"""Inputs that are wrong in ways of their own, from bytes through the fold: each has one stated outcome."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from stream.config import EventsConfig, preset
from stream.engine import Engine
from stream.entries import Event
from stream.events import decode
from stream.products import products_of, revenue
from tests.stream.conftest import CONFIG, EVENT, NOW, accepted, record, refused, refused_with


def test_gzip_is_not_json() -> None:
    assert refused(gzip.compress(json.dumps(EVENT).encode()))[0] == "not_json"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
def test_other_encodings_are_not_json(encoding: str) -> None:
    assert refused(json.dumps(EVENT | {"event": "Zoë"}, ensure_ascii=False).encode(encoding))[0] == "not_json"


@pytest.mark.parametrize("place", [0, 1, 20, -1])
def test_a_nul_byte_is_not_json(place: int) -> None:
    value = json.dumps(EVENT).encode()
    assert refused(value[:place] + b"\x00" + value[place:])[0] == "not_json"


def test_two_objects_in_one_record_are_not_json() -> None:
    value = json.dumps(EVENT).encode()
    assert refused(value + b"\n" + value)[0] == "not_json"


def test_a_leap_second_is_refused_by_name() -> None:
    """The standard library knows none; the SDKs of the spec never write one."""
    code, detail = refused_with(timestamp="2016-12-31T23:59:60.000Z")
    assert code == "invalid"
    assert detail.startswith("timestamp: ")


@pytest.mark.parametrize("number", ["9" * 4_000, "1e400", "-1e400", "0." + "3" * 3_000])
def test_huge_and_long_numbers_are_no_amounts(number: str) -> None:
    value = f'{{"type":"track","userId":"ann","event":"Order Completed","properties":{{"revenue":{number}}}}}'
    event = decode(record(value.encode()), CONFIG)
    assert isinstance(event, Event)
    assert revenue(event) in (0.0, pytest.approx(1 / 3))


def test_a_number_beyond_what_python_reads_is_not_json() -> None:
    value = '{"type":"page","userId":"ann","properties":{"a":%s}}' % ("9" * 5_000)
    assert refused(value.encode())[0] == "not_json"


def test_a_key_given_in_two_spellings_counts_once() -> None:
    event = accepted(type="page", userid="bob", user_id="bob", UserId="bob")
    assert event.customer == "ann"


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ({"price": 2}, None),
        ({"product_id": "", "price": 2}, None),
        ({"product_id": None, "price": 2}, None),
        ({"product_id": "a", "quantity": -3}, None),
        ({"product_id": "a", "quantity": 0}, None),
        ({"product_id": "a\x00", "price": 2}, None),
        ({"product_id": "x" * 101}, None),
        ({"product_id": ["a"]}, None),
        ({"product_id": True}, None),
        ("a", None),
        ({"product_id": "a", "price": "2.50"}, 2.5),
        ({"product_id": "a", "price": "2,50"}, 0.0),
        ({"product_id": "a", "price": -2}, 0.0),
        ({"product_id": "a", "price": [2]}, 0.0),
        ({"product_id": "a", "quantity": "three", "price": 2}, 2.0),
    ],
)
def test_lines_of_an_order(line: Any, kept: float | None) -> None:
    """A bad line is left out; of a good one, what cannot be read is missing."""
    event = accepted(event="Order Completed", properties={"products": [line]})
    products = products_of(event)
    assert len(products) == (kept is not None)
    assert revenue(event) == (kept or 0.0)


def test_ten_thousand_lines_are_folded_where_the_limit_lets_them_in() -> None:
    lines = [{"product_id": f"p{place}", "price": 1} for place in range(10_000)]
    event = accepted(EventsConfig(max_bytes=2**20), event="Order Completed", properties={"products": lines})
    engine = Engine(preset("shop"))
    engine.apply([event])
    profile = engine.customers.get("ann")
    assert profile is not None
    assert len(profile.bought) == 100
    assert revenue(event) == 10_000


@pytest.mark.parametrize("lines", [None, "a", 7, {"product_id": "a"}, [], [None], [[]]])
def test_products_that_are_no_list_of_lines(lines: Any) -> None:
    assert products_of(accepted(event="Order Completed", properties={"products": lines})) == ()


def test_an_alias_of_somebody_unknown_is_an_event_of_the_one_it_names() -> None:
    """Profiles are not joined: the new id has its own from here on."""
    value = {"type": "alias", "userId": "ann", "previousId": "nobody", "timestamp": NOW}
    event = decode(record(json.dumps(value).encode()), CONFIG)
    assert isinstance(event, Event)
    engine = Engine(preset("shop"))
    engine.apply([event])
    assert engine.customers.get("ann") is not None
    assert engine.customers.get("nobody") is None


@pytest.mark.parametrize("age", ["old", "", None, [41], {"years": 41}, True, 10**400, -(10**400)])
def test_traits_of_the_wrong_type_are_missing(age: Any) -> None:
    text = str(age) if isinstance(age, int) and not isinstance(age, bool) else json.dumps(age)
    config = preset("shop", features=[{"name": "age", "aggregate": "trait", "value": "age"}], targets=[])
    value = f'{{"type":"identify","userId":"ann","traits":{{"age":{text}}}}}'
    event = decode(record(value.encode()), CONFIG)
    assert isinstance(event, Event)
    engine = Engine(config)
    engine.apply([event])
    profile = engine.customers.get("ann")
    assert profile is not None
    features = engine.customers.read([profile], engine.clock)
    assert str(features[0, 0]) == "nan"


def test_an_id_is_text_whether_it_was_written_as_a_number_or_not() -> None:
    assert accepted(key=b"17", userId=17).customer == accepted(key=b"17", userId="17").customer == "17"
    assert accepted(key=b"17.5", userId=17.5).customer == "17.5"
