"""Item counts: decayed, bounded, the same whatever the hash seed, and exact through the store."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
from pathlib import Path

import pytest

from stream.config import RecommendConfig
from stream.durations import DAY
from stream.recommend.counts import ADD_WEIGHT, ItemCounts
from stream.recommend.rows import ItemRow

START = 1_700_000_000_000
CONFIG = RecommendConfig()


def row(counts: ItemCounts, item: str) -> ItemRow:
    return ItemRow.unpack(counts.pack_item(item))


def near(counts: ItemCounts, item: str) -> dict[str, float]:
    """An item's neighbours by name."""
    names = {row(counts, name).id: name for name in counts.items()}
    found = row(counts, item).neighbours
    return {names[id_]: weight for id_, weight in zip(found.others.tolist(), found.weights.tolist(), strict=True)}


def weight(counts: ItemCounts, item: str) -> float:
    """Its popularity with a half-life of 30 days."""
    return row(counts, item).popularity[-1]


def packed(counts: ItemCounts) -> dict[str, bytes]:
    return {item: counts.pack_item(item) for item in counts.items()}


def test_one_item_a_thousand_times_has_no_neighbour() -> None:
    counts = ItemCounts(CONFIG)
    counts.learn_order(["a"] * 1_000, START)
    assert near(counts, "a") == {}
    assert weight(counts, "a") > 0


def test_weights_halve_with_the_half_life() -> None:
    counts = ItemCounts(RecommendConfig(half_life="30d"))
    counts.learn_order(["a", "b"], START)
    once, both = weight(counts, "a"), near(counts, "a")["b"]
    counts.learn_order(["a", "b"], START + 30 * DAY)
    assert weight(counts, "a") == pytest.approx(3 * once)
    assert near(counts, "a")["b"] == pytest.approx(3 * both)


def test_a_late_order_counts_at_its_own_time() -> None:
    early, late = ItemCounts(CONFIG), ItemCounts(CONFIG)
    orders = [(["a", "b"], START), (["b", "c"], START + DAY)]
    for items, time in orders:
        early.learn_order(items, time)
    for items, time in reversed(orders):
        late.learn_order(items, time)
    for item in "abc":
        assert row(late, item).popularity == pytest.approx(row(early, item).popularity)
        assert near(late, item) == pytest.approx(near(early, item))


def test_an_add_is_less_than_an_order_and_pairs_nothing() -> None:
    added, ordered = ItemCounts(CONFIG), ItemCounts(CONFIG)
    added.learn_add("a", START)
    ordered.learn_order(["a"], START)
    assert weight(added, "a") == pytest.approx(ADD_WEIGHT * weight(ordered, "a"))
    assert row(added, "a").neighbours.out == 0
    assert near(added, "a") == {}


def test_other_items_are_sampled_of_another_order() -> None:
    items = [f"i{number}" for number in range(200)]
    paired = []
    for time in (START, START + 1):
        counts = ItemCounts(CONFIG)
        counts.learn_order(items, time)
        paired.append({item for item in items if near(counts, item)})
    assert paired[0] != paired[1]


def test_pruning_never_counts_too_little_nor_certain_too_much() -> None:
    """Space-Saving's promise: what is kept is at least the true count, and what is gone is at most the floor."""
    small, exact = ItemCounts(RecommendConfig(neighbours=4)), ItemCounts(RecommendConfig(neighbours=1_000))
    draw = random.Random(2)
    for number in range(500):
        order = ["a", f"b{int(draw.paretovariate(0.7)) % 60}"]
        small.learn_order(order, START + number * DAY // 50)
        exact.learn_order(order, START + number * DAY // 50)
    kept, floor, truth = near(small, "a"), row(small, "a").neighbours.floor, near(exact, "a")
    certain = dict(zip(kept, row(small, "a").neighbours.certain.tolist(), strict=True))
    assert len(kept) <= 8 < len(truth)
    for item, weight in truth.items():
        assert kept.get(item, floor) >= weight * (1 - 1e-6)
        assert certain.get(item, 0.0) <= weight + 1e-6 * kept.get(item, 0.0)


def test_what_was_never_dropped_is_counted_exactly_beside_all_that_come_and_go() -> None:
    counts = ItemCounts(RecommendConfig(neighbours=8))
    for number in range(100):
        counts.learn_order(["a", "often" if number % 4 else "rare", f"b{number}"], START)
    found = dict(zip(near(counts, "a"), row(counts, "a").neighbours.certain.tolist(), strict=True))
    assert found["often"] == pytest.approx(3 * found["rare"], rel=1e-5)


def test_pruning_equals_keeps_some_of_them() -> None:
    counts = ItemCounts(RecommendConfig(neighbours=3))
    for number in range(7):
        counts.learn_order(["a", f"b{number}"], START)
    assert sorted(near(counts, "a")) == ["b0", "b1", "b2"]


def test_changed_items_are_drained_once() -> None:
    counts = ItemCounts(CONFIG)
    counts.learn_order(["a", "b"], START)
    counts.learn_add("c", START)
    assert counts.drain_changed() == {"a", "b", "c"}
    counts.learn_add("b", START)
    assert counts.drain_changed() == {"b"}
    assert counts.drain_changed() == set()


def shop(counts: ItemCounts, orders: range, config: RecommendConfig = CONFIG) -> None:
    for number in orders:
        draw = random.Random(number)
        counts.learn_order([f"i{draw.randrange(80)}" for _ in range(draw.randrange(1, 40))], START + number * DAY)
        counts.learn_add(f"i{draw.randrange(80)}", START + number * DAY)


@pytest.mark.parametrize("cut", [1, 77, 200])
def test_going_on_from_the_store_is_going_on(cut: int) -> None:
    config = RecommendConfig(neighbours=10, half_life="12h")  # prunes, and crosses a block
    whole, half = ItemCounts(config), ItemCounts(config)
    shop(whole, range(300))
    shop(half, range(cut))
    stored = packed(half)
    again = ItemCounts(config, stored, half.state)
    shop(again, range(cut, 300))
    assert packed(again) == packed(whole)


def fingerprint() -> str:
    config = RecommendConfig(neighbours=10)
    counts = ItemCounts(config)
    shop(counts, range(200))
    digest = hashlib.blake2b()
    for item in sorted(counts.drain_changed()):
        digest.update(counts.pack_item(item))
    return digest.hexdigest()


def test_the_hash_seed_changes_nothing() -> None:
    code = "from tests.stream.recommend.test_counts import fingerprint; print(fingerprint())"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parents[3],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {fingerprint()}


def test_a_clock_that_jumps_centuries_is_survived() -> None:
    """Within one batch: what was counted before is packed when nothing of it is left."""
    counts = ItemCounts(CONFIG)
    counts.learn_order(["a", "b"], START)
    counts.learn_order(["c"], START + 400_000 * DAY)
    again = ItemCounts(CONFIG, packed(counts), counts.state)
    assert packed(again) == packed(counts)
    assert weight(counts, "c") > 0
