"""A topic that was given more partitions: refused, migrated, and each customer goes on with the profile they had."""

from __future__ import annotations

from functools import cache

import pytest

from consumers.growth import plan
from consumers.regrown import Regrowth
from consumers.snapshots import find, newest, restore, save
from producers.items import broadcast, item_event
from producers.partitioner import partition_of
from stream.contribution import Contribution, merge
from stream.engine import Engine
from stream.errors import InputError, Mismatch
from stream.store.memory import MemoryStore
from stream.store.transplant import dumped, finish, unfinished
from tests.consumers.world import RECORDS, SETTINGS, World, journal
from tests.logs.harness import MemoryLog


def grow(world: World, partitions: int) -> None:
    for topic in (world.topics.events, world.topics.journal):
        world.log.admin().grow(topic, partitions)


def migrate(world: World) -> dict[tuple[int, int], int] | None:
    finish(world.store)
    found = plan(world.store, world.log.reader(), world.topics, "eddyline")
    if found is None:
        return None
    regrowth = Regrowth(found, world.config, world.topics, "eddyline", world.log.reader(), world.store)
    regrowth.finish_old(world.log.source(world.group), world.log.transactional(world.id), SETTINGS)
    return regrowth.place()


def accumulators(world: World, partitions: int) -> dict[str, tuple[object, ...]]:
    """Customer -> what does not depend on models, and thereby not on how partitions have interleaved."""
    found = {}
    for partition in range(partitions):
        engine = Engine(world.config, world.store.load(partition))
        for profile in engine.customers:
            assert profile.customer not in found
            assert partition_of(profile.customer.encode(), partitions) == partition
            found[profile.customer] = (profile.slots.tobytes(), profile.last, profile.bought, profile.added)
    return found


@cache
def from_the_start(partitions: int) -> dict[str, tuple[object, ...]]:
    world = several(partitions)
    world.load(RECORDS)
    world.run()
    return accumulators(world, partitions)


def several(partitions: int) -> World:
    return World(MemoryLog(), MemoryStore(), partitions=partitions)


def ranks(world: World, partitions: int, index: str) -> dict[str, int]:
    return dict(pair for partition in range(partitions) for pair in world.store.range(partition, index, 0, 1_000))


def learnt_next(world: World, partitions: int) -> Contribution:
    packed = [world.store.scalar(partition, "contribution") for partition in range(partitions)]
    return merge([Contribution.unpack(one) for one in packed if one is not None])


def test_grown_refused_migrated_and_on(make):
    world = make(partitions=2)
    world.load(RECORDS[:180])
    world.run()
    world.load(RECORDS[180:230])  # by the old count, and not applied yet
    grow(world, 4)
    for record in RECORDS[230:250]:  # by a producer that has not noticed
        world.load([record._replace(partition=partition_of(record.key, 2))])
    world.load(RECORDS[250:300])
    with pytest.raises(Mismatch, match="2 partitions"):
        world.worker().run_once()
    moved = migrate(world)
    assert set(moved) == {(0, 2), (1, 3)}
    assert world.store.claimed().partitions == 4
    assert sum(moved.values()) + 10 < len(accumulators(world, 4))
    assert migrate(world) is None
    world.load(RECORDS[300:])
    world.run()
    assert accumulators(world, 4) == from_the_start(4)
    assert {partition: journal(world, partition)[0].kind for partition in (2, 3)} == {2: "grow", 3: "grow"}
    for partition in range(4):
        numbers = [entry.number for entry in journal(world, partition)]
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize(("before", "now"), [(1, 3), (2, 3), (3, 4), (2, 6)])
def test_any_count_to_any_larger_one(before, now):
    world = several(before)
    world.load(RECORDS[:220])
    world.run()
    world.load(RECORDS[220:250])
    grow(world, now)
    world.load(RECORDS[250:])
    migrate(world)
    world.run()
    assert accumulators(world, now) == from_the_start(now)


@pytest.mark.parametrize("records", [0, 1])
def test_partitions_in_which_there_was_nothing(records):
    """A partition that nobody has come to has a state all the same, from which its worker begins."""
    world = several(2)
    world.load(RECORDS[:records])
    world.run()
    grow(world, 4)
    migrate(world)
    world.run()
    world.load(RECORDS[records:])
    world.run()
    assert accumulators(world, 4) == from_the_start(4)


def test_what_is_learnt_from_is_what_it_was():
    world = several(2)
    world.load(RECORDS)
    world.run()
    grow(world, 4)
    expected, hot = learnt_next(world, 2), ranks(world, 2, "hot")
    migrate(world)
    assert ranks(world, 4, "hot") == hot
    found = learnt_next(world, 4)
    assert found.ids == expected.ids
    assert found.rows.tobytes() == expected.rows.tobytes()
    assert found.customers == expected.customers
    assert found.tally.pack() == expected.tally.pack()
    assert found.propensity.keys() == expected.propensity.keys()
    version = Engine(world.config, world.store.load(0)).model.version
    world.run()
    models = {Engine(world.config, world.store.load(partition)).model.version for partition in range(4)}
    assert models == {version}  # nothing was new


