"""Kafka's topics and groups, from outside."""

from __future__ import annotations

import time

import kafka.errors as errors
from kafka import KafkaAdminClient

from consumers.kafka_coordinator import coordinated
from consumers.source import Admin
from producers.kafka_client import MAX_RECORD_BYTES, KafkaSettings, connecting, translated
from stream.errors import InputError, Unreachable

_PAUSE = 0.1


class KafkaAdmin(Admin):
    """Creates, lists and grows topics. Topics are created to take records of up to 16 MiB, for the models."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        with connecting(settings):
            self._client = KafkaAdminClient(**settings.client())

    def create(
        self, topic: str, partitions: int, *, compacted: bool = False, settings: dict[str, str] | None = None
    ) -> bool:
        configs = {"max.message.bytes": str(MAX_RECORD_BYTES)}
        if compacted:
            configs["cleanup.policy"] = "compact"
        wanted = {"num_partitions": partitions, "configs": configs | (settings or {})}
        with translated(self._settings):
            answer = self._client.create_topics({topic: wanted}, raise_errors=False)["topics"][0]
            if answer["error_code"] == errors.TopicAlreadyExistsError.errno:
                return False
            if answer["error_code"] != 0:
                raise InputError(f"topic {topic!r} cannot be created: {answer['error_message']}")
            self._client.wait_for_topics([topic], timeout_ms=self._settings.timeout)
        return True

    def topics(self) -> dict[str, int]:
        with translated(self._settings):
            found = self._client.describe_topics()
        return {topic["name"]: len(topic["partitions"]) for topic in found if not topic["is_internal"]}

    def grow(self, topic: str, partitions: int) -> None:
        with translated(self._settings):
            self._client.create_partitions({topic: partitions}, timeout_ms=self._settings.timeout)
            deadline = time.monotonic() + self._settings.timeout / 1000
            while self.topics().get(topic) != partitions:  # brokers hear of it one after the other
                if time.monotonic() > deadline:
                    raise Unreachable(f"topic {topic!r} has not got its {partitions} partitions in time: check Kafka")
                time.sleep(_PAUSE)

    def members(self, group: str) -> int:
        return len(coordinated(self._settings, lambda: self._client.describe_groups([group]))[group]["members"])

    def close(self) -> None:
        self._client.close()
