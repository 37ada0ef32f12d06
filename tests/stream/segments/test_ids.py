"""Ids of segment changes: readers drop what has an id that they know, so no two changes may share one."""

from __future__ import annotations

import random

import pytest

from stream.engine import Engine
from stream.entries import Entry, ModelAdopted
from stream.updates import SegmentChanged
from tests.stream import fold
from tests.stream.merging import ItemsMerger


def out_of_order(seed: int) -> list[Entry]:
    """Events of some days in any order, so that most are late."""
    draw, entries, out = random.Random(seed), fold.events(400, 40, seed), []
    for start in range(0, len(entries), 60):
        some = entries[start : start + 60]
        draw.shuffle(some)
        out += some
    return [entry._replace(position=place) for place, entry in enumerate(out)]


@pytest.mark.parametrize("seed", [1, 5])
def test_a_customer_who_goes_back_and_forth_at_one_moment(seed):
    config = fold.config()
    engine, merger = Engine(config), ItemsMerger(config.recommend)
    changes = []
    for entry in out_of_order(seed):
        updates, delta = engine.apply([entry])
        if "contribution" in delta.scalars:
            model = fold.next_model(engine, delta.scalars["contribution"], merger)
            updates += engine.apply([ModelAdopted(model)])[0]
        changes += [update for update in updates if isinstance(update, SegmentChanged)]
    assert len(changes) > 80
    assert len({change.id for change in changes}) == len(changes)
