"""The product on real servers: each part made from the settings."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import FrameType
from typing import Any, NamedTuple

from consumers.kafka import KafkaAdmin, KafkaReader, KafkaSource
from consumers.worker import Worker
from eddyline.settings import Settings
from producers.kafka import KafkaSink, KafkaTransactionalSink
from producers.sink import Sink
from producers.topics import CHANNELS
from stream.errors import Mismatch
from stream.store.redis import RedisStore


class TopicState(NamedTuple):
    """A topic of the deployment; `state` is `exists`, `created` or `missing`, `partitions` None where it is missing."""

    topic: str
    partitions: int | None
    state: str
    description: str


def list_topics(settings: Settings) -> list[TopicState]:
    """All topics of the deployment, in the order of `CHANNELS`."""
    with closing(KafkaAdmin(settings.kafka)) as admin:
        return list(_states(settings, admin.topics(), "exists"))


def create_topics(settings: Settings, partitions: int) -> list[TopicState]:
    """Create what is missing.

    Raises
    ------
    Mismatch
        When events exist with another partition count, or a topic that must have as many as the events has not;
        nothing is created then.
    """
    with closing(KafkaAdmin(settings.kafka)) as admin:
        existing = admin.topics()
        for channel in CHANNELS:
            topic, wanted = getattr(settings.topics, channel.field), channel.partitions or partitions
            if existing.get(topic, wanted) != wanted:
                raise Mismatch(
                    f"topic {topic!r} has {existing[topic]} partitions, not {wanted}; "
                    "say --partitions as it is, or give the topic another name"
                )
        for channel in CHANNELS:
            topic = getattr(settings.topics, channel.field)
            if topic not in existing:
                compacted = channel.settings.get("cleanup.policy") == "compact"
                admin.create(
                    topic, channel.partitions or partitions, compacted=compacted, settings=dict(channel.settings)
                )
        return [
            state if state.topic in existing else state._replace(state="created")
            for state in _states(settings, admin.topics(), "exists")
        ]


def open_store(settings: Settings) -> RedisStore:
    """The store of this deployment; to be closed."""
    return RedisStore(settings.redis.url.get_secret_value(), settings.topics.events, settings.redis.prefix)


@contextmanager
def open_sink(settings: Settings) -> Iterator[Sink]:
    """A sink for events."""
    with closing(KafkaSink(settings.kafka)) as sink:
        yield sink


def run_worker(settings: Settings, *, until_end: bool = False) -> dict[str, Any]:
    """Run a worker until SIGTERM or Ctrl-C; both let it finish its batch, commit and leave the group.

    Parameters
    ----------
    settings
        Of the deployment.
    until_end
        Leave when all that is in the topic has been processed.

    Returns
    -------
    dict
        What it has done: counts by name.

    Raises
    ------
    KeyboardInterrupt
        After a clean end, when Ctrl-C asked for it.
    """
    # A name that lives as long as this process: a restarted worker must not fence one that still runs elsewhere.
    transactional_id = f"{settings.group}-{socket.gethostname()}-{os.getpid()}"
    with (
        closing(open_store(settings)) as store,
        closing(KafkaReader(settings.kafka)) as reader,
        closing(KafkaSource(settings.kafka, settings.group)) as source,
        closing(KafkaTransactionalSink(settings.kafka, transactional_id)) as sink,
    ):
        worker = Worker(
            settings.engine,
            settings.topics,
            source,
            sink,
            reader,
            store,
            settings=settings.worker,
            deployment=settings.deployment,
        )
        asked: list[int] = []

        def stop(number: int, frame: FrameType | None) -> None:
            asked.append(number)
            worker.stop()

        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            if until_end:
                worker.drain()
                worker.close()
            else:
                worker.run()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    if signal.SIGINT in asked:
        raise KeyboardInterrupt
    return dict(worker.totals)


def _states(settings: Settings, existing: dict[str, int], state: str) -> Iterator[TopicState]:
    for channel in CHANNELS:
        topic = getattr(settings.topics, channel.field)
        count = existing.get(topic)
        yield TopicState(topic, count, "missing" if count is None else state, channel.description)
