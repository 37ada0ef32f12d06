"""The items model is a function of the counts and the model before it, not of the merger's own past."""

from __future__ import annotations

import random

from stream.config import RecommendConfig
from stream.durations import DAY
from stream.recommend.counts import ItemCounts
from stream.recommend.model import ItemsModel
from tests.stream.merging import ItemsMerger

CONFIG = RecommendConfig(refresh=7)


def packed(counts: ItemCounts) -> dict[str, bytes]:
    return {item: counts.pack_item(item) for item in counts.items()}


def test_a_merger_that_is_started_anew_makes_the_same_models():
    draw = random.Random(3)
    counts = [ItemCounts(CONFIG), ItemCounts(CONFIG)]
    merger, model = ItemsMerger(CONFIG), None
    for day in range(60):
        for _ in range(5):
            partition = counts[draw.randrange(1 + (day > 20))]
            partition.learn_order([f"i{int(draw.expovariate(0.1))}" for _ in range(draw.randrange(1, 6))], day * DAY)
        given = [packed(partition) for partition in counts]
        stored = None if model is None else ItemsModel.from_dict(model.to_dict())
        model = merger.merge(given, model)
        assert ItemsMerger(CONFIG).merge(given, stored).to_dict() == model.to_dict()
    assert len(model.neighbours) > 3 * CONFIG.refresh


def test_all_items_are_computed_in_turn():
    draw, counts = random.Random(4), ItemCounts(CONFIG)
    for number in range(200):
        counts.learn_order([f"i{draw.randrange(30)}" for _ in range(4)], number * DAY // 20)
    merger, model, sizes = ItemsMerger(CONFIG), None, []
    for _ in range(6):
        model = merger.merge([packed(counts)], model)
        sizes.append(len(model.neighbours))
    assert sizes == [7, 14, 21, 28, 30, 30]
    assert merger.merge([packed(counts)], model).to_dict() == model.to_dict()


def test_items_that_leave_the_counts_leave_the_model():
    counts, merger = ItemCounts(CONFIG), ItemsMerger(CONFIG)
    counts.learn_order(["a", "b"], DAY)
    model = merger.merge([packed(counts)], None)
    assert sorted(model.neighbours) == ["a", "b"]
    assert not merger.merge([{}], model).neighbours
