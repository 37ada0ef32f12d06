"""A log as it was before its topic was given more partitions: the worker finishes there what it began."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from consumers.source import LogReader, Source
from producers.topics import Topics
from stream.records import Record, TopicPartition


class OldReader(LogReader):
    """Shows the first partitions of events and journal only, and events up to a limit.

    Parameters
    ----------
    reader
        The log as it is now.
    topics
        Names of the topics.
    partitions
        How many there were.
    limits
        Partition -> offset from which on nothing is shown of its events.
    """

    def __init__(self, reader: LogReader, topics: Topics, partitions: int, limits: Mapping[int, int]) -> None:
        self._reader = reader
        self._grown = {topics.events, topics.journal}
        self._events = topics.events
        self._partitions = partitions
        self._limits = limits

    def partitions(self, topic: str) -> int:
        return self._partitions if topic in self._grown else self._reader.partitions(topic)

    def bounds(self, at: TopicPartition) -> tuple[int, int]:
        first, end = self._reader.bounds(at)
        return first, min(end, self._limit(at))

    def read(self, at: TopicPartition, start: int, end: int) -> Iterator[Record]:
        return self._reader.read(at, start, min(end, self._limit(at)))

    def close(self) -> None:
        """The log's reader is closed by whoever made it."""

    def _limit(self, at: TopicPartition) -> int:
        return self._limits.get(at.partition, 2**63 - 1) if at.topic == self._events else 2**63 - 1


class OldSource(Source):
    """A member of the group that is given the first partitions only, and events up to a limit; see `OldReader`."""

    def __init__(self, source: Source, partitions: int, limits: Mapping[int, int]) -> None:
        self._source = source
        self._partitions = partitions
        self._limits = limits

    def subscribe(self, topic: str, assigned: Callable[[set[int]], None], revoked: Callable[[set[int]], None]) -> None:
        def given(partitions: set[int]) -> None:
            self._source.pause(partitions - self._old(partitions))
            assigned(self._old(partitions))

        self._source.subscribe(topic, given, lambda partitions: revoked(self._old(partitions)))

    def poll(self, max_records: int, timeout: float) -> dict[int, list[Record]]:
        found = {}
        for partition, records in self._source.poll(max_records, timeout).items():
            limit = self._limits.get(partition, 2**63)
            if partition < self._partitions and (kept := [one for one in records if one.offset < limit]):
                found[partition] = kept
        return found

    def group_metadata(self) -> Any:
        return self._source.group_metadata()

    def committed(self, partition: int) -> int | None:
        return self._source.committed(partition)

    def note(self, partition: int) -> str:
        return self._source.note(partition)

    def end(self, partition: int) -> int | None:
        return self._source.end(partition)

    def seek(self, partition: int, offset: int) -> None:
        self._source.seek(partition, offset)

    def pause(self, partitions: Iterable[int]) -> None:
        self._source.pause(partitions)

    def resume(self, partitions: Iterable[int]) -> None:
        self._source.resume(partitions)

    def close(self) -> None:
        self._source.close()

    def _old(self, partitions: set[int]) -> set[int]:
        return {partition for partition in partitions if partition < self._partitions}
