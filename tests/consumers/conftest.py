"""`world`: each test of the worker runs on the in-process log and store, and on a real Kafka and Redis."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from producers.topics import Topics
from stream.store.base import StateStore
from stream.store.memory import MemoryStore
from stream.store.redis import RedisStore
from tests.consumers.world import RECORDS, Outputs, World
from tests.logs.conftest import log
from tests.logs.harness import KafkaLog, Log, MemoryLog

__all__ = ["here", "log", "make", "world"]

REAL = pytest.param("real", marks=[pytest.mark.kafka, pytest.mark.redis])


@pytest.fixture(params=["memory", REAL])
def make(request: pytest.FixtureRequest) -> Iterator[Callable[..., World]]:
    """Makes worlds, of any number of partitions."""
    stores: list[StateStore] = []
    server: Log = MemoryLog() if request.param == "memory" else KafkaLog(request.getfixturevalue("kafka"))

    def world(**options: Any) -> World:
        if request.param == "memory":
            stores.append(MemoryStore())
        else:
            url, prefix = request.getfixturevalue("redis_url"), server.name("prefix")
            stores.append(RedisStore(url, "events", prefix=prefix))
        return World(server, stores[-1], **options)

    yield world
    server.close()
    for store in stores:
        store.close()


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    """A deployment of one partition."""
    return make()


@pytest.fixture
def here() -> World:
    """A deployment of one partition, in memory: for what depends on no server. Its topics have the same names always,
    so that what it is compared with is worked out once."""
    return World(MemoryLog(), MemoryStore(), Topics())


_whole: dict[str, tuple[World, dict[int, str]]] = {}


def uninterrupted(world: World) -> tuple[World, dict[int, str]]:
    """The same events in one go, on servers in memory; worked out once for each deployment."""
    which = repr((world.topics, world.partitions, world.config))
    if which not in _whole:
        other = world.same()
        other.load(RECORDS)
        _whole[which] = other, other.run()
    return _whole[which]


def agree(world: World, hashes: dict[int, str]) -> None:
    """As if nothing had happened."""
    other, expected = uninterrupted(world)
    outputs = other.outputs()
    assert settled(world, outputs.__eq__) == outputs
    assert hashes == expected


def settled(world: World, holds: Callable[[Outputs], bool]) -> Outputs:
    """What readers see as soon as something is so, or after a minute: a broker tells them a moment after the writer."""
    deadline = time.monotonic() + 60
    while True:
        found = world.outputs()
        if holds(found) or time.monotonic() > deadline:
            return found
