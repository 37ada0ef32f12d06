"""The cache of nearest and popular items: what is in it, soon after the counts, whatever dies."""

from __future__ import annotations

import json
import re

import pytest

from consumers.clock import ManualClock
from consumers.worker import Worker
from stream.errors import Fenced, Unreachable
from stream.recommend.merged import POPULAR, MergedCounts
from stream.records import Outgoing
from stream.store.memory import MemoryStore
from stream.store.transplant import CACHED
from stream.updates import to_iso
from tests.consumers.world import RECORDS, World
from tests.logs.harness import MemoryLog
from tests.stream import fold


def merged(world: World) -> MergedCounts:
    """What all partitions have counted, by the rows in the store."""
    counts = MergedCounts(world.config.recommend)
    for partition in range(world.partitions):
        counts.replace(partition, world.store.items(partition))
    return counts


def names(world: World) -> list[str]:
    return sorted({item for partition in range(world.partitions) for item in world.store.items(partition)})


def check_cache(world: World) -> None:
    """Popular items are those of the counts. So are the nearest, as of each item's last order: what others have been
    ordered since then only makes them look nearer than they are by now."""
    counts = merged(world)
    expected = counts.nearest(names(world))
    assert any(expected.values())
    assert dict(world.store.popular(POPULAR)) == dict(counts.heaviest(POPULAR))
    for item, near in expected.items():
        cached = dict(world.store.similar(item, 100))
        assert len(cached) == len(near), item
        for other in near.keys() & cached.keys():
            assert cached[other] >= near[other] * (1 - 1e-6)


def told(worker: Worker, metric: str) -> float:
    """A metric of the cache, as Prometheus gets it."""
    (found,) = re.findall(rf"^eddyline_cache_{metric} (\S+)$", worker.monitor.metrics.text().decode(), re.MULTILINE)
    return float(found)


def order(number: int, items: list[str], customer: str = "ann") -> Outgoing:
    at = fold.START + number * 1_000
    products = [{"product_id": item, "price": 1, "quantity": 1} for item in items]
    value = {
        "type": "track",
        "messageId": f"o{number}",
        "userId": customer,
        "timestamp": to_iso(at),
        "event": "Order Completed",
        "properties": {"products": products},
    }
    return Outgoing("", customer.encode(), json.dumps(value).encode(), timestamp=at)


def test_items_are_in_the_cache_before_there_is_a_model(world):
    world.load([order(0, ["tea", "cup"]), order(1, ["tea", "cup", "pot"])])
    worker = world.worker()
    worker.drain()
    assert worker.engines[0].model.version == 0
    assert dict(world.store.similar("tea")) == merged(world).nearest(["tea"])["tea"]
    assert [item for item, _ in world.store.similar("tea")] == ["cup", "pot"]
    assert {item for item, _ in world.store.popular()} == {"tea", "cup", "pot"}
    worker.close()


def test_the_cache_follows_the_counts_and_not_the_model(world):
    world.load(RECORDS)
    worker = world.worker()
    worker.drain()
    check_cache(world)
    world.load([order(number, ["brand", "new"]) for number in range(5)])
    worker.drain()
    assert "brand" not in worker.engines[0].model.items.neighbours
    assert [item for item, _ in world.store.similar("brand")] == ["new"]
    check_cache(world)
    worker.close()


def test_orders_that_another_worker_commits_are_in_the_cache():
    world = World(MemoryLog(), MemoryStore(), partitions=2)
    world.load(RECORDS[:100])
    workers = [world.worker(name=name) for name in ("a", "b")]
    for _ in range(100):
        for worker in workers:
            worker.run_once()
        if all(len(worker.engines) == 1 for worker in workers):
            break
    first, second = sorted(workers, key=lambda worker: min(worker.engines))
    assert (list(first.engines), list(second.engines)) == ([0], [1])
    world.load(RECORDS[100:])
    first.drain()
    second.drain()
    before = names(world)
    assert world.store.items(1)
    first.drain()
    assert before == names(world)
    check_cache(world)
    changed = [name for name, _ in world.store.range(1, "items:changed", 0, 10_000)]
    latest = [changed[-1]]
    assert dict(world.store.similar(latest[0], 100)) == merged(world).nearest(latest)[latest[0]]
    for worker in workers:
        worker.close()


