"""Whatever dies: each event changes the state once, and each change is published once and in order.

Every test compares, message by message, with a run on servers in memory that nothing interrupts.
"""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import suppress

import pytest

from consumers.clock import ManualClock
from consumers.probe import COMMIT, POINTS, TAKEOVER
from tests.consumers.conftest import agree, settled
from tests.consumers.world import RECORDS, Killed, kill_at


def test_the_run_to_compare_with_has_all_kinds_of_output(make):
    world = make()
    world.load(RECORDS)
    agree(world, world.run())
    counts = {field: len(records) for (field, _), records in world.outputs().items()}
    assert all(counts.values()), counts
    assert counts["journal"] == 6
    assert counts["dead_letters"] == 2


def test_clean(world):
    world.load(RECORDS[:150])
    world.run()
    world.load(RECORDS[150:])
    agree(world, world.run())


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("point", COMMIT)
def test_died_at_any_point_of_a_commit(here, point, count):
    here.load(RECORDS)
    here.killed(point, count)
    agree(here, here.run())


@pytest.mark.parametrize("trouble", ["between", "lost"])
@pytest.mark.parametrize("point", TAKEOVER)
def test_died_at_any_point_of_a_takeover(here, point, trouble):
    """Twice: the third owner takes over from one that died while it took over from one that had died."""
    here.load(RECORDS)
    here.killed("stored", 2)
    if trouble == "lost":
        here.store.wipe(0)
    for _ in range(2):
        worker = here.worker(kill_at(point))
        with suppress(Killed):  # not every takeover comes by every point
            worker.drain()
        here.bury(worker)
    agree(here, here.run())


def test_each_point_is_reached_and_documented(make):
    reached: Counter[str] = Counter()
    world = make(partitions=2)
    world.load(RECORDS)
    for before in (None, "stored", None):
        worker = world.worker(kill_at(before) if before else lambda point: reached.update([point]))
        with suppress(Killed):
            worker.drain()
        world.bury(worker)
        world.load(RECORDS[:50])
    world.store.wipe(0)
    world.run(lambda point: reached.update([point]))
    assert set(reached) == set(POINTS)
    assert reached["written"] > reached["stored"]


def test_died_inside_the_transaction(world):
    """Its open transaction is aborted by the process that is started in its place."""
    world.load(RECORDS)
    world.killed("offsets", 3)
    agree(world, world.run())


def test_died_between_store_and_log(world):
    world.load(RECORDS)
    world.killed("stored", 2)
    position, outputs = world.store.position(0), world.outputs()
    worker = world.worker(kill_at("offsets"))
    with pytest.raises(Killed):  # died again, in the middle of publishing what the one before has left
        worker.drain()
    assert world.outputs() == outputs
    world.bury(worker)
    worker = world.worker(kill_at("applied"))
    with pytest.raises(Killed):
        worker.drain()
    assert world.store.position(0) == position
    assert settled(world, outputs.__ne__) != outputs  # the outbox is out, and nothing was applied
    world.bury(worker)
    agree(world, world.run())


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [
        (lambda here: None, "it begins with the first event"),
        (lambda here: here.run(), "nothing had to be done"),
        (lambda here: here.killed("stored", 2), "the last batch of the owner before has been published"),
        (lambda here: (here.run(), here.store.wipe(0)), "nothing was stored, and events from offset 0 on were applied"),
    ],
    ids=["first", "clean", "between", "wiped"],
)
def test_each_takeover_is_a_line_of_the_log_with_its_outcome(here, caplog, trouble, outcome):
    here.load(RECORDS)
    trouble(here)
    caplog.clear()
    caplog.set_level(logging.INFO, "consumers")
    worker = here.worker()
    worker.run_once()
    assert caplog.messages[0] == "the group gives partition 0"
    (line,) = (message for message in caplog.messages if "taken over" in message)
    assert line.startswith("partition 0: taken over at offset ")
    assert outcome in line
    worker.close()


def test_batch_of_decisions_alone_is_published_once(world):
    """A batch without events moves no offset: only its number tells whether it is in the log."""
    world.load(RECORDS)
    world.run()
    outputs = world.outputs()
    for point in ("stored", "committed"):
        clock = ManualClock()
        worker = world.worker(kill_at(point), clock=clock, tick_every=1_000)
        worker.drain()
        clock.sleep(3 * 86_400)
        with pytest.raises(Killed):
            worker.run_once()
        world.bury(worker)
    hashes = world.run()
    journal = world.read("journal")
    assert len(journal) == len(outputs["journal", 0]) + 2
    changed = world.outputs()["segment_changes", 0]
    ids = [dict(headers)["ce_id"] for _, _, headers in changed]
    assert len(ids) == len(set(ids))
    world.store.wipe(0)
    assert world.run() == hashes
    assert world.outputs()["segment_changes", 0] == changed
