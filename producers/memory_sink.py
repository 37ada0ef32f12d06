"""Writing to the in-process log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from producers.memory import MemoryBroker
from producers.sink import Sink, TransactionalSink
from stream.errors import Fenced
from stream.records import Outgoing, TopicPartition


class MemorySink(Sink):
    """Writes to a `MemoryBroker`; a record is in the log as soon as it is sent."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker

    def send(self, records: Iterable[Outgoing]) -> None:
        self._broker.append(records)

    def flush(self) -> None:
        """Nothing is ever waiting."""

    def close(self) -> None:
        """Nothing is held."""


class MemoryTransactionalSink(TransactionalSink):
    """Writes to a `MemoryBroker` in transactions. Making one fences older ones of the same `transactional_id`."""

    def __init__(self, broker: MemoryBroker, transactional_id: str) -> None:
        self._broker = broker
        self._id = transactional_id
        self._epoch = broker.initialise(transactional_id)

    def begin(self) -> None:
        self._broker.begin(self._id, self._epoch)

    def send(self, records: Iterable[Outgoing]) -> None:
        self._broker.append(records, self._id, self._epoch)

    def send_offsets(
        self, offsets: Mapping[TopicPartition, int], group: Any, notes: Mapping[TopicPartition, str] | None = None
    ) -> None:
        self._broker.send_offsets(self._id, self._epoch, offsets, group, notes)

    def commit(self) -> None:
        self._broker.end(self._id, self._epoch, commit=True)

    def abort(self) -> None:
        self._broker.end(self._id, self._epoch, commit=False)

    def flush(self) -> None:
        """Nothing is ever waiting."""

    def close(self) -> None:
        """Abort what is open, unless a newer producer has done so."""
        with suppress(Fenced):
            self.abort()
