"""Real servers, by the settings: topics, a sink for events, the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple

from consumers.kafka_admin import KafkaAdmin
from eddyline.settings import Settings
from producers.kafka import KafkaSink
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
        When events or journal exist with another partition count; nothing is created then.
    """
    with closing(KafkaAdmin(settings.kafka)) as admin:
        existing = admin.topics()
        for field in ("events", "journal"):  # those that must have as many; others may have been there before a growth
            topic, wanted = getattr(settings.topics, field), partitions
            if existing.get(topic, wanted) != wanted:
                raise Mismatch(
                    f"topic {topic!r} has {existing[topic]} partitions, not {wanted}; "
                    "say --partitions as it is, or give the topic another name"
                )
        for channel in CHANNELS:
            topic = getattr(settings.topics, channel.field)
            if topic not in existing:
                wanted_settings = dict(channel.settings)
                if channel.field == "events" and settings.events.retention is not None:
                    wanted_settings["retention.ms"] = str(settings.events.retention)
                compacted = wanted_settings.get("cleanup.policy") == "compact"
                admin.create(topic, channel.partitions or partitions, compacted=compacted, settings=wanted_settings)
        return [
            state if state.topic in existing else state._replace(state="created")
            for state in _states(settings, admin.topics(), "exists")
        ]


def open_store(settings: Settings) -> RedisStore:
    """The store of this deployment; to be closed."""
    return RedisStore(settings.redis, settings.topics.events, settings.redis.prefix)


@contextmanager
def open_sink(settings: Settings) -> Iterator[Sink]:
    """A sink for events."""
    with closing(KafkaSink(settings.kafka)) as sink:
        yield sink


def _states(settings: Settings, existing: dict[str, int], state: str) -> Iterator[TopicState]:
    for channel in CHANNELS:
        topic = getattr(settings.topics, channel.field)
        count = existing.get(topic)
        yield TopicState(topic, count, "missing" if count is None else state, channel.description)
