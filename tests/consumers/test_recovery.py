"""Whatever dies: each event changes the state once, and each change is published once and in order.

Every test compares, message by message, with a run on servers in memory that nothing interrupts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
import redis

from consumers.clock import ManualClock
from stream.errors import Aborted, Fenced, Mismatch, Unreachable
from stream.model import Model
from stream.records import TopicPartition
from stream.store.embedded import embedded_redis
from stream.store.redis import RedisStore
from tests.consumers.world import Killed, World, kill_at, restore, shop, snapshot
from tests.logs.harness import MemoryLog

RECORDS = shop()
POINTS = ("applied", "stored", "sent", "committed")


def uninterrupted(world: World) -> tuple[World, dict[int, str]]:
    """The same events in one go."""
    other = world.same()
    other.load(RECORDS)
    return other, other.run()


def agree(world: World, hashes: dict[int, str]) -> None:
    """As if nothing had happened."""
    other, expected = uninterrupted(world)
    assert world.outputs() == other.outputs()
    assert hashes == expected


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
@pytest.mark.parametrize("point", POINTS)
def test_died_at_any_point_of_a_commit(here, point, count):
    here.load(RECORDS)
    here.killed(point, count)
    agree(here, here.run())


def test_died_inside_the_transaction(world):
    """Its open transaction is aborted by the process that is started in its place."""
    world.load(RECORDS)
    world.killed("sent", 3)
    agree(world, world.run())


def test_died_between_store_and_log(world):
    world.load(RECORDS)
    world.killed("stored", 2)
    position, outputs = world.store.position(0), world.outputs()
    worker = world.worker(kill_at("sent"))
    with pytest.raises(Killed):  # died again, in the middle of publishing what the one before has left
        worker.drain()
    assert world.outputs() == outputs
    world.bury(worker)
    worker = world.worker(kill_at("applied"))
    with pytest.raises(Killed):
        worker.drain()
    assert world.store.position(0) == position
    assert world.outputs() != outputs  # the outbox is out, and nothing was applied
    world.bury(worker)
    agree(world, world.run())


def test_store_lost_writes(world):
    world.load(RECORDS[:150])
    world.run()
    older = snapshot(world.store)
    world.load(RECORDS[150:])
    world.run()
    restore(world.store, older)
    agree(world, world.run())


def test_store_lost_writes_and_the_rebuild_died(here):
    here.load(RECORDS[:100])
    here.run()
    older = snapshot(here.store)
    here.load(RECORDS[100:])
    here.run()
    restore(here.store, older)
    here.killed("reapplied", 2)
    agree(here, here.run())


@pytest.mark.parametrize("emptied", [False, True])
def test_store_lost_writes_while_the_worker_lives(world, emptied, monkeypatch):
    """A server that restarted from an older dump, or was emptied: the same worker finds out, and starts over."""
    acquire, epochs = world.store.acquire, []
    monkeypatch.setattr(world.store, "acquire", lambda partition: epochs.append(acquire(partition)) or epochs[-1])
    world.load(RECORDS[:150])
    worker = world.worker()
    worker.drain()
    older = snapshot(world.store)
    world.load(RECORDS[150:300])
    worker.drain()
    world.store.wipe(0)
    if not emptied:
        world.store.commit(0, epochs[-1], *older)
    world.load(RECORDS[300:])
    worker.drain()
    hashes = {0: worker.engines[0].state_hash()}
    worker.close()
    agree(world, hashes)


@pytest.mark.redis
def test_redis_emptied_under_a_living_worker():
    """FLUSHALL: state, model, cache and the deployment's claim are all there again."""
    with embedded_redis() as url, redis.Redis.from_url(url) as client:
        world = World(MemoryLog(), RedisStore(client, "events"))
        world.load(RECORDS[:300])
        worker = world.worker()
        worker.drain()
        client.flushall()
        world.load(RECORDS[300:])
        worker.drain()
        agree(world, {0: worker.engines[0].state_hash()})
        model = worker.engines[0].model
        assert Model.unpack(world.store.shared("model")).digest == model.digest
        assert model.items is not None
        for item, near in model.items.neighbours.items():
            assert dict(world.store.similar(item, 100)) == dict(near)
        with pytest.raises(Mismatch, match="deployment"):
            world.store.claim("another", 1)
        worker.close()


def test_store_wiped(world):
    world.load(RECORDS)
    world.run()
    world.store.wipe(0)
    agree(world, world.run())


def test_store_wiped_in_the_middle(here):
    here.load(RECORDS[:150])
    here.run()
    here.store.wipe(0)
    here.load(RECORDS[150:])
    agree(here, here.run())


