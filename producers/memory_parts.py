"""What a `MemoryBroker` is made of: partition logs, transactions, groups. The broker's lock guards them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from stream.errors import Aborted, Fenced
from stream.records import Record, TopicPartition


class PartitionLog:
    """Records of one partition. None stands where Kafka keeps a control marker or an aborted record."""

    __slots__ = ("base", "open", "records")

    def __init__(self) -> None:
        self.base = 0
        self.records: list[Record | None] = []
        self.open: dict[str, int] = {}  # transactional id -> first offset of its open transaction

    @property
    def end(self) -> int:
        return self.base + len(self.records)

    @property
    def stable(self) -> int:
        """Last stable offset: nothing from here on may be read by a read-committed reader."""
        return min(self.open.values(), default=self.end)

    def slice(self, start: int, end: int, limit: int) -> tuple[list[Record], int]:
        """Up to `limit` committed records from `start`, below `end`, and the offset to read on from."""
        end = min(end, self.stable)
        at = max(start, self.base)
        found: list[Record] = []
        while at < end and len(found) < limit:
            stop = min(end, at + limit - len(found))
            found += [record for record in self.records[at - self.base : stop - self.base] if record is not None]
            at = stop
        return found, at

    def finish(self, transactional_id: str, offsets: list[int], commit: bool) -> None:
        """End a transaction: drop what was aborted, and write the control marker."""
        del self.open[transactional_id]
        if not commit:
            for offset in offsets:
                if offset >= self.base:
                    self.records[offset - self.base] = None
        self.records.append(None)

    def trim(self, before: int) -> None:
        """Forget what is below `before`, as far as no open transaction needs it."""
        before = min(before, self.stable)
        if before > self.base:
            del self.records[: before - self.base]
            self.base = before


class Transaction:
    """The present transaction of one transactional id."""

    __slots__ = ("epoch", "failed", "group", "notes", "offsets", "open", "written")

    def __init__(self) -> None:
        self.epoch = -1
        self.clear()

    def clear(self) -> None:
        self.open = False
        self.failed: str | None = None
        self.written: dict[TopicPartition, list[int]] = {}
        self.group: str | None = None
        self.offsets: dict[TopicPartition, int] = {}
        self.notes: dict[TopicPartition, str] = {}

    def check(self, epoch: int) -> None:
        """Refuse an older producer of the same id."""
        if epoch != self.epoch:
            raise Fenced("a newer producer uses this transactional id")

    def check_open(self, epoch: int) -> None:
        """Refuse work outside a transaction, or in one that has failed already."""
        self.check(epoch)
        if not self.open:
            raise Aborted("no transaction is open")
        if self.failed is not None:
            raise Aborted(self.failed)


class Membership(NamedTuple):
    """Who a member of a group is, and in which generation of the group."""

    group: str
    member: int
    generation: int


class Group:
    """A consumer group on one topic: members, generation, committed offsets."""

    __slots__ = ("committed", "generation", "joined", "members", "notes", "topic")

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.generation = 0
        self.joined = 0
        self.members: dict[int, set[int]] = {}
        self.committed: dict[TopicPartition, int] = {}
        self.notes: dict[TopicPartition, str] = {}

    def join(self, partitions: int) -> int:
        self.joined += 1
        self.members[self.joined] = set()
        self.share_out(partitions)
        return self.joined

    def leave(self, member: int, partitions: int) -> None:
        if self.members.pop(member, None) is not None:
            self.share_out(partitions)

    def check(self, membership: Membership) -> None:
        """Refuse a member who has left, or whose generation is over."""
        if membership.member not in self.members or membership.generation != self.generation:
            raise Aborted(f"group {membership.group!r} has rebalanced")

    def commit(self, offsets: Mapping[TopicPartition, int], notes: Mapping[TopicPartition, str]) -> None:
        self.committed.update(offsets)
        self.notes.update({at: notes.get(at, "") for at in offsets})

    def share_out(self, partitions: int) -> None:
        """Contiguous ranges in order of joining, as Kafka's range assignor; each call is a new generation."""
        self.generation += 1
        at = 0
        for place, member in enumerate(self.members):
            share = partitions // len(self.members) + (place < partitions % len(self.members))
            self.members[member] = set(range(at, at + share))
            at += share
