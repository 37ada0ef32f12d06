"""How far a group has come, and all that is in its topics: read with the plain Kafka client."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

_SECONDS = 60.0


class Seen(NamedTuple):
    """A record as a consumer sees it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class Watch:
    """Looks at a group's progress, without being a member of it."""

    def __init__(self, servers: str, topic: str, group: str, partitions: int) -> None:
        self._consumer = _consumer(servers, group_id=group)
        self._at = [TopicPartition(topic, partition) for partition in range(partitions)]

    def ends(self) -> list[int] | None:
        """The next offset of each partition; None while Kafka does not answer."""
        try:
            ends = self._consumer.end_offsets(self._at, timeout_ms=5_000)
        except KafkaError:
            return None
        return [ends[at] for at in self._at]

    def committed(self) -> list[tuple[int, str]] | None:
        """Offset and note that the group has committed in each partition; None while Kafka does not answer."""
        found = []
        try:
            for at in self._at:
                one: Any = self._consumer.committed(at, metadata=True, timeout_ms=5_000)
                found.append((one.offset, one.metadata) if one is not None and one.offset >= 0 else (0, ""))
        except KafkaError:
            return None
        return found

    def close(self) -> None:
        """Release connections."""
        self._consumer.close(autocommit=False)


def read_topics(servers: str, topics: Iterable[str]) -> dict[tuple[str, int], list[Seen]]:
    """All committed records of topics, by topic and partition, when no transaction is open any more.

    Raises
    ------
    TimeoutError
        When a transaction stays open, or records do not come.
    """
    consumer, hasty = _consumer(servers, isolation_level="read_committed"), _consumer(servers)
    try:
        partitions = [
            TopicPartition(topic, partition)
            for topic in topics
            for partition in sorted(consumer.partitions_for_topic(topic) or ())
        ]
        ends = _settled(consumer, hasty, partitions)
        found: dict[tuple[str, int], list[Seen]] = {tuple(at): [] for at in partitions}
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        deadline = time.monotonic() + _SECONDS
        while any(consumer.position(at) < end for at, end in ends.items()):
            if time.monotonic() > deadline:
                raise TimeoutError("records do not come")
            for at, records in consumer.poll(timeout_ms=500, max_records=5_000).items():
                deadline = time.monotonic() + _SECONDS
                found[tuple(at)] += [
                    Seen(one.offset, one.timestamp, one.key, one.value, tuple(one.headers)) for one in records
                ]
        return found
    finally:
        consumer.close(autocommit=False)
        hasty.close(autocommit=False)


def _settled(
    consumer: KafkaConsumer, hasty: KafkaConsumer, partitions: list[TopicPartition]
) -> dict[TopicPartition, int]:
    """Ends of partitions, once what is committed reaches to the end of all."""
    deadline = time.monotonic() + _SECONDS
    while True:
        ends: dict[TopicPartition, int] = consumer.end_offsets(partitions)
        if ends == hasty.end_offsets(partitions):
            return ends
        if time.monotonic() > deadline:
            raise TimeoutError("a transaction stays open")
        time.sleep(0.2)


def _consumer(servers: str, **options: Any) -> KafkaConsumer:
    return KafkaConsumer(
        bootstrap_servers=servers,
        enable_auto_commit=False,
        max_partition_fetch_bytes=4 * 1024 * 1024,
        metrics_enabled=False,
        **options,
    )
