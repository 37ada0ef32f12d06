"""Co-counts and their merging."""

from __future__ import annotations

import random

import pytest

from stream.config import RecommendConfig
from stream.durations import DAY
from stream.recommend.counts import ItemCounts
from stream.recommend.model import ItemsModel
from stream.recommend.rows import ItemRow
from tests.stream.merging import ItemsMerger

CONFIG = RecommendConfig()
NOW = 1_700_000_000_000


def model_of(*partitions: ItemCounts, config: RecommendConfig = CONFIG) -> ItemsModel:
    return ItemsMerger(config).merge([{item: p.pack_item(item) for item in p.items()} for p in partitions], None)


def shop(orders: int, config: RecommendConfig = CONFIG, partitions: int = 1) -> list[ItemCounts]:
    """Items of a group go together, whatever their popularity."""
    draw, counts = random.Random(5), [ItemCounts(config) for _ in range(partitions)]
    for number in range(orders):
        group = min(int(draw.expovariate(0.3)), 9)
        basket = [f"g{group}-{draw.randrange(6)}" for _ in range(3)] + [f"any-{draw.randrange(30)}"]
        counts[number % partitions].learn_order(basket, NOW + number * DAY // 50)
    return counts


def test_neighbours_are_of_the_same_group() -> None:
    model = model_of(*shop(2_000))
    for group in range(5):
        nearest = list(model.neighbours[f"g{group}-0"])[:5]
        assert all(other.startswith(f"g{group}-") for other in nearest)


def test_four_partitions_give_the_neighbours_of_one() -> None:
    one, four = model_of(*shop(2_000)), model_of(*shop(2_000, partitions=4))
    assert one.neighbours.keys() == four.neighbours.keys()
    for item, near in one.neighbours.items():
        assert dict(four.neighbours[item]) == pytest.approx(dict(near), rel=1e-5)
    assert dict(four.popular) == pytest.approx(dict(one.popular), rel=1e-9)


def test_order_of_partitions_does_not_matter() -> None:
    a, b, c = shop(600, partitions=3)
    first, second = model_of(a, b, c), model_of(c, a, b)
    for item, near in first.neighbours.items():
        assert dict(second.neighbours[item]) == pytest.approx(dict(near), rel=1e-6)


def test_a_rising_newcomer_gets_into_a_full_row() -> None:
    small = RecommendConfig(neighbours=8, half_life=7 * DAY)
    counts = ItemCounts(small)
    for number in range(400):
        counts.learn_order(["hub", f"old{number % 40}"], NOW + number * DAY // 4)
    for number in range(40):
        counts.learn_order(["hub", "rising"], NOW + (100 + number) * DAY)
    assert next(iter(model_of(counts, config=small).neighbours["hub"])) == "rising"
    assert len(ItemRow.unpack(counts.pack_item("hub")).neighbours.others) <= 2 * small.neighbours


def test_a_giant_order_costs_no_more_than_its_bound() -> None:
    counts = ItemCounts(CONFIG)
    counts.learn_order([f"i{n}" for n in range(10_000)], NOW)
    rows = [ItemRow.unpack(counts.pack_item(item)) for item in counts.items()]
    assert len(rows) == 10_000  # all count for popularity
    paired = [row.neighbours.others for row in rows if len(row.neighbours.others)]
    assert len(paired) == CONFIG.pair_items
    assert {len(others) for others in paired} == {CONFIG.pair_items - 1}


def test_an_item_many_times_in_an_order_counts_once() -> None:
    once, often = ItemCounts(CONFIG), ItemCounts(CONFIG)
    once.learn_order(["a", "b"], NOW)
    often.learn_order(["a"] * 1_000 + ["b"], NOW)
    assert once.pack_item("a") == often.pack_item("a")


def test_an_order_of_one_item_is_popular_and_near_nothing() -> None:
    counts = ItemCounts(CONFIG)
    counts.learn_order(["a"], NOW)
    model = model_of(counts)
    assert [item for item, _ in model.popular] == ["a"]
    assert not model.neighbours.get("a")


def test_counts_go_on_the_same_after_a_restart() -> None:
    first, draw = ItemCounts(CONFIG), random.Random(6)
    orders = [([f"i{draw.randrange(300)}" for _ in range(8)], NOW + n * DAY) for n in range(300)]
    for items, time in orders[:200]:
        first.learn_order(items, time)
    rows = {
        item: first.pack_item(item) for item in sorted(first.items(), reverse=True)
    }  # a store has them in any order
    second = ItemCounts(CONFIG, rows, first.state)
    for items, time in orders[200:]:
        first.learn_order(items, time)
        second.learn_order(items, time)
    assert {i: first.pack_item(i) for i in first.items()} == {i: second.pack_item(i) for i in second.items()}


def test_decades_of_short_half_lives_do_not_overflow() -> None:
    quick = RecommendConfig(half_life=DAY // 4)
    counts = ItemCounts(quick)
    for year in range(60):
        counts.learn_order(["a", "b"], NOW + year * 365 * DAY)
    model = model_of(counts, config=quick)
    assert model.neighbours["a"]["b"] > 0
    assert dict(model.popular)["a"] == pytest.approx(1.0, rel=1e-3)


def test_old_orders_fade() -> None:
    counts = ItemCounts(CONFIG)
    for number in range(20):
        counts.learn_order(["a", "past"], NOW + number)
    for number in range(5):
        counts.learn_order(["a", "present"], NOW + 300 * DAY + number)
    assert next(iter(model_of(counts).neighbours["a"])) == "present"


def test_a_model_survives_packing() -> None:
    model = model_of(*shop(500))
    again = ItemsModel.from_dict(model.to_dict())
    assert {item: dict(near) for item, near in again.neighbours.items()} == model.neighbours
    assert again.popular == model.popular
