"""A state that was saved, restored and brought up to date equals one that nothing interrupted, byte for byte."""

from __future__ import annotations

import threading

import pytest

from consumers.snapshots import check_tail, find, newest, restore, save
from stream.errors import DataError, InputError, Mismatch
from stream.recommend.counts import CHANGED
from stream.snapshot.reader import SnapshotReader, verify
from stream.store.memory import MemoryStore
from stream.store.transplant import frozen
from tests.consumers.conftest import agree
from tests.consumers.world import RECORDS, World
from tests.logs.harness import MemoryLog


def several(partitions: int) -> World:
    return World(MemoryLog(), MemoryStore(), partitions=partitions)


NOW = "2026-01-01T00:00:00Z"


def saved(world: World, directory, **options):
    return save(world.store, world.topics.events, directory, NOW, **options)


def put_back(world: World, directory, **options):
    files = newest(find([directory]), options.pop("partitions", ()))
    restore(files, world.store, world.log.reader(), world.topics, world.config, "eddyline", **options)


def contents(world: World, partition: int = 0):
    """All that a store holds of a partition, its indexes of customers too, which a snapshot has not."""
    store = world.store
    indexes = {
        name: store.range(partition, name, -(2**53), 1_000) for name in store.indexes(partition) if name != CHANGED
    }
    with frozen(store, partition) as dump:
        if dump is None:
            return None
        parts = sorted(dump.items), sorted(dump.lists), sorted(dump.profiles)
        held = dump.watermark, dump.number, dict(dump.scalars), dump.seen, *parts
        return *held, {name: ranks for name, ranks in indexes.items() if ranks}


def test_restored_and_brought_up_to_date(make, tmp_path):
    """Also where retention has cut the beginning of the log away since."""
    world = make()
    world.load(RECORDS[:150])
    world.run()
    (file,) = saved(world, tmp_path)
    world.load(RECORDS[150:])
    hashes = world.run()
    expected, outputs = contents(world), world.outputs()
    world.log.trim(world.topics.events, 0, before=120)
    world.store.wipe(0)
    put_back(world, tmp_path)
    assert world.store.position(0) == (file.header.watermark, file.header.number)
    assert check_tail(file, world.log.reader(), world.topics) >= 250
    assert world.run() == hashes
    assert contents(world) == expected
    assert world.outputs() == outputs  # nothing was published again
    agree(world, hashes)


def test_a_log_that_has_lost_a_part_of_the_tail(here, tmp_path):
    here.load(RECORDS[:200])
    here.run()
    (file,) = saved(here, tmp_path)
    here.load(RECORDS[200:])
    hashes = here.run()
    here.log.trim(here.topics.events, 0, before=230)
    with pytest.raises(InputError, match=r"at offset 200, and the log begins at 230"):
        put_back(here, tmp_path, replace=True)
    with pytest.raises(InputError, match="Take a later snapshot"):
        check_tail(file, here.log.reader(), here.topics)
    put_back(here, tmp_path, replace=True, accept_gap=True)
    assert here.run() != hashes


