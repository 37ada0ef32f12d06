"""Products and money of an event, whatever is written there."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.entries import Event
from stream.products import LARGEST, Product, clean_number, products_of, revenue


def event(properties: dict[str, Any], kind: str = "Order Completed") -> Event:
    return Event(0, 0, "ann", True, "m", kind, properties, {})


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3.0),
        (2.5, 2.5),
        ("2.5", 2.5),
        (" 7 ", 7.0),
        (-1, -1.0),
        (LARGEST, LARGEST),
        (math.nan, None),
        (math.inf, None),
        (-math.inf, None),
        ("nan", None),
        ("1e999", None),
        (1e300, None),
        (10**400, None),
        (True, None),
        (None, None),
        ("", None),
        ("12 EUR", None),
        ([1], None),
        ({}, None),
    ],
)
def test_clean_number(value: Any, number: float | None) -> None:
    assert clean_number(value) == number


@given(st.floats() | st.integers() | st.text() | st.none() | st.booleans() | st.lists(st.integers()))
def test_a_clean_number_is_always_usable(value: Any) -> None:
    number = clean_number(value)
    assert number is None or (type(number) is float and math.isfinite(number) and abs(number) <= LARGEST)


def test_an_order_with_good_and_bad_lines() -> None:
    lines = [
        {"product_id": "a", "quantity": 2, "price": 3.5, "category": "Lights"},
        {"sku": "b"},
        {"id": "c", "quantity": "4", "price": "1.25"},
        {"product_id": 71053, "sku": "ignored"},
        {"product_id": 71054.0},
        {"product_id": "returned", "quantity": -1},
        {"product_id": "none", "quantity": 0},
        {"product_id": "huge", "price": 1e300, "quantity": math.nan},
        {"product_id": "negative", "price": -2, "category": 7},
        {"product_id": ""},
        {"product_id": "nul\x00"},
        {"product_id": True},
        {"product_id": ["x"]},
        {"name": "no id"},
        "not a line",
        None,
    ]
    assert products_of(event({"products": lines, "product_id": "not this one"})) == (
        Product("a", 2.0, 3.5, "Lights"),
        Product("b", 1.0, None, None),
        Product("c", 4.0, 1.25, None),
        Product("71053", 1.0, None, None),
        Product("71054", 1.0, None, None),
        Product("huge", 1.0, None, None),
        Product("negative", 1.0, None, "7"),
    )


def test_an_event_about_one_product() -> None:
    assert products_of(event({"product_id": "a", "price": 2}, "Product Viewed")) == (Product("a", 1.0, 2.0, None),)
    assert products_of(event({"sku": "a"}, "Product Viewed")) == (Product("a", 1.0, None, None),)
    assert products_of(event({"id": "a"}, "Product Viewed")) == (Product("a", 1.0, None, None),)
    assert products_of(event({"id": "a"}, "Ticket Opened")) == ()
    assert products_of(event({}, "Product Viewed")) == ()
    assert products_of(event({"products": {"a": 1}}, "Order Completed")) == ()


@pytest.mark.parametrize(
    ("properties", "money"),
    [
        ({"revenue": 5, "total": 6, "value": 7}, 5.0),
        ({"revenue": "x", "total": 6, "value": 7}, 6.0),
        ({"revenue": -5, "value": "7.5"}, 7.5),
        ({"revenue": 0, "total": 6}, 0.0),
        ({"revenue": 1e300, "products": [{"sku": "a", "price": 2, "quantity": 3}, {"sku": "b", "price": 1}]}, 7.0),
        ({"products": [{"sku": "a", "price": 1e300}, {"sku": "b", "price": 1}]}, 1.0),
        ({"products": [{"sku": "a", "price": 1e9, "quantity": 1e9}]}, 0.0),
        ({"products": [{"sku": "a"}]}, 0.0),
        ({}, 0.0),
    ],
)
def test_revenue(properties: dict[str, Any], money: float) -> None:
    assert revenue(event(properties)) == money
