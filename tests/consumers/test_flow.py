"""Back-pressure: what a worker holds is bounded, nobody starves, and a slow store slows and breaks nothing."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from consumers import recovery
from consumers.memory import MemorySource
from consumers.worker import Worker
from stream.records import Outgoing
from stream.store.redis import RedisStore
from tests.consumers.conftest import agree
from tests.consumers.world import RECORDS, World
from tests.logs.harness import KafkaLog
from tests.proxy import Proxy
from tests.stream.fold import START

KIB = 1024


def held(worker: Worker) -> tuple[int, int]:
    """Records and bytes that wait in a worker."""
    waiting = [record for owned in worker._partitions for record in owned.waiting]
    return len(waiting), sum(len(record.key or b"") + len(record.value or b"") for record in waiting)


def large(count: int, kibibytes: int, partition: int = 0) -> list[Outgoing]:
    """Events with much in them."""
    rest = {"type": "page", "properties": {"text": "x" * kibibytes * KIB}}
    return [
        Outgoing(
            "",
            customer.encode(),
            json.dumps({"messageId": f"{partition}-{place}", "userId": customer, **rest}).encode(),
            partition=partition,
            timestamp=START + place,
        )
        for place in range(count)
        for customer in [f"u{place % 7}"]
    ]


def test_a_partition_that_waits_for_its_boundaries_starves_nobody(make):
    """One has a backlog of seven boundaries; the other's few events are applied in its first cycles."""
    world = make(partitions=2)
    world.load([record._replace(partition=0) for record in RECORDS])
    worker = world.worker(batch=100)
    while not worker.run_once():
        pass
    world.load([record._replace(partition=1) for record in RECORDS[:5]])
    most = 0
    for _ in range(100):
        worker.run_once(0.1)
        most = max(most, held(worker)[0])
        if worker.engines[1].watermark >= 5:
            break
    assert worker.engines[1].watermark >= 5
    assert most <= 2 * 2 * 100
    worker.drain()
    assert worker.totals["records"] == len(RECORDS) + 5
    worker.close()


def test_a_partition_with_a_whole_batch_waiting_is_paused(here, monkeypatch):
    paused: list[set[int]] = []
    pause = MemorySource.pause
    monkeypatch.setattr(
        MemorySource, "pause", lambda self, partitions: paused.append(set(partitions)) or pause(self, partitions)
    )
    here.load(RECORDS)
    worker = here.worker(batch=150)  # more than two boundaries
    most = 0
    for _ in range(12):
        worker.run_once()
        most = max(most, held(worker)[0])
    assert {0} in paused
    assert most < 2 * 150
    agree(here, {0: worker.engines[0].state_hash()})
    worker.close()


def test_what_waits_is_bounded_in_bytes(make):
    """Events of 30 KiB: they are read at the pace at which they are applied, and none is lost."""
    world = make(partitions=2)
    for partition in (0, 1):
        world.load(large(200, 30, partition))
    worker = world.worker(batch=80, waiting_bytes=300 * KIB)
    most = 0
    for _ in range(500):
        worker.run_once(0.1)
        most = max(most, held(worker)[1])
        if worker.totals["records"] == 400:
            break
    assert worker.totals["records"] == 400
    # The bound, and what one poll brought beside what was applied at once.
    assert most <= 300 * KIB + 80 * 31 * KIB
    unbounded = world.same()
    for partition in (0, 1):
        unbounded.load(large(200, 30, partition))
    # No customer's events depend on how partitions interleave: there is no model yet.
    assert {part: engine.state_hash() for part, engine in worker.engines.items()} == unbounded.run()
    worker.close()


def test_a_rebuild_takes_no_more_bytes_at_once(here, monkeypatch):
    monkeypatch.setattr(recovery, "_CHUNK_BYTES", 200 * KIB)
    here.load(large(100, 20))
    hashes = here.run()
    here.store.wipe(0)
    steps: list[str] = []
    assert here.run(steps.append, rebuild=1_000) == hashes
    assert steps.count("reapplied") == 11  # ten records reach the bound, and the last time there are none


@pytest.mark.parametrize("full", [False, True])
def test_full_of_bytes_all_that_wait_are_paused(here, full):
    here.load(large(90, 20))
    worker = here.worker(batch=90, waiting_bytes=200 * KIB if full else 10_000 * KIB)
    while not worker.run_once():
        pass
    here.load(large(1, 1)[:1])
    waited = held(worker)[0]
    assert waited == 30  # the boundary is at 60
    worker._partitions._flow.hold(list(worker._partitions))
    assert worker._source._paused == ({0} if full else set())
    worker.close()


@pytest.mark.kafka
@pytest.mark.redis
def test_a_slow_store_slows_and_throws_nobody_out(kafka, redis_url, caplog):
    """Each answer takes a tenth of the session's timeout, a commit some of them; the group notices nothing."""
    caplog.set_level("INFO", "consumers")
    log = KafkaLog(kafka)
    log.settings = log.settings.model_copy(update={"session_timeout": 4_000})
    with Proxy(urlsplit(redis_url).port) as proxy:
        world = World(log, RedisStore(_through(redis_url, proxy), "events", prefix=log.name("prefix")))
        world.load(RECORDS)
        worker = world.worker(batch=200)
        worker.run_once(5.0)
        proxy.delay(0.4)
        worker.drain()
        proxy.delay(0)
        assert not [message for message in caplog.messages if "takes back" in message or "starting over" in message]
        agree(world, {0: worker.engines[0].state_hash()})
        worker.close()
    log.close()


@pytest.mark.kafka
@pytest.mark.redis
def test_a_store_that_hangs_is_given_up_and_found_again(kafka, redis_url, caplog):
    """Nothing comes back of it for longer than a client waits: whether it has written is not known, and found out."""
    log = KafkaLog(kafka)
    with Proxy(urlsplit(redis_url).port) as proxy:
        url = _through(redis_url, proxy)
        world = World(log, RedisStore(url, "events", prefix=log.name("prefix")))
        world.load(RECORDS)
        worker = world.worker()
        for _ in range(3):
            worker.run_once(5.0)
        proxy.stall()
        while not any("starting over" in message for message in caplog.messages):
            worker.run_once()
        proxy.flow()
        worker.drain()
        agree(world, {0: worker.engines[0].state_hash()})
        worker.close()
    log.close()


def _through(redis_url: str, proxy: Proxy) -> str:
    return urlsplit(redis_url)._replace(netloc=f"127.0.0.1:{proxy.port}").geturl()
