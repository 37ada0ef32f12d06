"""The contract of all that writes to topics.

One suite (`tests/logs/`) runs unchanged on the in-process log and on a real broker.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from stream.records import Outgoing, TopicPartition


class Sink(ABC):
    """Writes records, at least once and in order for a key."""

    @abstractmethod
    def send(self, records: Iterable[Outgoing]) -> None:
        """Hand records over; they are in the log after `flush` (or `commit`)."""

    @abstractmethod
    def flush(self) -> None:
        """Wait until all that was sent is in the log.

        Raises
        ------
        Unreachable
            When the broker does not take them in time.
        """

    @abstractmethod
    def close(self) -> None:
        """Release connections."""


class TransactionalSink(Sink):
    """Writes records and consumer offsets all together or not at all."""

    @abstractmethod
    def begin(self) -> None:
        """Start a transaction."""

    @abstractmethod
    def send_offsets(
        self, offsets: Mapping[TopicPartition, int], group: Any, notes: Mapping[TopicPartition, str] | None = None
    ) -> None:
        """Add consumer offsets to the transaction; `group` comes from `Source.group_metadata()`.

        Each offset may have a note of a few characters, which is committed with it (`Source.note`).

        Raises
        ------
        Aborted
            When the group has moved on (a rebalance); the caller aborts and recovers.
        """

    @abstractmethod
    def commit(self) -> None:
        """Commit the transaction.

        Raises
        ------
        Fenced
            When another process uses this transactional id: fatal.
        Aborted
            When the transaction was lost or timed out; the caller recovers.
        """

    @abstractmethod
    def abort(self) -> None:
        """Abort the transaction; nothing of it becomes visible to read-committed readers."""
