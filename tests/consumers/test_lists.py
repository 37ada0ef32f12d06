"""Each customer's list in the store is the one that was published last, whatever died on the way."""

from __future__ import annotations

import pytest

from consumers.snapshots import find, restore, save
from producers.partitioner import partition_of
from tests.consumers.test_growth import grow, migrate, several
from tests.consumers.world import RECORDS, World
from tests.stream import fold


def said(world: World) -> dict[str, bytes | None]:
    """Customer -> the list that was published last."""
    partitions = world.log.reader().partitions(world.topics.recommendations)
    records = [record for partition in range(partitions) for record in world.read("recommendations", partition)]
    return {(record.key or b"").decode(): record.value for record in records}


def test_the_list_is_the_one_published_last(world):
    world.load(RECORDS)
    world.run()
    assert len(said(world)) > 20
    assert dict(world.store.lists(0)) == said(world)


@pytest.mark.parametrize("point", ["applied", "stored", "sent", "committed"])
def test_a_worker_that_died_leaves_neither_more_nor_less(here, point):
    here.load(RECORDS)
    here.killed(point, 5)
    here.run()
    assert dict(here.store.lists(0)) == said(here)


def test_between_store_and_log_lists_are_of_the_same_commit_as_the_state(here):
    here.load(RECORDS)
    here.killed("stored", 5)
    kept = dict(here.store.lists(0))
    assert kept != said(here)  # they are ahead of the topic, as all state is: the next owner publishes them
    worker = here.worker()
    worker.run_once()
    worker.close()
    assert kept.items() <= {**said(here), **kept}.items()
    here.run()
    assert dict(here.store.lists(0)) == said(here)


def test_rebuilt_from_the_log_and_the_journal(world):
    world.load(RECORDS)
    world.run()
    world.store.wipe(0)
    assert dict(world.store.lists(0)) == {}
    world.run()
    assert dict(world.store.lists(0)) == said(world)


def test_left_out_by_a_setting_those_from_before_go_as_lists_are_said(make):
    world = make()
    world.load(RECORDS[:300])
    world.run()
    before = said(world)
    world.config = fold.config(recommend={"cache_lists": False})
    world.load(RECORDS[300:])
    world.run()
    unchanged = {customer: value for customer, value in before.items() if said(world)[customer] == value}
    assert unchanged.keys() < before.keys()
    assert dict(world.store.lists(0)) == unchanged


def test_a_snapshot_has_them(make, tmp_path):
    world = make()
    world.load(RECORDS)
    world.run()
    save(world.store, world.topics.events, tmp_path, "2026-01-01T00:00:00Z")
    world.store.wipe(0)
    restore(find([tmp_path]), world.store, world.log.reader(), world.topics, world.config, "eddyline")
    assert dict(world.store.lists(0)) == said(world)


def test_they_go_with_their_customers_when_the_topic_grows():
    world = several(2)
    world.load(RECORDS)
    world.run()
    before = {partition: dict(world.store.lists(partition)) for partition in range(2)}
    grow(world, 4)
    migrate(world)
    after = {partition: dict(world.store.lists(partition)) for partition in range(4)}
    assert {**after[0], **after[1], **after[2], **after[3]} == {**before[0], **before[1]}
    assert all(after.values())
    for partition, lists in after.items():
        assert {partition_of(customer.encode(), 4) for customer in lists} == {partition}
