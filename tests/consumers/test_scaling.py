"""One worker, two, four, and one again, with work in flight at each change: as if one had done it all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from consumers.worker import Worker
from stream.store.memory import MemoryStore
from tests.consumers.world import RECORDS, World, journal
from tests.logs.harness import KafkaLog

PARTITIONS = 4


@pytest.mark.kafka
@pytest.mark.parametrize(("assignment", "counts"), [("eager", (1, 2, 1)), ("cooperative", (1, 2, 4, 1))])
def test_workers_come_and_go(kafka, assignment, counts):
    log = KafkaLog(kafka)
    log.settings = log.settings.model_copy(update={"assignment": assignment})
    world = World(log, MemoryStore(), partitions=PARTITIONS)
    workers: list[Worker] = []
    each = len(RECORDS) // len(counts)
    for part, count in enumerate(counts):
        world.load(RECORDS[part * each : (part + 1) * each if part + 1 < len(counts) else None])
        while len(workers) < count:
            workers.append(world.worker(name=f"w{part}{len(workers)}"))
        while len(workers) > count:
            workers.pop().close()
        _work(world, workers, 60 + part * each)  # the next change comes before all is done
        _work(world, workers, 0, spread=True)
    _work(world, workers, len(RECORDS))
    workers[0].drain()  # a model may be waiting still to be adopted
    profiles, hashes = _profiles(workers[0]), _hashes(workers[0])
    workers[0].close()

    alone = World(world.same().log, MemoryStore(), world.topics)
    alone.load(RECORDS)
    one = alone.worker()
    one.drain()
    assert profiles == _profiles(one)

    outputs = world.outputs()
    ids = Counter(
        dict(headers)["ce_id"]
        for (field, _), records in outputs.items()
        if field in ("segment_changes", "propensity_scores", "recommendations")
        for _, _, headers in records
    )
    assert max(ids.values()) == 1
    for partition in range(PARTITIONS):
        numbers = [entry.number for entry in journal(world, partition)]
        assert numbers == list(range(1, len(numbers) + 1))
        world.store.wipe(partition)
    assert world.run() == hashes  # the journal says the same again
    assert world.outputs() == outputs
    log.close()


def _work(world: World, workers: Sequence[Worker], records: int, *, spread: bool = False) -> None:
    """Let the workers work, in turn: until so many records are applied, or each has its part of the partitions."""
    share = PARTITIONS // len(workers)
    while (spread and any(len(worker.engines) != share for worker in workers)) or _applied(world) < records:
        for worker in workers:
            worker.run_once()


def _applied(world: World) -> int:
    positions = [world.store.position(partition) for partition in range(PARTITIONS)]
    return sum(position[0] for position in positions if position is not None)


def _profiles(worker: Worker) -> dict[str, Any]:
    return {
        profile.customer: (profile.slots.tobytes(), profile.last, profile.bought, profile.added)
        for engine in worker.engines.values()
        for profile in engine.customers
    }


def _hashes(worker: Worker) -> dict[int, str]:
    return {partition: engine.state_hash() for partition, engine in worker.engines.items()}