@pytest.mark.parametrize("count", range(1, 7))
def test_store_wiped_after_it_died_between_store_and_log(here, count):
    """The batch that was stored and not published is made again, not taken from the outbox."""
    here.load(RECORDS)
    here.killed("stored", count)
    here.store.wipe(0)
    agree(here, here.run())


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


def test_store_that_lost_a_batch_of_decisions_alone(world):
    world.load(RECORDS)
    world.run()
    older, clock = snapshot(world.store), ManualClock()
    worker = world.worker(clock=clock, tick_every=1_000)
    worker.drain()
    clock.sleep(30 * 86_400)
    worker.run_once()
    hashes, outputs = worker.engines[0].state_hash(), world.outputs()
    worker.close()
    restore(world.store, older)
    assert world.run() == {0: hashes}
    assert world.outputs() == outputs


def test_zombie_writes_nothing(world):
    """A second owner has raised the epoch; the first neither stores nor publishes."""
    world.load(RECORDS)
    zombie = world.worker()
    while not zombie.run_once():
        pass
    kept, outputs = snapshot(world.store), world.outputs()
    world.store.acquire(0)
    with pytest.raises(Fenced):
        zombie.drain()
    assert snapshot(world.store) == kept
    assert world.outputs() == outputs
    zombie.close()
    agree(world, world.run())


def test_zombie_that_has_stored_publishes_nothing(world):
    """Its partition went to another while it stood between store and log."""
    world.load(RECORDS)
    successor = world.worker(id=world.log.name("id"))

    def pause(point: str) -> None:
        if point == "stored" and not successor.engines:
            world.bury(zombie)  # the group takes it for dead
            successor.drain()

    zombie = world.worker(pause)
    while not successor.engines:
        zombie.run_once()
    agree(world, {0: successor.engines[0].state_hash()})


def lose(point: str) -> Callable[[str], None]:
    """A probe at which membership or transaction are lost, once."""
    lost = iter([Aborted("the group has moved on")])

    def probe(reached: str) -> None:
        if reached == point and (error := next(lost, None)) is not None:
            raise error

    return probe


@pytest.mark.parametrize("point", POINTS)
def test_aborted_at_any_point(here, point):
    """The same worker recovers and goes on."""
    here.load(RECORDS)
    agree(here, here.run(lose(point)))


def test_aborted_inside_the_transaction(world):
    world.load(RECORDS)
    agree(world, world.run(lose("sent")))


def test_store_breaks(world, monkeypatch):
    """The connection breaks at a commit: once before it is written, once after."""
    world.load(RECORDS)
    commit, calls = world.store.commit, []

    def breaking(*what: object) -> None:
        calls.append(what)
        if len(calls) in (2, 5):
            if len(calls) == 5:
                commit(*what)
            raise Unreachable("the store does not answer")
        commit(*what)

    monkeypatch.setattr(world.store, "commit", breaking)
    agree(world, world.run())


def test_store_that_stays_away_ends_the_worker(world, monkeypatch):
    def away(*what: object) -> None:
        raise Unreachable("the store does not answer")

    world.load(RECORDS)
    clock = ManualClock()
    worker = world.worker(clock=clock, patience=30_000)
    monkeypatch.setattr(world.store, "commit", away)
    with pytest.raises(Unreachable):
        worker.drain()
    assert 30 <= clock.time() < 60
    worker.close()


def test_offset_that_was_tampered_with_is_refused(world):
    world.load(RECORDS[:200])
    world.run()
    delta, outbox = snapshot(world.store)
    delta.watermark += 10
    restore(world.store, (delta, outbox))
    worker = world.worker()
    with pytest.raises(Mismatch, match="offset 210"):
        worker.drain()
    worker.close()


def test_offset_that_was_set_by_hand_has_no_note(here):
    """A group whose offsets expired is set back to the store's position by an operator; the journal tells the rest."""
    here.load(RECORDS[:200])
    here.run()
    watermark, _ = here.store.position(0)
    here.group = here.log.name("group")
    with pytest.raises(Mismatch, match=f"Set the group's offset to {watermark}"):
        here.run()
    source, sink, at = here.log.source(here.group), here.log.transactional(), TopicPartition(here.topics.events, 0)
    source.subscribe(here.topics.events, lambda partitions: None, lambda partitions: None)
    source.poll(1, 0)
    sink.begin()
    sink.send_offsets({at: watermark}, source.group_metadata())
    sink.commit()
    source.close()
    here.load(RECORDS[200:])
    agree(here, here.run())
