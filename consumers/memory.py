"""Reading the in-process log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from consumers.source import Admin, LogReader, Source
from producers.memory import MemoryBroker
from producers.memory_parts import Membership
from stream.errors import Aborted, InputError
from stream.records import Record, TopicPartition

_CHUNK = 1_000


class MemorySource(Source):
    """A member of `group` on one topic of a `MemoryBroker`."""

    def __init__(self, broker: MemoryBroker, group: str) -> None:
        self._broker = broker
        self._group = group
        self._topic = ""
        self._member: int | None = None
        self._generation = -1
        self._assigned: Callable[[set[int]], None]
        self._revoked: Callable[[set[int]], None]
        self._positions: dict[int, int | None] = {}  # own partitions; None: not known yet
        self._paused: set[int] = set()

    def subscribe(self, topic: str, assigned: Callable[[set[int]], None], revoked: Callable[[set[int]], None]) -> None:
        if self._member is not None:
            raise InputError(f"already reading {self._topic!r}")
        self._member = self._broker.join(self._group, topic)
        self._topic, self._assigned, self._revoked = topic, assigned, revoked

    def poll(self, max_records: int, timeout: float) -> dict[int, list[Record]]:
        deadline = time.monotonic() + timeout
        while True:
            self._rebalance()
            with self._broker.changed:
                found = self._fetch(max_records)
                left = deadline - time.monotonic()
                if found or left <= 0:
                    return found
                if self._settled():  # else the callbacks first, outside the lock
                    self._broker.changed.wait(left)

    def group_metadata(self) -> Membership:
        if self._member is None or self._generation < 0:
            raise Aborted(f"not a member of group {self._group!r} now")
        return Membership(self._group, self._member, self._generation)

    def committed(self, partition: int) -> int | None:
        return self._broker.committed(self._group, TopicPartition(self._topic, partition))

    def note(self, partition: int) -> str:
        return self._broker.note(self._group, TopicPartition(self._topic, partition))

    def end(self, partition: int) -> int | None:
        return self._broker.bounds(TopicPartition(self._topic, partition))[1]

    def seek(self, partition: int, offset: int) -> None:
        if partition not in self._positions:
            raise Aborted(f"partition {partition} of {self._topic!r} is not assigned to this member")
        self._positions[partition] = offset

    def pause(self, partitions: Iterable[int]) -> None:
        self._paused.update(set(partitions) & self._positions.keys())

    def resume(self, partitions: Iterable[int]) -> None:
        self._paused.difference_update(partitions)

    def close(self) -> None:
        if self._member is not None:
            self._broker.leave(self._group, self._member)
            self._member, self._generation, self._positions = None, -1, {}

    def _settled(self) -> bool:
        return self._member is None or self._broker.assignment(self._group, self._member)[0] == self._generation

    def _rebalance(self) -> None:
        if self._member is None:
            raise InputError("subscribe to a topic before polling")
        generation, mine = self._broker.assignment(self._group, self._member)
        if generation == self._generation:
            return
        before = self._positions
        self._generation = generation
        self._positions = {}
        self._paused.clear()
        if before:
            self._revoked(set(before))
        self._positions = {partition: before.get(partition) for partition in sorted(mine)}
        if mine:
            self._assigned(set(mine))

    def _fetch(self, max_records: int) -> dict[int, list[Record]]:
        found: dict[int, list[Record]] = {}
        for partition in list(self._positions):
            if max_records <= 0:
                break
            if partition in self._paused:
                continue
            at = TopicPartition(self._topic, partition)
            position = self._positions[partition]
            if position is None:
                if not self._broker.settled(self._group, at):
                    continue
                position = self._broker.committed(self._group, at) or 0
            records, self._positions[partition] = self._broker.read(at, position, 2**63, max_records)
            if records:
                found[partition] = records
                max_records -= len(records)
                self._positions[partition] = self._positions.pop(partition)  # the others first, next time
        return found


class MemoryReader(LogReader):
    """Reads a `MemoryBroker` without a group."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker

    def partitions(self, topic: str) -> int:
        return self._broker.partitions(topic)

    def bounds(self, at: TopicPartition) -> tuple[int, int]:
        return self._broker.bounds(at)

    def read(self, at: TopicPartition, start: int, end: int) -> Iterator[Record]:
        end = min(end, self.bounds(at)[1])
        while start < end:
            records, start = self._broker.read(at, start, end, _CHUNK)
            yield from records

    def close(self) -> None:
        """Nothing is held."""


class MemoryAdmin(Admin):
    """Creates, lists and grows topics of a `MemoryBroker`."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker

    def create(
        self, topic: str, partitions: int, *, compacted: bool = False, settings: dict[str, str] | None = None
    ) -> bool:
        policy = {"cleanup.policy": "compact"} if compacted else {}
        return self._broker.create(topic, partitions, policy | (settings or {}))

    def topics(self) -> dict[str, int]:
        return self._broker.topics()

    def grow(self, topic: str, partitions: int) -> None:
        self._broker.grow(topic, partitions)

    def members(self, group: str) -> int:
        return self._broker.members(group)

    def close(self) -> None:
        """Nothing is held."""