@pytest.mark.parametrize("point", ["applied", "stored", "committed"])
@pytest.mark.parametrize("count", [1, 4])
def test_whoever_dies_the_next_owner_finishes(here, point, count):
    here.load(RECORDS)
    here.killed(point, count, cache_items=3)
    here.run()
    check_cache(here)


def test_what_waited_when_a_worker_died_is_known_by_the_next(here):
    """Only that: what is up to date already is not written again."""
    here.load(RECORDS)
    here.run()
    here.load([order(0, ["tea", "cup"])])
    here.killed("stored")
    calls = []
    publish = here.store.publish_similar
    here.store.publish_similar = lambda sets: (calls.append(set(sets)), publish(sets))  # type: ignore[method-assign]
    here.run()
    assert {"tea", "cup"} <= set().union(*calls) < set(names(here))
    check_cache(here)
    here.store.put_shared(CACHED, b"")
    here.run()
    exact = merged(here).nearest(names(here))
    assert {item: dict(here.store.similar(item, 100)) for item in exact} == exact


def test_a_bounded_number_at_once_those_first_that_have_waited_longest(here):
    clock = ManualClock()
    worker = here.worker(clock=clock, cache_items=2, cache_every=1_000, batch=1)
    worker.run_once()
    here.load([order(number, [f"a{number}", f"b{number}"]) for number in range(4)])
    for _ in range(4):  # time stands still, and there is always something else to do
        worker.run_once()
    assert here.store.similar("a0") == []
    assert told(worker, "waiting_items") == 8
    clock.sleep(1.5)
    here.load([order(4, ["a4", "b4"])])
    worker.run_once()
    assert [bool(here.store.similar(f"a{number}")) for number in range(5)] == [True, False, False, False, False]
    assert (told(worker, "waiting_items"), told(worker, "age_seconds")) == (8, 1.5)
    worker.drain()  # nobody needs to be spared
    assert all(here.store.similar(f"{kind}{number}") for kind in "ab" for number in range(5))
    assert (told(worker, "waiting_items"), told(worker, "age_seconds")) == (0, 0)
    assert (told(worker, "seconds_count"), told(worker, "seconds_sum")) == (10, 8 * 1.5)
    worker.close()


def test_items_that_are_counted_no_more_leave_the_cache(here):
    here.config = fold.config(recommend={"counted_items": 20})
    here.load([order(number, [f"i{number}", "tea"]) for number in range(20)])
    worker = here.worker()
    worker.drain()
    assert here.store.similar("i0")
    here.load([order(100 + number, [f"j{number}", "tea"]) for number in range(20)])
    worker.drain()
    gone = {f"{kind}{number}" for kind in "ij" for number in range(20)} - set(names(here))
    assert len(gone) > 5
    assert not any(here.store.similar(item) for item in gone)
    worker.close()


@pytest.mark.parametrize("after", [False, True])
def test_items_are_all_there_after_the_store_broke_while_they_were_written(world, monkeypatch, after):
    publish, calls = world.store.publish_similar, []

    def breaking(neighbours):
        calls.append(neighbours)
        if len(calls) % 2:
            publish(neighbours if after else dict(list(neighbours.items())[:3]))
            raise Unreachable("the store does not answer")
        publish(neighbours)

    monkeypatch.setattr(world.store, "publish_similar", breaking)
    world.load(RECORDS)
    worker = world.worker()
    worker.drain()
    assert len(calls) > 5
    check_cache(world)
    worker.close()


def test_who_lost_partition_0_writes_no_more(here):
    worker = here.worker(cache_every=1_000, batch=1)
    worker.run_once()
    here.load([order(0, ["tea", "cup"])])
    worker.run_once()
    assert told(worker, "waiting_items") == 2
    here.store.acquire(0)
    here.store.publish_similar({"tea": {"other": 0.5}})  # by the next owner
    with pytest.raises(Fenced):
        worker.drain()
    assert here.store.similar("tea") == [("other", 0.5)]
