"""Merged item counts: the same in any order and number of parts, and similarities that make sense."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from math import isfinite, log2, sqrt

import pytest

from stream.config import RecommendConfig
from stream.durations import DAY
from stream.recommend.counts import ItemCounts
from stream.recommend.merged import MergedCounts
from stream.recommend.model import ItemsModel
from stream.recommend.pairs import BLOCK
from stream.recommend.rows import ItemRow
from tests.stream.merging import ItemsMerger

START = 1_700_000_000_000
CONFIG = RecommendConfig(refresh=10_000)
Orders = Sequence[tuple[list[str], int]]


def planted(count: int = 600, seed: int = 1) -> list[tuple[list[str], int]]:
    """Orders of a catalogue of five themes of six items; now and then an item of any theme, or the bag all take."""
    draw = random.Random(seed)
    orders = []
    for number in range(count):
        theme = draw.randrange(5)
        items = draw.sample([f"t{theme}-{place}" for place in range(6)], draw.randrange(2, 5))
        if draw.random() < 0.3:
            items.append(f"t{draw.randrange(5)}-{draw.randrange(6)}")
        if draw.random() < 0.7:
            items.append("bag")
        orders.append((items, START + number * DAY // 4))
    return orders


def counted(orders: Orders, config: RecommendConfig = CONFIG) -> dict[str, bytes]:
    counts = ItemCounts(config)
    for items, time in orders:
        counts.learn_order(items, time)
    return {item: counts.pack_item(item) for item in counts.items()}


def model(*parts: Mapping[str, bytes], config: RecommendConfig = CONFIG) -> ItemsModel:
    return ItemsMerger(config).merge(parts, None)


def alike(one: ItemsModel, other: ItemsModel, tolerance: float = 1e-6) -> None:
    """Equal up to the 24 bits that a model holds."""
    assert dict(one.popular) == pytest.approx(dict(other.popular), rel=tolerance)
    assert one.measured == pytest.approx(other.measured, rel=tolerance)
    assert one.neighbours.keys() == other.neighbours.keys()
    for item, near in one.neighbours.items():
        beside = other.neighbours[item]
        assert sorted(near.values()) == pytest.approx(sorted(beside.values()), rel=tolerance)
        last = min(near.values(), default=0.0)
        for name in near.keys() ^ beside.keys():  # only ties at the end of a list may differ
            assert (near.get(name) or beside[name]) == pytest.approx(last, rel=tolerance)


def test_similarity_is_the_shrunk_cosine() -> None:
    orders = [(["a", "b"], START), (["a", "b", "c"], START), (["a"], START), (["a", "c"], START)]
    found = model(counted(orders, CONFIG)).neighbours
    one, two, three = 1 / log2(3), 1 / log2(4), 1 / log2(5)
    both, a, b = two + three, two + three + one + two, two + three
    assert found["a"]["b"] == pytest.approx(both / sqrt(a * b) * both / (both + CONFIG.shrink), rel=1e-6)
    assert found["a"]["b"] == found["b"]["a"]


def test_lists_are_ordered_bounded_and_without_the_item_itself() -> None:
    found = model(counted(planted()), config=RecommendConfig(served=4, refresh=10_000)).neighbours
    for item, near in found.items():
        assert item not in near
        assert len(near) == 4
        ranked = list(near.items())
        assert ranked == sorted(ranked, key=lambda pair: (-pair[1], pair[0]))
        assert all(0 < similar <= 1 for similar in near.values())


def test_partitions_in_different_blocks_are_brought_to_one_unit() -> None:
    """The first order is the last of a block of 256 half-lives, the second the first of the next."""
    edge = (START // (CONFIG.half_life * BLOCK) + 1) * CONFIG.half_life * BLOCK
    orders = [(["a", "b"], edge - 1), (["a", "b"], edge), (["a", "c"], edge - DAY)]
    alike(model(counted(orders[:1]), counted(orders[1:2]), counted(orders[2:])), model(counted(orders)))


def test_the_heaviest_items_are_carried() -> None:
    counts = counted(planted())
    heavy = dict(model(counts).popular[:10])
    assert model(counts, config=RecommendConfig(max_items=10)).neighbours.keys() == heavy.keys()


def test_what_was_popular_fades() -> None:
    orders = [(["old"], START + number) for number in range(10)]
    orders += [(["new"], START + 120 * DAY + number) for number in range(2)]
    popular = model(counted(orders)).popular
    assert [item for item, _ in popular] == ["new", "old"]
    assert dict(popular)["old"] == pytest.approx(10 / 2**4, rel=1e-3)


def test_an_item_of_long_ago_does_no_harm() -> None:
    quick = RecommendConfig(half_life="1h", refresh=10_000)
    orders = [(["a", "b"], 0), (["b", "c"], START)]
    found = model(counted(orders[:1], quick), counted(orders[1:], quick), config=quick)
    assert found.neighbours["c"].keys() == {"b"}
    assert all(isfinite(weight) for _, weight in found.popular)
    assert all(isfinite(mass) for mass in found.measured.values())


def test_without_counts_there_is_an_empty_model() -> None:
    for counts in ([], [{}]):
        found = model(*counts)
        assert (found.popular, found.neighbours, found.measured) == ((), {}, {})


def test_a_late_comer_is_not_overrated() -> None:
    """It begins at the floor, which is what another weighed; its similarity takes only what was counted since."""
    tight = RecommendConfig(neighbours=4, shrink=0.0, half_life="9999d", refresh=10_000)
    before = [f"b{number % 6}" for number in range(60)] + ["c0", "c1", "c2"]  # the ninth neighbour makes five go
    orders = [(["a", other], START + number) for number, other in enumerate([*before, "late", "late"])]
    counts = counted(orders, tight)
    row, late = (ItemRow.unpack(counts[item]) for item in ("a", "late"))
    others = row.neighbours
    assert others.weights[others.others.tolist().index(late.id)] > others.floor > 0
    near = model(counts, config=tight).neighbours["a"]
    assert near["late"] == pytest.approx(2 / sqrt(65 * 2), rel=1e-3)


def test_a_row_may_name_an_item_that_has_gone_and_was_the_newest_of_all() -> None:
    counts = counted([(["a", "b"], START), (["a", "gone"], START + 1)])
    assert ItemRow.unpack(counts.pop("gone")).id == max(ItemRow.unpack(row).id for row in counts.values()) + 1
    assert model(counts).neighbours["a"].keys() == {"b"}


def test_rows_may_come_at_once_or_one_after_the_other() -> None:
    """Also where an id has come to another item, and where an item has gone and comes back."""
    parts = [counted(planted()[place::2]) for place in range(2)]
    whole, stepwise = MergedCounts(CONFIG), MergedCounts(CONFIG)
    for partition, rows in enumerate(parts):
        whole.replace(partition, rows)
        stepwise.update(partition, counted([(["other", "bag"], START)]))
        stepwise.update(partition, {"other": None})
    for item in sorted({*parts[0], *parts[1]}):
        for partition, rows in enumerate(parts):
            stepwise.update(partition, {item: rows.get(item)})
    names = sorted({*parts[0], *parts[1]})
    assert stepwise.nearest(names) == whole.nearest(names)
    assert stepwise.heaviest(100) == whole.heaviest(100)
    assert whole.replace(0, parts[0]) == {}
    assert set(whole.replace(0, {})) == set(parts[0])
    assert not whole.shared
