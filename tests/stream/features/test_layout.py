"""Declared features are exact at the time they are read, however and whenever their events came."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.config import EngineConfig, parse_config, preset
from stream.durations import DAY
from stream.entries import Event
from stream.errors import ConfigError
from stream.features.layout import Layout
from stream.products import products_of

START = 1_700_000_000_000


def config(*features: dict[str, Any]) -> EngineConfig:
    return parse_config({"features": list(features)})


def event(time: int, kind: str = "Order Completed", **properties: Any) -> Event:
    return Event(0, time, "ann", True, "m", kind, properties, properties.pop("traits", {}))


def read(settings: EngineConfig, events: list[Event], at: int) -> dict[str, float]:
    layout = Layout(settings)
    slots, sketches = layout.blank(), layout.blank_sketches()
    for one in events:
        layout.write(slots, sketches, one, products_of(one))
    row = layout.read(np.frombuffer(slots.tobytes()).reshape(1, -1), np.array([float(at)]))[0]
    return dict(zip(layout.names, row.tolist(), strict=True))


times = st.lists(st.integers(START, START + 400 * DAY), min_size=1, max_size=30)


@given(times=times, later=st.integers(0, 4_000 * DAY), half_life=st.integers(DAY // 24, 60 * DAY))
def test_decay_is_exact_at_read_time(times: list[int], later: int, half_life: int) -> None:
    """In any order of arrival, and long after the last event."""
    settings = config({"name": "n", "aggregate": "count", "half_life": half_life})
    at = max(times) + later
    truth = sum(2.0 ** -((at - time) / half_life) for time in times)
    assert read(settings, [event(time) for time in times], at)["n"] == pytest.approx(truth, rel=1e-9, abs=1e-200)


@given(times=times, later=st.integers(0, 100 * DAY), buckets=st.integers(1, 20))
def test_a_window_holds_its_whole_buckets(times: list[int], later: int, buckets: int) -> None:
    window = 30 * DAY
    settings = config({"name": "n", "aggregate": "count", "window": window, "buckets": buckets})
    at = max(times) + later
    bucket = [time * buckets // window for time in times]
    truth = sum(one > at * buckets // window - buckets for one in bucket)
    assert read(settings, [event(time) for time in times], at)["n"] == truth


def test_the_shop_preset_in_words_a_retailer_knows() -> None:
    lines = [{"product_id": "a", "price": 10, "category": "x"}, {"product_id": "b", "price": 5, "quantity": 2}]
    story = [
        event(START, "Product Viewed", product_id="a", category="x"),
        event(START, "Product Viewed", product_id="c", category="y"),
        event(START + DAY, "Product Added", product_id="a", category="x"),
        event(START + DAY, "Product Added", product_id="b"),
        event(START + DAY, "Product Added", product_id="c", category="y"),
        event(START + DAY, "Product Added", product_id="d"),
        event(START + 2 * DAY, products=lines),  # 10 + 2 * 5
        event(START + 6 * DAY, revenue=80.0),
        event(START + 7 * DAY, "Order Refunded", revenue=30.0),
    ]
    shop = read(preset("shop"), story, START + 36 * DAY)
    assert shop["recency"] == 30
    assert shop["frequency"] == 2
    assert shop["monetary"] == 70
    assert shop["order_value"] == 50
    assert shop["order_gap"] == 4
    assert shop["distinct_items"] == pytest.approx(2)
    assert shop["distinct_categories"] == pytest.approx(2)
    assert shop["views_per_order"] == 1
    assert shop["cart_abandonment"] == 0.5  # two of four lines were ordered
    assert shop["refund_share"] == 0.3
    assert shop["tenure"] == 36
    assert shop["recent_orders"] == pytest.approx(2 ** -(34 / 30) + 0.5)


def test_nothing_to_measure_is_missing() -> None:
    shop = read(preset("shop"), [event(START, "identify")], START + DAY)
    assert math.isnan(shop["recency"])
    assert math.isnan(shop["order_gap"])
    assert shop["frequency"] == 0
    assert shop["tenure"] == 1


def test_distinct_counts_stay_near_the_truth() -> None:
    settings = config({"name": "items", "aggregate": "distinct", "value": "product_id"})
    for count, tolerance in ((5, 0.001), (40, 0.2), (5_000, 0.25)):
        seen = [event(START, "Product Viewed", product_id=f"p{n % count}") for n in range(2 * count)]
        assert read(settings, seen, START)["items"] == pytest.approx(count, rel=tolerance)


@pytest.mark.parametrize("wild", [1e300, float("nan"), float("inf"), "a lot", None, [1], True])
def test_impossible_amounts_are_left_out(wild: Any) -> None:
    shop = read(preset("shop"), [event(START, revenue=20.0), event(START + DAY, revenue=wild)], START + DAY)
    assert shop["monetary"] == 20
    assert shop["frequency"] == 2


def test_the_latest_trait_counts_and_words_are_no_numbers() -> None:
    settings = config({"name": "age", "aggregate": "trait", "value": "age"})
    one, late, word = (event(START + n, "identify") for n in (5, 1, 9))
    story = [one._replace(traits={"age": 30}), late._replace(traits={"age": 29}), word._replace(traits={"age": "old"})]
    assert read(settings, story, START + DAY)["age"] == 30


@pytest.mark.parametrize(
    ("feature", "says"),
    [
        ({"name": "n", "aggregate": "count", "window": "1d", "half_life": "1d"}, "not both"),
        ({"name": "n", "aggregate": "recency", "window": "1d"}, "neither window"),
        ({"name": "n", "aggregate": "sum"}, "needs `value`"),
        ({"name": "n", "aggregate": "ratio"}, "needs `over`"),
        ({"name": "n", "aggregate": "count", "window": "soon"}, "window"),
        ({"name": "n", "aggregate": "count", "half_life": 0}, "half_life"),
        ({"name": "N!", "aggregate": "count"}, "name"),
        ({"name": "n", "aggregate": "median"}, "aggregate"),
        ({"name": "n", "aggregate": "count", "colour": 1}, "colour"),
    ],
)
def test_a_wrong_declaration_names_the_field(feature: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        config(feature)


def test_a_feature_declared_twice_is_refused() -> None:
    one = {"name": "n", "aggregate": "count"}
    with pytest.raises(ConfigError, match="'n' is declared twice"):
        config(one, one)
