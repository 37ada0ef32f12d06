"""States that an older release has written are opened, migrated, and go on as if they had always been ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from consumers.formats import migrate_state
from consumers.snapshots import find, restore
from producers.topics import Topics
from stream.config import load_toml, parse_config
from stream.engine import Engine
from stream.errors import InputError, Mismatch
from stream.migrate import STEPS, check
from stream.model import FORMAT, Model
from stream.recommend.counts import CHANGED
from stream.snapshot.reader import SnapshotReader, verify
from stream.store.base import Delta
from stream.store.memory import MemoryStore
from stream.store.transplant import dumped
from tests.consumers.world import World, shop
from tests.logs.harness import MemoryLog

STATES = Path(__file__).parent / "states"
FORMATS = sorted(int(path.stem.removeprefix("format-")) for path in STATES.glob("format-*.snapshot"))
RECORDS = shop(160, 12)  # the kept states are at the 110th


def old(written: int) -> Path:
    return STATES / f"format-{written}.snapshot"


def deployment(written: int) -> World:
    """With all records in its log, worked on to the end."""
    config = parse_config(load_toml(STATES / f"format-{written}.toml"))
    world = World(MemoryLog(), MemoryStore(), Topics(), config=config)
    world.load(RECORDS[:110])
    world.run()
    world.load(RECORDS[110:])
    world.run()
    return world


def open_old(world: World, written: int) -> None:
    files = find([old(written)])
    restore(files, world.store, world.log.reader(), world.topics, world.config, "eddyline", replace=True)


def known(world: World) -> dict[str, tuple[object, ...]]:
    """Customer -> all that is kept, but for what older states do not have: in which order customers were seen, how
    often each item was ordered, and what the last list says, without which the next one is given also where it says the
    same.
    """
    engine = Engine(world.config, world.store.load(0))
    return {
        one.customer: (
            one.slots.tobytes(),
            [sketch.get_estimate() for sketch in one.sketches],
            (one.last, one.due, one.segment, one.moved, one.entered),
            {target: standing.to_list() for target, standing in one.standings.items()},
            ({item: own.last for item, own in one.bought.items()}, one.added, *one.impressions.pack()[:2]),
        )
        for one in engine.customers
    }


def indexes(store: MemoryStore) -> dict[str, list[tuple[str, int]]]:
    return {name: store.range(0, name, -(2**53), 1_000) for name in store.indexes(0) if name not in ("hot", CHANGED)}


def test_every_step_has_a_state_to_try_it_on():
    assert sorted(STEPS) == FORMATS == list(range(3, FORMAT))


@pytest.mark.parametrize("written", FORMATS)
def test_an_old_snapshot_is_opened_and_goes_on(written):
    world = deployment(written)
    expected, outputs, model = known(world), world.outputs(), Engine(world.config, world.store.load(0)).model
    assert verify(old(written)).format == written
    open_old(world, written)
    assert world.store.position(0)[0] == 110
    opened = Engine(world.config, world.store.load(0))
    assert opened.model.version == 2
    assert len(opened.customers) == 12
    assert all(one.segment in opened.model.segments.ids for one in opened.customers)
    assert all(one.standings["orders_again"].published for one in opened.customers)
    world.run()
    assert known(world) == expected
    assert Engine(world.config, world.store.load(0)).model.digest == model.digest
    assert world.outputs() == outputs


@pytest.mark.parametrize("written", FORMATS)
def test_an_old_snapshot_has_the_indexes_of_a_new_state(written):
    world = deployment(written)
    expected = indexes(world.store)
    open_old(world, written)
    world.run()
    assert indexes(world.store) == expected
    assert {name for name, _ in world.store.range(0, "hot", -(2**53), 1_000)} == known(world).keys()


@pytest.mark.parametrize("written", FORMATS)
def test_an_old_store_is_refused_then_migrated(written):
    world = deployment(written)
    expected = known(world)
    with SnapshotReader(old(written)) as snapshot:
        dump = snapshot.dump()
        items, profiles = dict(dump.items), dict(dump.profiles)
        recorded = dict(snapshot.header.settings)
    delta = Delta(dump.watermark, profiles, items=items, seen=dump.seen, seen_limit=10_000, number=dump.number)
    delta.scalars = dict(dump.scalars)
    world.store.wipe(0)
    world.store.commit(0, world.store.acquire(0), delta, dump.outbox)
    world.store.put_shared("settings", json.dumps(recorded).encode())
    with pytest.raises(Mismatch, match=rf"in format {written}, .*`eddyline state migrate`"):
        world.worker().run_once()
    assert migrate_state(world.store, world.config, "eddyline") == (written, FORMAT)
    migrated = contents(world)
    assert migrate_state(world.store, world.config, "eddyline") == (FORMAT, FORMAT)
    open_old(world, written)
    assert contents(world) == migrated
    world.run()
    assert known(world) == expected


def contents(world: World) -> tuple[object, ...]:
    dump = dumped(world.store, 0)
    return dump.watermark, dump.number, dict(dump.scalars), dump.seen, sorted(dump.items), sorted(dump.profiles)


def test_what_is_not_read_is_refused():
    with pytest.raises(Mismatch, match=rf"format {FORMAT + 1}, .* a later one"):
        check(FORMAT + 1, "it")
    with pytest.raises(Mismatch, match=r"format 2, .*reads those from 3 on"):
        check(2, "it")
    check(FORMAT, "it")
    with pytest.raises(InputError, match="nothing is stored"):
        migrate_state(MemoryStore(), parse_config(load_toml(STATES / "format-3.toml")), "eddyline")


def test_an_old_model_is_read_as_it_was_written():
    with SnapshotReader(old(3)) as snapshot:
        packed = snapshot.dump().scalars["model"]
    model = Model.unpack(packed)
    assert model.packed == packed
    assert model.segments is not None
