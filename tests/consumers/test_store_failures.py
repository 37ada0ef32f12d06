"""A store that lost writes, was emptied or wiped, breaks or stays away: the log makes it whole again."""

from __future__ import annotations

import pytest
import redis

from consumers.clock import ManualClock
from stream.errors import Mismatch, Unreachable
from stream.model import Model
from stream.store.embedded import embedded_redis
from stream.store.redis import RedisStore
from tests.consumers.conftest import agree
from tests.consumers.test_cache import check_cache
from tests.consumers.world import RECORDS, World, restore, snapshot
from tests.logs.harness import MemoryLog


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
        check_cache(world)
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
