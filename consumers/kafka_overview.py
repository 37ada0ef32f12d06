"""What Kafka knows of a group and its topic, asked from outside: joins nothing, and writes nothing."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kafka import KafkaAdminClient
from kafka import TopicPartition as KafkaPartition
from kafka.protocol.consumer.offsets import OffsetSpec

from consumers.kafka import open_consumer
from consumers.kafka_coordinator import coordinated
from producers.kafka_client import KafkaSettings, connecting, translated
from stream.records import TopicPartition

_FIRST = 5.0  # seconds in which the first record of each partition is waited for


class Member(NamedTuple):
    """A member of a group; `name` is its static one, else the worker's (`consumers.writers.client_id`)."""

    name: str
    host: str
    partitions: tuple[int, ...]


class Group(NamedTuple):
    """A group as its coordinator describes it: Stable, PreparingRebalance, CompletingRebalance, Empty or Dead."""

    state: str
    members: tuple[Member, ...]


class KafkaOverview:
    """Reads groups and offsets.

    Raises
    ------
    Unreachable
        When no broker answers in time.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        with connecting(settings):
            self._client = KafkaAdminClient(**settings.client())

    def group(self, group: str, topic: str) -> Group:
        """State and members of a group; their partitions are those of one topic."""
        found = coordinated(self._settings, lambda: self._client.describe_groups([group]))[group]
        members = tuple(
            Member(
                one["group_instance_id"] or one["client_id"].rpartition(":")[2],
                one["client_host"].lstrip("/"),
                tuple(sorted(_assigned(one["member_assignment"], topic))),
            )
            for one in found["members"]
        )
        return Group(found["group_state"], members)

    def committed(self, group: str, topic: str) -> dict[int, tuple[int, str]]:
        """Partition -> offset that the group has committed, and what was noted with it."""
        found = coordinated(self._settings, lambda: self._client.list_group_offsets({group: None}))[group]
        return {
            at.partition: (kept.offset, kept.metadata or "")
            for at, kept in found.items()
            if at.topic == topic and kept.offset >= 0
        }

    def ends(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Next offset to be written (read-committed)."""
        asked = {KafkaPartition(*at): OffsetSpec.LATEST for at in partitions}
        with translated(self._settings):
            found = self._client.list_partition_offsets(asked, isolation_level="read_committed")
        return {TopicPartition(at.topic, at.partition): one.offset for at, one in found.items()}

    def newest(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Timestamp (ms) of the newest record, or of the end of a transaction; empty partitions are left out."""
        asked = {KafkaPartition(*at): OffsetSpec.MAX_TIMESTAMP for at in partitions}
        with translated(self._settings):
            found = self._client.list_partition_offsets(asked)
        return {TopicPartition(at.topic, at.partition): one.timestamp for at, one in found.items() if one.timestamp > 0}

    def since(self, partitions: Iterable[TopicPartition], timestamp: int) -> dict[TopicPartition, int]:
        """Offset of the first record as new as `timestamp` (ms); partitions without any are left out."""
        with translated(self._settings):
            found = self._client.list_partition_offsets({KafkaPartition(*at): timestamp for at in partitions})
        return {TopicPartition(at.topic, at.partition): one.offset for at, one in found.items() if one.offset >= 0}

    def waiting_since(self, starts: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Timestamp (ms) of the first record at or after an offset; left out where none comes within seconds."""
        found: dict[TopicPartition, int] = {}
        consumer = open_consumer(self._settings, group_id=None)
        try:
            with translated(self._settings):
                consumer.assign([KafkaPartition(*at) for at in starts])
                for at, offset in starts.items():
                    consumer.seek(KafkaPartition(*at), offset)
                deadline = time.monotonic() + _FIRST
                while len(found) < len(starts) and time.monotonic() < deadline:
                    for polled, records in consumer.poll(timeout_ms=200, max_records=100).items():
                        found.setdefault(TopicPartition(polled.topic, polled.partition), records[0].timestamp)
                        consumer.pause(polled)
        finally:
            consumer.close(autocommit=False)
        return found

    def close(self) -> None:
        """Release connections."""
        self._client.close()


def _assigned(assignment: object, topic: str) -> list[int]:
    if not isinstance(assignment, dict):  # it is joining
        return []
    return [
        number for one in assignment["assigned_partitions"] if one["topic"] == topic for number in one["partitions"]
    ]
