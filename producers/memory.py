"""An in-process log with Kafka's semantics: the embedded default, and a broker for tests that is no mock.

Kept as in Kafka: offsets (a control marker takes one), key partitioning, read-committed isolation up to the last
stable offset, fencing of transactional ids, group generations, offsets committed with a transaction. Left out: a
member that dies without `close` is never missed, since it lives in the same process.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from producers.memory_parts import Group, Membership, PartitionLog, Transaction
from producers.partitioner import partition_of
from stream.errors import Aborted, DataError, InputError, Mismatch, MissingTopic
from stream.records import Outgoing, Record, TopicPartition


def system_time() -> int:
    """Now, in ms since 1970 UTC."""
    return time.time_ns() // 1_000_000


class MemoryBroker:
    """Topics, transactions and groups of one process; safe to use from many threads.

    Parameters
    ----------
    clock
        Gives the timestamp, in ms, of records that bring none.
    retain
        Records kept in each partition; default: all. Kept beyond that: whatever a group has still to read, topics
        with `retention.ms` of -1, and compacted topics.

    Examples
    --------
    >>> broker = MemoryBroker(clock=lambda: 0)
    >>> broker.create("clicks", 2)
    True
    >>> broker.append([Outgoing("clicks", b"alice", b"{}", partition=1)])
    >>> broker.bounds(TopicPartition("clicks", 1))
    (0, 1)
    """

    def __init__(self, *, clock: Callable[[], int] = system_time, retain: int | None = None) -> None:
        if retain is not None and retain < 1:
            raise InputError(f"retain must be at least 1 record, not {retain}")
        self.changed = threading.Condition(threading.RLock())
        self._clock = clock
        self._retain = retain
        self._topics: dict[str, list[PartitionLog]] = {}
        self._kept: set[str] = set()
        self._transactions: dict[str, Transaction] = defaultdict(Transaction)
        self._groups: dict[str, Group] = {}
        self._keyless = 0

    # Topics

    def create(self, topic: str, partitions: int, settings: Mapping[str, str] | None = None) -> bool:
        """Create a topic; False when it exists already."""
        if partitions < 1:
            raise InputError(f"a topic has at least 1 partition, not {partitions}")
        settings = settings or {}
        with self.changed:
            if topic in self._topics:
                return False
            self._topics[topic] = [PartitionLog() for _ in range(partitions)]
            if settings.get("retention.ms") == "-1" or "compact" in settings.get("cleanup.policy", ""):
                self._kept.add(topic)
            return True

    def grow(self, topic: str, partitions: int) -> None:
        """Give a topic more partitions; groups that read it share them out anew."""
        with self.changed:
            logs = self._logs(topic)
            if partitions <= len(logs):
                raise InputError(f"topic {topic!r} has {len(logs)} partitions; it can only be given more")
            logs += [PartitionLog() for _ in range(partitions - len(logs))]
            for group in self._groups.values():
                if group.topic == topic:
                    group.share_out(partitions)
            self.changed.notify_all()

    def topics(self) -> dict[str, int]:
        """Topic names and their partition counts."""
        with self.changed:
            return {topic: len(logs) for topic, logs in self._topics.items()}

    def partitions(self, topic: str) -> int:
        """Partition count; raises MissingTopic."""
        return len(self._logs(topic))

    def bounds(self, at: TopicPartition) -> tuple[int, int]:
        """First offset kept, and last stable offset."""
        with self.changed:
            log = self._log(at)
            return log.base, log.stable

    def read(self, at: TopicPartition, start: int, end: int, limit: int) -> tuple[list[Record], int]:
        """Up to `limit` committed records of [start, end), and the offset to read on from."""
        with self.changed:
            return self._log(at).slice(start, end, limit)

    def trim(self, topic: str, partition: int, before: int) -> None:
        """Forget records below offset `before`."""
        with self.changed:
            self._log(TopicPartition(topic, partition)).trim(before)

    def append(self, records: Iterable[Outgoing], transactional_id: str | None = None, epoch: int = -1) -> None:
        """Write records, inside the open transaction of `transactional_id` if that is given."""
        records = list(records)  # whatever makes them shall not hold the lock
        with self.changed:
            transaction = None
            if transactional_id is not None:
                transaction = self._transactions[transactional_id]
                transaction.check_open(epoch)
            for out in records:
                logs = self._logs(out.topic)
                partition = self._partition(out, len(logs))
                log = logs[partition]
                timestamp = self._clock() if out.timestamp is None else out.timestamp
                offset = log.end
                if transaction is not None and transactional_id is not None:
                    log.open.setdefault(transactional_id, offset)
                    transaction.written.setdefault(TopicPartition(out.topic, partition), []).append(offset)
                log.records.append(Record(out.topic, partition, offset, timestamp, out.key, out.value, out.headers))
                self._retire(out.topic, partition, log)
            self.changed.notify_all()

    # Transactions

    def initialise(self, transactional_id: str) -> int:
        """A new epoch of the id: older producers are fenced, their open transaction is aborted."""
        with self.changed:
            transaction = self._transactions[transactional_id]
            transaction.epoch += 1
            self._finish(transactional_id, transaction, commit=False)
            return transaction.epoch

    def begin(self, transactional_id: str, epoch: int) -> None:
        """Start a transaction."""
        with self.changed:
            transaction = self._transactions[transactional_id]
            transaction.check(epoch)
            if transaction.open:
                raise Aborted("a transaction is open already")
            transaction.open = True

    def send_offsets(
        self,
        transactional_id: str,
        epoch: int,
        offsets: Mapping[TopicPartition, int],
        membership: Membership,
        notes: Mapping[TopicPartition, str] | None = None,
    ) -> None:
        """Add a group's offsets to the open transaction; a member of an older generation is refused."""
        with self.changed:
            transaction = self._transactions[transactional_id]
            transaction.check_open(epoch)
            try:
                self._groups[membership.group].check(membership)
            except Aborted as error:
                transaction.failed = str(error)
                raise
            transaction.group = membership.group
            transaction.offsets.update(offsets)
            transaction.notes.update(notes or {})

    def end(self, transactional_id: str, epoch: int, *, commit: bool) -> None:
        """Commit or abort; aborting when nothing is open is fine."""
        with self.changed:
            transaction = self._transactions[transactional_id]
            if commit:
                transaction.check_open(epoch)
            else:
                transaction.check(epoch)
            self._finish(transactional_id, transaction, commit=commit)

    # Groups

    def join(self, group: str, topic: str) -> int:
        """A new member of the group; starts a generation."""
        with self.changed:
            partitions = self.partitions(topic)
            state = self._groups.setdefault(group, Group(topic))
            if state.topic != topic:
                raise Mismatch(f"group {group!r} reads {state.topic!r}, not {topic!r}")
            member = state.join(partitions)
            self.changed.notify_all()
            return member

    def leave(self, group: str, member: int) -> None:
        """The member's partitions go to the others; starts a generation."""
        with self.changed:
            state = self._groups[group]
            state.leave(member, self.partitions(state.topic))
            self.changed.notify_all()

    def members(self, group: str) -> int:
        """How many members the group has."""
        with self.changed:
            return len(self._groups[group].members) if group in self._groups else 0

    def assignment(self, group: str, member: int) -> tuple[int, set[int]]:
        """Present generation of the group, and the member's partitions in it."""
        with self.changed:
            state = self._groups[group]
            return state.generation, set(state.members[member])

    def committed(self, group: str, at: TopicPartition, timeout: float = 10.0) -> int | None:
        """Committed offset; waits while an open transaction is about to change it.

        Raises
        ------
        Aborted
            When that transaction is still open after `timeout` seconds.
        """
        with self.changed:
            if not self.changed.wait_for(lambda: self.settled(group, at), timeout):
                raise Aborted(f"an open transaction holds the offset of {at.topic}:{at.partition}")
            return self._groups[group].committed.get(at) if group in self._groups else None

    def note(self, group: str, at: TopicPartition) -> str:
        """What was noted with the committed offset."""
        with self.changed:
            return self._groups[group].notes.get(at, "") if group in self._groups else ""

    def settled(self, group: str, at: TopicPartition) -> bool:
        """Whether no open transaction is about to change the group's offset."""
        return not any(t.open and t.group == group and at in t.offsets for t in self._transactions.values())

    # Parts

    def _logs(self, topic: str) -> list[PartitionLog]:
        try:
            return self._topics[topic]
        except KeyError:
            raise MissingTopic(f"topic {topic!r} does not exist: create it first") from None

    def _log(self, at: TopicPartition) -> PartitionLog:
        logs = self._logs(at.topic)
        if not 0 <= at.partition < len(logs):
            raise DataError(f"topic {at.topic!r} has {len(logs)} partitions, there is no partition {at.partition}")
        return logs[at.partition]

    def _partition(self, out: Outgoing, count: int) -> int:
        if out.partition is not None:
            if not 0 <= out.partition < count:
                raise DataError(f"topic {out.topic!r} has {count} partitions, there is no partition {out.partition}")
            return out.partition
        if out.key is not None:
            return partition_of(out.key, count)
        self._keyless += 1
        return self._keyless % count

    def _retire(self, topic: str, partition: int, log: PartitionLog) -> None:
        retain = self._retain
        if retain is None or topic in self._kept or len(log.records) < retain + max(retain // 4, 1):
            return  # in portions of a quarter, so that forgetting costs little a record
        at = TopicPartition(topic, partition)
        unread = [group.committed.get(at, log.base) for group in self._groups.values() if group.topic == topic]
        log.trim(min([log.end - retain, *unread]))

    def _finish(self, transactional_id: str, transaction: Transaction, *, commit: bool) -> None:
        for at, offsets in transaction.written.items():
            self._log(at).finish(transactional_id, offsets, commit)
        if commit and transaction.group is not None:
            self._groups[transaction.group].commit(transaction.offsets, transaction.notes)
        transaction.clear()
        self.changed.notify_all()
