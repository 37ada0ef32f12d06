"""The two logs behind one face, and ways to read all of a topic."""

from __future__ import annotations

import itertools
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

from kafka import KafkaAdminClient
from kafka import TopicPartition as KafkaPartition

from consumers.kafka import KafkaReader, KafkaSource
from consumers.kafka_admin import KafkaAdmin
from consumers.memory import MemoryAdmin, MemoryReader, MemorySource
from consumers.source import Admin, LogReader, Source
from producers.kafka import KafkaSettings, KafkaSink, KafkaTransactionalSink
from producers.memory import MemoryBroker
from producers.memory_sink import MemorySink, MemoryTransactionalSink
from producers.sink import Sink, TransactionalSink
from stream.records import Outgoing, Record, TopicPartition

_PATIENCE = 120.0  # seconds after which a test that waits for records has failed
_numbers = itertools.count()


class Log(ABC):
    """Makes clients of one log, and closes them all."""

    def __init__(self) -> None:
        self._clients: list[Any] = []
        self._admin: Admin | None = None

    def topic(self, partitions: int = 1, **options: Any) -> str:
        """A new topic."""
        name = self.name("topic")
        assert self.admin().create(name, partitions, **options)
        return name

    @staticmethod
    def name(kind: str) -> str:
        """A name nobody uses."""
        return f"{kind}-{next(_numbers)}-{uuid.uuid4().hex[:8]}"

    def admin(self) -> Admin:
        if self._admin is None:
            self._admin = self._kept(self._make_admin())
        return self._admin

    def sink(self) -> Sink:
        return self._kept(self._make_sink())

    def transactional(self, transactional_id: str | None = None) -> TransactionalSink:
        return self._kept(self._make_transactional(transactional_id or self.name("transactions")))

    def source(self, group: str, name: str = "") -> Source:
        return self._kept(self._make_source(group, name))

    def reader(self) -> LogReader:
        return self._kept(self._make_reader())

    def write(self, *records: Outgoing) -> None:
        sink = self.sink()
        sink.send(records)
        sink.flush()

    def read(self, topic: str, partition: int = 0) -> list[Record]:
        """All committed records of a partition."""
        return list(self.reader().read(TopicPartition(topic, partition), 0, 2**62))

    @abstractmethod
    def trim(self, topic: str, partition: int, before: int) -> None:
        """Forget the records below an offset, as retention does."""

    def close(self) -> None:
        for client in reversed(self._clients):
            client.close()

    def _kept(self, client: Any) -> Any:
        self._clients.append(client)
        return client

    @abstractmethod
    def _make_admin(self) -> Admin: ...

    @abstractmethod
    def _make_sink(self) -> Sink: ...

    @abstractmethod
    def _make_transactional(self, transactional_id: str) -> TransactionalSink: ...

    @abstractmethod
    def _make_source(self, group: str, name: str) -> Source: ...

    @abstractmethod
    def _make_reader(self) -> LogReader: ...


class MemoryLog(Log):
    def __init__(self) -> None:
        super().__init__()
        self.broker = MemoryBroker()

    def _make_admin(self) -> Admin:
        return MemoryAdmin(self.broker)

    def trim(self, topic: str, partition: int, before: int) -> None:
        self.broker.trim(topic, partition, before)

    def _make_sink(self) -> Sink:
        return MemorySink(self.broker)

    def _make_transactional(self, transactional_id: str) -> TransactionalSink:
        return MemoryTransactionalSink(self.broker, transactional_id)

    def _make_source(self, group: str, name: str) -> Source:
        return MemorySource(self.broker, group)

    def _make_reader(self) -> LogReader:
        return MemoryReader(self.broker)


class KafkaLog(Log):
    def __init__(self, servers: str) -> None:
        super().__init__()
        self.settings = KafkaSettings(bootstrap_servers=servers)
        self.outputs: list[str] = []  # what members of groups are said to write

    def _make_admin(self) -> Admin:
        return KafkaAdmin(self.settings)

    def trim(self, topic: str, partition: int, before: int) -> None:
        client = KafkaAdminClient(**self.settings.client())
        client.delete_records({KafkaPartition(topic, partition): before})
        client.close()

    def _make_sink(self) -> Sink:
        return KafkaSink(self.settings)

    def _make_transactional(self, transactional_id: str) -> TransactionalSink:
        return KafkaTransactionalSink(self.settings, transactional_id)

    def _make_source(self, group: str, name: str) -> Source:
        return KafkaSource(self.settings, group, name, self.outputs)

    def _make_reader(self) -> LogReader:
        return KafkaReader(self.settings)


class Member:
    """A group member who notes what happens to it; `events` holds ("assigned" | "revoked", partitions)."""

    def __init__(
        self,
        log: Log,
        topic: str,
        group: str,
        assigned: Callable[[Source, set[int]], None] | None = None,
        *,
        name: str = "",
    ) -> None:
        self.source = log.source(group, name)
        self.owned: set[int] = set()
        self.events: list[tuple[str, set[int]]] = []
        self.records: list[Record] = []
        self._then = assigned
        self.source.subscribe(topic, self._assigned, self._revoked)

    def poll(self, max_records: int = 1_000, timeout: float = 0.2) -> list[Record]:
        polled = self.source.poll(max_records, timeout)
        new = [record for partition in sorted(polled) for record in polled[partition]]
        self.records += new
        return new

    def _assigned(self, partitions: set[int]) -> None:
        self.events.append(("assigned", partitions))
        self.owned |= partitions
        if self._then is not None:
            self._then(self.source, partitions)

    def _revoked(self, partitions: set[int]) -> None:
        self.events.append(("revoked", partitions))
        self.owned -= partitions


def poll_until(members: Iterable[Member], done: Callable[[], bool]) -> None:
    """Let the members poll in turn until something is so."""
    members = list(members)
    deadline = time.monotonic() + _PATIENCE
    while not done():
        assert time.monotonic() < deadline, "waited too long"
        for member in members:
            member.poll()


def values(records: Iterable[Record]) -> list[bytes | None]:
    return [record.value for record in records]
