"""A worker that dies in its transaction is taken over from at once; one that only seemed dead loses nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stream.errors import Fenced
from stream.store.memory import MemoryStore
from tests.consumers.conftest import agree
from tests.consumers.world import RECORDS, World
from tests.logs.harness import KafkaLog

pytestmark = pytest.mark.kafka


@pytest.fixture
def world(kafka: str) -> Iterator[World]:
    """A deployment whose transactions Kafka itself would end long after a test has failed."""
    log = KafkaLog(kafka)
    log.settings = log.settings.model_copy(update={"transaction_timeout": 900_000, "timeout": 15_000})
    yield World(log, MemoryStore())
    log.close()


@pytest.mark.parametrize("point", ["sent", "offsets"])
def test_killed_in_its_transaction(world, point):
    """What it had sent is aborted: with its offsets or without, readers wait for nothing."""
    world.load(RECORDS)
    world.killed(point, 2, name="first")
    agree(world, world.run(name="second", patience=1_000))


def test_killed_in_its_transaction_by_one_that_takes_over(world):
    """The second dies while it publishes what the first had left, and the store dies with it."""
    world.load(RECORDS)
    world.killed("offsets", 2, name="first")
    world.killed("offsets", name="second", patience=1_000)
    world.store.wipe(0)
    agree(world, world.run(name="third", patience=1_000))


def test_it_only_seemed_dead(world):
    """It stood still for longer than its session, inside its transaction; back again, it is told to end."""
    world.load(RECORDS)
    successor = world.worker(name="second", patience=1_000)

    def pause(point: str) -> None:
        if point == "offsets" and not successor.engines:
            world.bury(zombie)
            successor.drain()

    zombie = world.worker(pause, name="first")
    with pytest.raises(Fenced):
        zombie.drain()
    zombie.close()
    agree(world, {0: successor.engines[0].state_hash()})
