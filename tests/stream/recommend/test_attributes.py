"""What is known of items: told or heard, kept with the counts, bounded, the same however it was run."""

from __future__ import annotations

import random
from typing import Any

import pytest

from stream.config import RecommendConfig
from stream.engine import Engine
from stream.entries import Entry, Event
from stream.items import UPDATED, WITHDRAWN, Item
from stream.products import Product
from stream.recommend.counts import ItemCounts
from stream.store.memory import MemoryStore
from tests.stream import fold
from tests.stream.merging import ItemsMerger

START = fold.START


def told(position: int, kind: str = UPDATED, **properties: Any) -> Event:
    return Event(position, START, "", False, f"i{position}", kind, properties, {})


def item(counts: ItemCounts, name: str) -> Item:
    return counts.attributes.item(counts.catalogue.number(name))


def again(counts: ItemCounts, config: RecommendConfig) -> ItemCounts:
    rows = {name: row for name in counts.items() if (row := counts.pack_item(name)) is not None}
    return ItemCounts(config, rows, counts.state)


def test_what_is_given_is_changed_what_is_left_out_stays_and_null_clears() -> None:
    counts = ItemCounts(RecommendConfig())
    counts.tell(UPDATED, {"product_id": "tea", "name": "Tea", "price": 2.5, "hidden": True})
    counts.tell(UPDATED, {"product_id": "tea", "price": 3.0, "hidden": None})
    assert item(counts, "tea") == Item(name="Tea", price=3.0)


def test_the_catalogue_outranks_what_is_heard_and_what_is_heard_last_wins() -> None:
    counts = ItemCounts(RecommendConfig())
    counts.learn_order(["tea", "cup"], START)
    counts.hear([Product("tea", 1.0, 2.0, "drinks", "Tea"), Product("cup", 1.0, 4.0, None)])
    counts.hear([Product("cup", 1.0, 5.0, "china"), Product("nobody", 1.0, 1.0, "x")])
    assert item(counts, "cup") == Item(category="china", price=5.0)
    counts.tell(UPDATED, {"product_id": "tea", "price": 9.0})
    counts.hear([Product("tea", 1.0, 2.5, "teas")])
    assert item(counts, "tea") == Item(name="Tea", category="teas", price=9.0)
    counts.tell(UPDATED, {"product_id": "tea", "price": None, "category": None})
    assert item(counts, "tea") == Item(name="Tea")
    assert "nobody" not in counts.catalogue


def test_a_withdrawn_item_comes_back_with_an_update() -> None:
    counts = ItemCounts(RecommendConfig())
    counts.tell(UPDATED, {"product_id": "tea", "name": "Tea"})
    counts.tell(WITHDRAWN, {"product_id": "tea"})
    assert item(counts, "tea") == Item(name="Tea", withdrawn=True)
    counts.tell(UPDATED, {"product_id": "tea", "price": 1.0})
    assert item(counts, "tea") == Item(name="Tea", price=1.0)


def test_items_of_the_catalogue_stay_while_others_come_and_go() -> None:
    config = RecommendConfig(counted_items=40)
    counts = ItemCounts(config)
    for number in range(30):
        counts.tell(UPDATED, {"product_id": f"told{number}", "name": "never ordered"})
    for number in range(300):
        counts.learn_order([f"once{number}", f"once{number + 1}"], START + number)
    kept = set(counts.items())
    assert {f"told{number}" for number in range(30)} <= kept
    assert 40 <= len(kept) - 30 <= 50


def test_the_catalogue_is_bounded_and_who_was_told_of_long_ago_goes_hidden_ones_last() -> None:
    config = RecommendConfig(catalogue_items=20)
    counts = ItemCounts(config)
    counts.learn_order(["item3"], START)
    for number in range(26):
        counts.tell(UPDATED, {"product_id": f"item{number}", "name": "x", "hidden": number in (1, 2)})
    assert counts.attributes.told == 20
    names = {name: item(counts, name) for name in counts.items()}
    assert names["item1"].hidden
    assert names["item2"].hidden
    assert names["item3"] == Item(name="x"), "it is counted, and known as if it had been heard of"
    assert counts.attributes.pack(counts.catalogue.number("item3"))[0] == 0
    assert counts.attributes.pack(counts.catalogue.number("item8"))[0] > 0