def test_saved_while_a_worker_commits(make, tmp_path):
    """Whatever commit it falls on, the rest of the log brings it to the same state."""
    world = make()
    world.load(RECORDS)
    stop = threading.Event()

    def keep_saving():
        while not stop.is_set():
            if world.store.claimed() is not None and world.store.shared("settings") is not None:
                saved(world, tmp_path)

    saver = threading.Thread(target=keep_saving)
    saver.start()
    try:
        hashes = world.run(batch=20)
    finally:
        stop.set()
        saver.join()
    files = find([tmp_path])
    for file in files:
        verify(file.path)
    middle = files[len(files) // 2]
    restore([middle], world.store, world.log.reader(), world.topics, world.config, "eddyline", replace=True)
    assert world.run() == hashes
    agree(world, hashes)


def test_saved_between_store_and_log(here, tmp_path):
    """The batch that is not in the log yet is in the snapshot, and is published by the next worker."""
    here.load(RECORDS)
    here.killed("stored", 3)
    saved(here, tmp_path)
    here.store.wipe(0)
    put_back(here, tmp_path)
    agree(here, here.run())


def test_the_same_state_is_the_same_file(make, tmp_path):
    """Saved from one store, restored into it and saved again."""
    world = make()
    world.load(RECORDS)
    world.run()
    (first,) = saved(world, tmp_path / "first")
    put_back(world, tmp_path / "first", replace=True)
    (second,) = saved(world, tmp_path / "second")
    assert second.path.read_bytes() == first.path.read_bytes()


def test_several_partitions(tmp_path):
    world = several(3)
    world.load(RECORDS)
    world.run()
    expected = [contents(world, partition) for partition in range(3)]
    assert [file.header.partition for file in saved(world, tmp_path)] == [0, 1, 2]
    world.store.wipe(1)
    put_back(world, tmp_path, partitions=(1,), partial=True)
    assert [contents(world, partition) for partition in range(3)] == expected
    for partition in range(3):
        world.store.wipe(partition)
    put_back(world, tmp_path)
    assert [contents(world, partition) for partition in range(3)] == expected
    next(tmp_path.glob("*events-2-*")).unlink()
    put_back(world, tmp_path, replace=True)
    assert contents(world, 2) is None  # a partition without a snapshot is rebuilt from the log
    world.run()
    assert contents(world, 2)[0] == expected[2][0]


def test_a_damaged_snapshot_changes_nothing(tmp_path):
    world = several(2)
    world.load(RECORDS)
    world.run()
    files = saved(world, tmp_path)
    before = [contents(world, partition) for partition in range(2)]
    whole = files[1].path.read_bytes()
    files[1].path.write_bytes(whole[:-40] + b"!" + whole[-39:])
    with pytest.raises(DataError, match="damaged"):
        put_back(world, tmp_path, replace=True)
    assert [contents(world, partition) for partition in range(2)] == before
    world.run()


@pytest.mark.parametrize("step", ["acquire", "move", "put_shared", "reclaim"])
def test_interrupted_while_it_is_put_in_place(tmp_path, monkeypatch, step):
    """Workers refuse what is half old and half new, until the command was run again."""
    world = several(3)
    world.load(RECORDS)
    world.run()
    saved(world, tmp_path)
    expected = [contents(world, partition) for partition in range(3)]
    world.store.wipe(1)
    calls = []

    def dies(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return before(*arguments)

    before = getattr(world.store, step)
    monkeypatch.setattr(world.store, step, dies)
    if step == "reclaim":
        calls.append(())
    with pytest.raises(KeyboardInterrupt):
        put_back(world, tmp_path, replace=True)
    monkeypatch.undo()
    with pytest.raises(Mismatch, match="`eddyline snapshot restore` was interrupted"):
        world.worker().run_once()
    with pytest.raises(Mismatch, match="interrupted"):
        saved(world, tmp_path)
    put_back(world, tmp_path, replace=True)
    assert [contents(world, partition) for partition in range(3)] == expected
    world.run()


def test_what_is_refused(here, tmp_path):
    with pytest.raises(InputError, match="nothing is stored"):
        saved(here, tmp_path)
    with pytest.raises(DataError, match="no snapshot"):
        find([tmp_path])
    here.load(RECORDS)
    here.run()
    with pytest.raises(InputError, match="no partition 4"):
        saved(here, tmp_path, partitions=(4,))
    (file,) = saved(here, tmp_path)
    with pytest.raises(InputError, match="say --replace"):
        put_back(here, tmp_path)
    with pytest.raises(InputError, match="no snapshot of partition 7"):
        newest([file], (7,))
    other = here.same()
    arguments = (other.store, other.log.reader(), other.topics, other.config)
    with pytest.raises(Mismatch, match=r"deployment 'eddyline'.*this is deployment 'staging'"):
        restore([file], *arguments, "staging")


def test_a_snapshot_of_another_log_is_refused(here, tmp_path):
    here.load(RECORDS)
    here.run()
    (file,) = saved(here, tmp_path)
    assert check_tail(file, here.log.reader(), here.topics) == 0
    other = here.same()
    other.load(RECORDS[:50])
    other.run()
    with pytest.raises(InputError, match="of another log"):
        check_tail(file, other.log.reader(), other.topics)
    put_back(other, tmp_path, replace=True)
    with pytest.raises(Mismatch, match="the store is at"):
        other.worker().run_once()


def test_the_state_in_a_snapshot_is_the_stores(here, tmp_path):
    here.load(RECORDS)
    here.run()
    (file,) = saved(here, tmp_path)
    with SnapshotReader(file.path) as snapshot:
        dump = snapshot.dump()
        parts = list(dump.items), list(dump.lists), list(dump.profiles)
    assert (dump.watermark, dump.number, dict(dump.scalars), dump.seen, *parts) == contents(here)[:-1]
