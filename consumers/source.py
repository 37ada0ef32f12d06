"""The contract of all that reads topics.

One suite (`tests/logs/`) runs unchanged on the in-process log and on a real broker.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from stream.records import Record, TopicPartition


class Source(ABC):
    """A member of a consumer group on one topic; reads committed records only."""

    @abstractmethod
    def subscribe(self, topic: str, assigned: Callable[[set[int]], None], revoked: Callable[[set[int]], None]) -> None:
        """Join the group. The callbacks run inside `poll`, on the caller's thread."""

    @abstractmethod
    def poll(self, max_records: int, timeout: float) -> dict[int, list[Record]]:
        """Next records by partition, in offset order; waits up to `timeout` seconds for the first."""

    @abstractmethod
    def group_metadata(self) -> Any:
        """The group's identity and generation, for `TransactionalSink.send_offsets`.

        Raises
        ------
        Aborted
            When this member has no valid generation (it is not in the group now).
        """

    @abstractmethod
    def committed(self, partition: int) -> int | None:
        """Offset that the group has committed.

        Raises
        ------
        Aborted
            When it is not known until this worker's own sink has aborted its last transaction.
        """

    @abstractmethod
    def note(self, partition: int) -> str:
        """What was noted with the committed offset; empty where there is nothing."""

    @abstractmethod
    def end(self, partition: int) -> int | None:
        """Where the partition's log ended when it was last heard of; asks nobody. None: not heard of."""

    @abstractmethod
    def seek(self, partition: int, offset: int) -> None:
        """Read on from `offset`."""

    @abstractmethod
    def pause(self, partitions: Iterable[int]) -> None:
        """Return no records of these partitions until `resume`."""

    @abstractmethod
    def resume(self, partitions: Iterable[int]) -> None:
        """Undo `pause`."""

    @abstractmethod
    def close(self) -> None:
        """Leave the group and release connections."""


class LogReader(ABC):
    """Reads topics without a group; commits nothing."""

    @abstractmethod
    def partitions(self, topic: str) -> int:
        """How many partitions the topic has.

        Raises
        ------
        MissingTopic
            When there is no such topic.
        """

    @abstractmethod
    def bounds(self, at: TopicPartition) -> tuple[int, int]:
        """First offset still kept, and the next one to be written (read-committed)."""

    @abstractmethod
    def read(self, at: TopicPartition, start: int, end: int) -> Iterator[Record]:
        """Committed records with start <= offset < end, in order; ends there, never waits for new ones."""

    @abstractmethod
    def close(self) -> None:
        """Release connections."""


class Admin(ABC):
    """Creates, lists and grows topics, and looks at groups."""

    @abstractmethod
    def create(
        self, topic: str, partitions: int, *, compacted: bool = False, settings: dict[str, str] | None = None
    ) -> bool:
        """Create a topic; False when it exists already (its partition count is not changed)."""

    @abstractmethod
    def topics(self) -> dict[str, int]:
        """Topic names and their partition counts, internal ones left out."""

    @abstractmethod
    def grow(self, topic: str, partitions: int) -> None:
        """Give a topic more partitions; what is in it stays where it is."""

    @abstractmethod
    def members(self, group: str) -> int:
        """How many members the group has now; 0 when nobody has ever heard of it."""

    @abstractmethod
    def close(self) -> None:
        """Release connections."""
