"""However many items there are, a partition counts a bounded number of them: the same ones, however it was run."""

from __future__ import annotations

import random
from typing import Any

import pytest

from stream.config import RecommendConfig
from stream.durations import DAY
from stream.engine import Engine
from stream.entries import Entry, Event
from stream.recommend.counts import ItemCounts
from stream.recommend.model import ItemsModel
from stream.recommend.rows import ItemRow
from stream.store.memory import MemoryStore
from tests.stream import fold
from tests.stream.merging import ItemsMerger

START = 1_700_000_000_000
CONFIG = RecommendConfig(counted_items=40, neighbours=8, refresh=1_000, half_life="10d")  # type: ignore[arg-type]


def orders(count: int, seed: int = 1) -> list[tuple[list[str], int]]:
    """Orders of a few items that sell and of ever new ones that do not."""
    draw = random.Random(seed)
    return [
        ([f"best{draw.randrange(10)}", f"best{draw.randrange(10)}", f"once{place}"], START + place * DAY // 20)
        for place in range(count)
    ]


def packed(counts: ItemCounts) -> dict[str, bytes]:
    return {item: row for item in counts.items() if (row := counts.pack_item(item)) is not None}


def counted(many: list[tuple[list[str], int]], config: RecommendConfig = CONFIG) -> ItemCounts:
    counts = ItemCounts(config)
    for items, time in many:
        counts.learn_order(items, time)
    return counts


def test_the_lightest_go_and_what_sells_stays() -> None:
    sizes, counts = [], ItemCounts(CONFIG)
    for items, time in orders(500):
        counts.learn_order(items, time)
        sizes.append(len(packed(counts)))
    assert max(sizes) == 50
    kept = packed(counts)
    assert {f"best{number}" for number in range(10)} <= kept.keys()
    once = sorted(int(item.removeprefix("once")) for item in kept if item.startswith("once"))
    assert once[0] > 400, "the newest of those that were bought once"


def test_what_stays_is_counted_as_if_nothing_had_gone() -> None:
    bounded, free = packed(counted(orders(500))), packed(counted(orders(500), RecommendConfig(half_life="10d")))  # type: ignore[arg-type]
    for number in range(10):
        item = f"best{number}"
        one, other = ItemRow.unpack(bounded[item]), ItemRow.unpack(free[item])
        assert (one.popularity, one.neighbours.out) == (other.popularity, other.neighbours.out)


def test_what_sells_now_displaces_what_sold_once() -> None:
    old = [([f"old{number}"], START) for number in range(40)] * 5
    new = [([f"new{number}"], START + 100 * DAY) for number in range(30)]
    kept = packed(counted([*old, *new]))
    assert sum(item.startswith("new") for item in kept) == 30


def test_items_added_to_baskets_are_bounded_too() -> None:
    counts = ItemCounts(CONFIG)
    for number in range(500):
        counts.learn_add(f"i{number}", START + number)
    assert len(packed(counts)) <= 50


def test_one_order_of_more_items_than_are_kept() -> None:
    kept = packed(counted([([f"i{number}" for number in range(300)], START)]))
    assert len(kept) == 40


def test_no_item_is_taken_for_one_that_has_gone() -> None:
    """Items of two themes are never ordered together; their neighbours are of their own theme, also much later."""
    counts, draw = ItemCounts(CONFIG), random.Random(5)
    for place in range(600):
        theme = "ab"[place % 2]
        items = [f"{theme}{draw.randrange(6)}", f"{theme}{draw.randrange(6)}", f"{theme}-once{place}"]
        counts.learn_order(items, START + place * DAY // 20)
    model = ItemsMerger(CONFIG).merge([packed(counts)], None)
    assert len(model.neighbours) > 30
    assert all(other[0] == item[0] for item, near in model.neighbours.items() for other in near)
    numbers = [ItemRow.unpack(row).id for row in packed(counts).values()]
    assert len(set(numbers)) == len(numbers)


def test_numbers_are_given_out_once_also_after_a_restart() -> None:
    """Even where those that come last are the lightest, since they come late."""
    counts, known = ItemCounts(CONFIG), dict[int, str]()
    for place in range(300):
        items = [f"i{place}", f"j{place}"]
        counts.learn_order(items, START - place * DAY)
        for item in counts.drain_changed():
            if (row := counts.pack_item(item)) is not None:
                assert known.setdefault(ItemRow.unpack(row).id, item) == item
        counts = ItemCounts(CONFIG, packed(counts), counts.state)


@pytest.mark.parametrize("cut", [1, 33, 200, 399])
def test_going_on_from_the_store_is_going_on(cut: int) -> None:
    many = orders(400)
    half = counted(many[:cut])
    again = ItemCounts(CONFIG, packed(half), half.state)
    for items, time in many[cut:]:
        again.learn_order(items, time)
    assert packed(again) == packed(counted(many))


def test_changes_name_what_has_gone() -> None:
    """A store that takes each delta holds what is counted, and nothing else."""
    counts, store = ItemCounts(CONFIG), {}
    for items, time in orders(400):
        counts.learn_order(items, time)
        for item in counts.drain_changed():
            row = counts.pack_item(item)
            if row is None:
                store.pop(item, None)
            else:
                store[item] = row
    assert packed(ItemCounts(CONFIG, store, counts.state)) == packed(counts)


def test_a_merger_that_is_started_anew_makes_the_same_models() -> None:
    """Also where rows name items that are counted no more, and others have come in their place."""
    parts, merger, model = [ItemCounts(CONFIG), ItemCounts(CONFIG)], ItemsMerger(CONFIG), None
    for place, (items, time) in enumerate(orders(600)):
        parts[place % 2].learn_order(items, time)
        if place % 40:
            continue
        given = [packed(part) for part in parts]
        stored = None if model is None else ItemsModel.from_dict(model.to_dict())
        model = merger.merge(given, model)
        assert ItemsMerger(CONFIG).merge(given, stored).to_dict() == model.to_dict()
    assert model is not None
    assert any(item.startswith("best") for item in model.neighbours["best1"])
    assert len(model.neighbours) <= 100


def shop(count: int) -> list[Entry]:
    many = orders(count)
    products: list[Any] = [[{"product_id": item, "price": 2} for item in items] for items, _ in many]
    return [
        Event(place, many[place][1], f"u{place % 9}", True, f"m{place}", "Order Completed", {"products": lines}, {})
        for place, lines in enumerate(products)
    ]


@pytest.mark.parametrize("cuts", [[], [7, 8, 130], list(range(1, 300, 3))])
def test_batches_and_restarts_change_nothing(cuts: list[int]) -> None:
    config = fold.config(recommend={"counted_items": 40})
    whole, entries = Engine(config), shop(300)
    whole.apply(entries)
    store, engine = MemoryStore(), Engine(config)
    epoch = store.acquire(0)
    for start, end in zip([0, *cuts], [*cuts, 300], strict=True):
        _, delta = engine.apply(entries[start:end])
        store.commit(0, epoch, delta, b"")
        engine = Engine(config, store.load(0))
    assert len(store.items(0)) <= 50
    assert engine.state_hash() == whole.state_hash()