def test_a_message_that_comes_again_is_known_in_the_new_partition():
    world = several(2)
    world.load(RECORDS)
    world.run()
    expected = accumulators(world, 2)
    grow(world, 4)
    migrate(world)
    world.load(RECORDS)
    world.run()
    assert accumulators(world, 4) == expected


def half_way() -> World:
    """Grown from 2 partitions to 4 after 200 records; the others were not applied yet."""
    world = several(2)
    world.load(RECORDS[:200])
    world.run()
    grow(world, 4)
    world.load(RECORDS[200:])
    return world


@cache
def migrated_at_once() -> list[tuple[object, ...]]:
    """What is stored of each partition when nothing interrupts."""
    whole = half_way()
    migrate(whole)
    return [contents(whole, partition) for partition in range(4)]


@pytest.mark.parametrize("count", [1, 2, 4, 6])
@pytest.mark.parametrize("step", ["area", "acquire", "put_shared", "move", "reclaim"])
def test_killed_anywhere_and_run_again(monkeypatch, step, count):
    world, calls = half_way(), []
    before = getattr(world.store, step)

    def dies(*arguments):
        calls.append(arguments)
        if len(calls) == count:
            raise KeyboardInterrupt
        return before(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(world.store, step, dies)
        try:
            migrate(world)
        except KeyboardInterrupt:
            with pytest.raises(Mismatch, match=r"2 partitions|interrupted"):
                world.worker().run_once()
    migrate(world)
    assert unfinished(world.store) is None
    assert [contents(world, partition) for partition in range(4)] == migrated_at_once()
    world.run()
    assert accumulators(world, 4) == from_the_start(4)


def contents(world: World, partition: int) -> tuple[object, ...]:
    dump = dumped(world.store, partition)
    return dump.watermark, dump.number, dict(dump.scalars), dump.seen, sorted(dump.items), sorted(dump.profiles)


def test_a_lost_store_is_not_rebuilt_across_a_growth(tmp_path):
    world = several(2)
    world.load(RECORDS[:200])
    world.run()
    grow(world, 4)
    migrate(world)
    world.run()
    files = save(world.store, world.topics.events, tmp_path, "2026-01-01T00:00:00Z")
    world.load(RECORDS[200:])
    hashes = world.run()
    for partition in range(4):
        world.store.wipe(partition)
    worker = world.worker()
    with pytest.raises(Mismatch, match=r"has grown to 4 partitions.*`eddyline snapshot restore`"):
        worker.run_once()
    world.bury(worker)
    assert [file.header.partitions for file in files] == [4] * 4
    restore(
        newest(find([tmp_path])), world.store, world.log.reader(), world.topics, world.config, "eddyline", replace=True
    )
    assert world.run() == hashes


def test_what_cannot_be_migrated_is_refused():
    world = several(2)
    with pytest.raises(InputError, match="nothing is stored"):
        migrate(world)
    world.load(RECORDS[:200])
    world.run()
    assert migrate(world) is None
    with pytest.raises(Mismatch, match="'staging'"):
        plan(world.store, world.log.reader(), world.topics, "staging")
    grow(world, 3)
    world.load(RECORDS[200:250])
    late = next(record for record in RECORDS[250:] if partition_of(record.key, 3) != partition_of(record.key, 2))
    world.load([late._replace(partition=partition_of(late.key, 2))])
    with pytest.raises(Mismatch, match=r"written by the old count.*a multiple of 2"):
        migrate(world)
    smaller = World(MemoryLog(), world.store, world.topics, partitions=1)
    with pytest.raises(InputError, match="has 1 partitions, and the state is of 2"):
        migrate(smaller)


def test_another_partitioner_is_noticed():
    world = several(2)
    world.load(record._replace(partition=len(record.key) % 2) for record in RECORDS[:200])
    world.run()
    grow(world, 4)
    with pytest.raises(Mismatch, match="use another partitioner"):
        migrate(world)


def test_new_partitions_know_the_catalogue():
    world = several(2)
    items = [item_event({"product_id": name, "hidden": name == "p1"}, 0, f"i-{name}") for name in ("p1", "p99")]
    world.load(broadcast(items, 2))
    world.load(RECORDS[:200])
    world.run()
    grow(world, 4)
    migrate(world)
    known = [Engine(world.config, world.store.load(partition)).recommender.lists.counts for partition in range(4)]
    for counts in known:
        assert counts.attributes.item(counts.catalogue.number("p1")).hidden
        assert counts.attributes.told == 2
    assert set(known[2].items()) == {"p1", "p99"}, "counts stay where they were counted"
    world.load(RECORDS[200:])
    world.run()  # and goes on
    assert accumulators(world, 4) == from_the_start(4)
