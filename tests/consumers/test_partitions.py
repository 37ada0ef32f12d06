"""Several partitions: they learn together, and workers share them and hand them over."""

from __future__ import annotations

import logging
from collections import Counter

import pytest

from consumers.models import ModelLog
from stream.engine import Engine
from stream.errors import Mismatch
from stream.records import Outgoing
from tests.consumers.world import RECORDS, journal


def test_four_partitions_give_the_same_profiles_as_one(make):
    accumulators = []
    for partitions in (1, 4):
        world = make(partitions=partitions)
        world.load(RECORDS)
        worker = world.worker()
        worker.drain()
        accumulators.append(
            {
                profile.customer: (profile.slots.tobytes(), profile.last, profile.bought, profile.added)
                for engine in worker.engines.values()
                for profile in engine.customers
            }
        )
        assert all(engine.model.version == worker.engines[0].model.version for engine in worker.engines.values())
        assert worker.engines[0].model.version >= 1
        worker.close()
    assert accumulators[0] == accumulators[1]


def test_a_model_is_in_its_topic_before_another_partition_names_it(make):
    world = make(partitions=3)
    world.load(RECORDS)
    world.run()
    models = ModelLog(world.log.reader(), world.topics)
    adopted = [entry for partition in range(3) for entry in journal(world, partition)]
    assert {entry.kind for entry in adopted} == {"adopt"}
    for entry in adopted:
        models(entry.version, entry.digest)
    published = {record.key for record in world.read("models")}
    assert len(published) == len(journal(world, 0))


def test_two_workers_share_partitions(make):
    """They learn from one another, hand over, and lose or repeat nothing."""
    world = make(partitions=4)
    first, second = world.worker(id=world.log.name("id")), world.worker(id=world.log.name("id"))
    world.load(RECORDS[:200])
    first.drain()
    assert len(first.engines) == 4
    for _ in range(100):
        first.run_once()
        second.run_once()
        if len(first.engines) == len(second.engines) == 2:
            break
    assert not first.engines.keys() & second.engines.keys()
    world.load(RECORDS[200:])
    for _ in range(4):
        first.drain()
        second.drain()
    versions = {engine.model.version for worker in (first, second) for engine in worker.engines.values()}
    assert len(versions) == 1
    first.close()
    for _ in range(100):
        second.run_once()
        if len(second.engines) == 4:
            break
    second.drain()
    assert sum(engine.entries for engine in second.engines.values()) == len(RECORDS)
    second.close()
    for partition in range(4):
        numbers = [entry.number for entry in journal(world, partition)]
        assert numbers == list(range(1, len(numbers) + 1))
    rebuilt = Counter()
    for field in ("segment_changes", "propensity_scores", "recommendations"):
        for partition in range(4):
            rebuilt.update(dict(record.headers)["ce_id"] for record in world.read(field, partition))
    assert max(rebuilt.values()) == 1


def test_partitions_that_come_back_are_not_loaded_again(here, caplog):
    """A rebalance that changes nothing costs no recovery."""
    caplog.set_level(logging.INFO, "consumers")
    here.load(RECORDS[:100])
    worker = here.worker()
    worker.drain()
    engine = worker.engines[0]
    other = here.log.source(here.group)
    other.subscribe(here.topics.events, lambda partitions: None, lambda partitions: None)
    worker.run_once()
    here.load(RECORDS[100:])
    worker.drain()
    assert worker.engines[0] is engine
    assert engine.entries == len(RECORDS)
    assert "the group takes back partition 0" in caplog.messages
    assert any(message.endswith("nobody had it in between") for message in caplog.messages)


def test_a_topic_that_is_given_more_partitions_while_workers_run_is_refused(make, monkeypatch):
    """Nothing of a new partition is applied: its customers' profiles are elsewhere."""
    monkeypatch.setattr("consumers.kafka._METADATA_MS", 500)
    world = make(partitions=2)
    world.load(RECORDS[:200])
    worker = world.worker()
    worker.drain()
    hashes = {partition: engine.state_hash() for partition, engine in worker.engines.items()}
    world.log.admin().grow(world.topics.events, 4)
    world.log.write(*(Outgoing(world.topics.events, b"k", b"{}", partition=partition) for partition in range(2, 4)))
    with pytest.raises(Mismatch, match=r"had 2 partitions .* now it has 4: .*`eddyline topics migrate`"):
        worker.run()
    assert [world.store.position(partition) for partition in range(2, 4)] == [None, None]
    assert hashes == {at: Engine(world.config, world.store.load(at)).state_hash() for at in hashes}
    with pytest.raises(Mismatch, match="eddyline topics migrate"):
        world.worker().run_once()