def test_a_hidden_item_that_the_bound_pushes_out_is_forgotten_with_its_counts() -> None:
    counts = ItemCounts(RecommendConfig(catalogue_items=4))
    counts.learn_order(["item0", "tea"], START)
    for number in range(6):
        counts.tell(UPDATED, {"product_id": f"item{number}", "hidden": True})
    assert set(counts.items()) == {"tea", "item2", "item3", "item4", "item5"}
    assert counts.pack_item("item0") is None
    assert {"item0", "item1"} <= counts.drain_changed()


def test_they_go_on_the_same_after_a_restart() -> None:
    config = RecommendConfig(counted_items=20, catalogue_items=10)
    going, draw = ItemCounts(config), random.Random(1)
    restarted = going
    for step in range(200):
        name = f"i{draw.randrange(40)}"
        hidden = draw.random() < 0.2
        for counts in (going, restarted):
            if step % 3:
                counts.learn_order([name, f"i{step % 40}"], START + step)
                counts.hear([Product(name, 1.0, float(step), "c")])
            else:
                counts.tell(UPDATED, {"product_id": name, "price": float(step), "hidden": hidden})
        if step % 17 == 0:
            restarted = again(restarted, config)
    packed = {name: going.pack_item(name) for name in going.items()}
    assert {name: restarted.pack_item(name) for name in restarted.items()} == packed


def test_the_model_knows_nothing_of_items_that_nobody_ordered() -> None:
    told_only, counting = ItemCounts(RecommendConfig()), ItemCounts(RecommendConfig())
    for counts in (told_only, counting):
        counts.tell(UPDATED, {"product_id": "new", "name": "x"})
    counting.learn_order(["a", "b"], START)
    rows = [{name: counts.pack_item(name) or b"" for name in counts.items()} for counts in (told_only, counting)]
    model = ItemsMerger(RecommendConfig()).merge(rows, None)
    assert {name for name, _ in model.popular} == {"a", "b"}
    assert not model.shared, "one partition has counted, the other knows the catalogue only"


@pytest.mark.parametrize("cuts", [1, 7, 500])
def test_the_fold_keeps_them_in_its_state_however_it_is_cut(cuts: int) -> None:
    draw = random.Random(3)
    entries: list[Entry] = []
    for entry in fold.events(200):
        if draw.random() < 0.2:
            entries.append(told(0, product_id=f"p{draw.randrange(30)}", price=float(draw.randrange(9)), hidden=True))
        entries.append(entry)
    entries = [one._replace(position=place) if isinstance(one, Event) else one for place, one in enumerate(entries)]
    entries = [one._replace(message_id=f"m{one.position}") if isinstance(one, Event) else one for one in entries]
    config, store = fold.config(), MemoryStore()
    whole = Engine(config)
    whole.apply(entries)
    epoch = store.acquire(0)
    for start in range(0, len(entries), cuts):
        engine = Engine(config, store.load(0))
        _, delta = engine.apply(entries[start : start + cuts])
        store.commit(0, epoch, delta, b"")
    assert Engine(config, store.load(0)).state_hash() == whole.state_hash()
    other = Engine(config)
    other.apply([one for one in entries if not (isinstance(one, Event) and not one.customer)])
    assert other.state_hash() != whole.state_hash()
    assert other.clock == whole.clock, "the catalogue moves no clock"


def test_an_event_of_the_catalogue_moves_no_clock() -> None:
    engine = Engine(fold.config())
    engine.apply([told(0, product_id="tea")._replace(time=START + 10**9)])
    assert (engine.clock, engine.watermark, engine.entries) == (0, 1, 1)
