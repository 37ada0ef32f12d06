"""A run without faults: the real worker on a log and a store in memory."""

from __future__ import annotations

from collections.abc import Sequence

from producers.topics import Topics
from stream.config import EngineConfig
from stream.records import Outgoing
from stream.store.memory import MemoryStore
from tests.chaos.reference import Contents, Message
from tests.chaos.watch import Seen
from tests.consumers.world import World
from tests.logs.harness import MemoryLog


def uninterrupted(
    config: EngineConfig, topics: Topics, contents: Contents, partitions: int, first: int
) -> tuple[dict[tuple[str, int], list[Message]], list[str]]:
    """Messages by topic and partition, and hashes of the state, of one worker that nothing interrupts.

    Parameters
    ----------
    config, topics
        Engine settings and names of the topics.
    contents
        Its events are what the worker reads.
    partitions
        Of the events.
    first
        So many events of partition 0 come before all others, and are worked off before them.
    """
    world = World(MemoryLog(), MemoryStore(), topics, partitions, config)
    world.load(_records(contents[topics.events, 0][:first], 0))
    worker = world.worker()
    worker.drain()
    world.load(_records(contents[topics.events, 0][first:], 0))
    for partition in range(1, partitions):
        world.load(_records(contents[topics.events, partition], partition))
    worker.drain()
    outputs = {
        (getattr(topics, field), partition): messages for (field, partition), messages in world.outputs().items()
    }
    hashes = [worker.engines[partition].state_hash() for partition in range(partitions)]
    worker.close()
    return outputs, hashes


def _records(seen: Sequence[Seen], partition: int) -> list[Outgoing]:
    return [Outgoing("", one.key, one.value, (), partition, one.timestamp) for one in seen]
