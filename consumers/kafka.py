"""Reading Kafka: as a member of a consumer group, or on one's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import kafka.errors as errors
from kafka import KafkaConsumer
from kafka import TopicPartition as KafkaPartition
from kafka.structs import OffsetAndMetadata

from consumers.rebalances import Listener, assignors
from consumers.source import LogReader, Source
from consumers.writers import Writers, client_id
from producers.kafka_client import MAX_RECORD_BYTES, KafkaSettings, connecting, require_topics, translated
from stream.errors import Aborted, DataError, InputError, MissingTopic, Unreachable
from stream.records import Headers, Record, TopicPartition

_CHUNK = 5_000
_WAIT_MS = 500
_METADATA_MS = 30_000  # a topic that was given more partitions is noticed after this span
_UNSTABLE_MS = 1_000
_FETCH_BYTES = 16 * 1024 * 1024  # of one broker's answer: what a poll brings at most, before decompression
_LEAVE_MS = 5_000  # leaving waits behind a rebalance that is under way, which may take much longer


def open_consumer(settings: KafkaSettings, **options: Any) -> KafkaConsumer:
    """A client that reads committed records only, and commits nothing by itself."""
    with connecting(settings):
        return KafkaConsumer(
            **settings.client(),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            fetch_max_bytes=_FETCH_BYTES,
            max_partition_fetch_bytes=2 * 1024 * 1024,  # a larger record comes all the same, alone
            receive_message_max_bytes=8 * MAX_RECORD_BYTES,
            metadata_max_age_ms=_METADATA_MS,
            metrics_enabled=False,
            **options,
        )


def _record(raw: Any) -> Record:
    headers = raw.headers
    kept: Headers = tuple((name, value or b"") for name, value in headers) if headers else ()
    return Record(raw.topic, raw.partition, raw.offset, raw.timestamp, raw.key, raw.value, kept)


def _partitions(settings: KafkaSettings, consumer: KafkaConsumer, topic: str) -> int:
    count = len(consumer.partitions_for_topic(topic))
    if count == 0:
        require_topics(settings, [topic])
        raise MissingTopic(f"topic {topic!r} does not exist: create it first")
    return count


class KafkaSource(Source):
    """A member of consumer group `group` on one topic; commits only through `TransactionalSink.send_offsets`.

    Parameters
    ----------
    settings, group
        Where Kafka is, and the group.
    name
        This worker's, with which its transactional id is made (`consumers.writers`). Before partitions are assigned,
        transactions that dead workers of the group have left open are ended. Without a name that is left to Kafka.
    outputs
        Topics that workers of the group write.

    Raises
    ------
    Unreachable
        When no broker answers in time.
    """

    def __init__(self, settings: KafkaSettings, group: str, name: str = "", outputs: Sequence[str] = ()) -> None:
        self._settings = settings
        self._writers = Writers(settings, group, name, outputs) if name else None
        self._listener = Listener()
        self._consumer = open_consumer(
            settings.model_copy(update={"client_id": client_id(settings, name)}) if name else settings,
            group_id=group,
            group_instance_id=settings.group_instance_id,
            partition_assignment_strategy=assignors(settings.assignment, self._listener),
            session_timeout_ms=settings.session_timeout,
            heartbeat_interval_ms=min(1_000, settings.session_timeout // 6),  # how soon a rebalance is noticed
            max_poll_interval_ms=settings.max_poll_interval,
        )
        self._topic = ""
        self._assigned: Callable[[set[int]], None]
        self._revoked: Callable[[set[int]], None]
        self._owned: set[int] = set()
        self._metadata: Any = None
        self._told = False  # what is this member's: a generation is known before that

    def subscribe(self, topic: str, assigned: Callable[[set[int]], None], revoked: Callable[[set[int]], None]) -> None:
        if self._topic:
            raise InputError(f"already reading {self._topic!r}")
        with translated(self._settings):
            self._consumer.subscribe([topic], listener=self._listener)
            # Asked for afterwards: a member who joins before it knows the partitions makes the group rebalance twice.
            if topic not in self._consumer.topics():
                self._consumer.unsubscribe()
                require_topics(self._settings, [topic])
                raise MissingTopic(f"topic {topic!r} does not exist: create it first")
        self._topic, self._assigned, self._revoked = topic, assigned, revoked

    def poll(self, max_records: int, timeout: float) -> dict[int, list[Record]]:
        if not self._topic:
            raise InputError("subscribe to a topic before polling")
        deadline = time.monotonic() + timeout
        while True:
            left = max(deadline - time.monotonic(), 0.0)
            with translated(self._settings):
                polled = self._consumer.poll(timeout_ms=int(left * 1000), max_records=max_records)
            # Taken before the rebalances: one that happens in between makes this stale, and a commit is refused.
            self._metadata = self._consumer.group_metadata()
            if not self._listener.events:
                owned = self._owned
                return {at.partition: [*map(_record, raw)] for at, raw in polled.items() if at.partition in owned}
            for at, raw in polled.items():  # to be read again: the callbacks may seek
                self._rewind(at, raw[0].offset)
            self._rebalance()
            if time.monotonic() >= deadline:
                return {}

    def group_metadata(self) -> Any:
        if self._metadata is None or self._metadata.generation_id < 0 or not self._told:
            raise Aborted("not a member of the group now")
        return self._metadata

    def committed(self, partition: int) -> int | None:
        found = self._committed(partition)
        return found.offset if found is not None and found.offset >= 0 else None

    def note(self, partition: int) -> str:
        found = self._committed(partition)
        return found.metadata or "" if found is not None else ""

    def end(self, partition: int) -> int | None:
        try:
            found: int | None = self._consumer.highwater(KafkaPartition(self._topic, partition))
        except errors.IllegalStateError:  # a rebalance has just taken it
            return None
        return found

    def seek(self, partition: int, offset: int) -> None:
        if partition not in self._owned or not self._rewind(KafkaPartition(self._topic, partition), offset):
            raise Aborted(f"partition {partition} of {self._topic!r} is not assigned to this member")

    def pause(self, partitions: Iterable[int]) -> None:
        with suppress(KeyError):  # a rebalance has just taken it
            self._consumer.pause(*self._mine(partitions))

    def resume(self, partitions: Iterable[int]) -> None:
        with suppress(KeyError):
            self._consumer.resume(*self._mine(partitions))
        # kafka-python 3.0.12 keeps what it had fetched of a paused partition for later, and takes it up again only when
        # this is None; with another partition's records read to their end here it never would, and never fetch either.
        fetcher = self._consumer._fetcher
        if not fetcher._next_partition_records:
            fetcher._next_partition_records = None

    def close(self) -> None:
        self._owned, self._metadata = set(), None
        if self._writers is not None:
            self._writers.close()
        self._consumer.close(autocommit=False, timeout_ms=min(self._settings.timeout, _LEAVE_MS))

    def _committed(self, partition: int) -> OffsetAndMetadata | None:
        """Waits while a transaction that has the offset in it is open; of a worker that dies meanwhile, it is ended."""
        at = KafkaPartition(self._topic, partition)
        deadline = time.monotonic() + self._settings.timeout / 1000
        while True:
            left = max(0, round((deadline - time.monotonic()) * 1000))
            # kafka-python 3.0.12 keeps a request that was not answered in time, and answers the next question with it:
            # with an offset of then, or never when its connection was lost. Each question is asked anew.
            self._consumer._coordinator._offset_fetch_futures.pop(frozenset([at]), None)
            try:
                with translated(self._settings):
                    found: OffsetAndMetadata | None = self._consumer.committed(
                        at, metadata=True, timeout_ms=min(left, _UNSTABLE_MS)
                    )
            except Unreachable:
                if left <= _UNSTABLE_MS:
                    raise
                self._fence_dead()
                if self._writers is not None and self._writers.own_hangs:
                    raise Aborted("this worker's last transaction hangs") from None
            else:
                return found

    def _fence_dead(self) -> None:
        if self._writers is not None:
            self._writers.fence_dead()

    def _rebalance(self) -> None:
        events = self._listener.events
        while events:
            joined, partitions = events.popleft()
            if joined:
                self._told = True
                self._owned |= partitions
                self.resume(partitions)
                if partitions:
                    self._fence_dead()
                    self._assigned(set(partitions))
            else:
                gone = self._owned & partitions
                self._owned -= gone
                if gone:
                    self._revoked(gone)

    def _rewind(self, at: KafkaPartition, offset: int) -> bool:
        try:
            self._consumer.seek(at, offset)
        except (ValueError, KeyError):  # a rebalance has just taken it
            return False
        return True

    def _mine(self, partitions: Iterable[int]) -> list[KafkaPartition]:
        mine = {KafkaPartition(self._topic, partition) for partition in partitions}
        return sorted(mine & self._consumer.assignment())


class KafkaReader(LogReader):
    """Reads Kafka without a group; reads of several partitions may be interleaved."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._consumer = open_consumer(settings, group_id=None)

    def partitions(self, topic: str) -> int:
        with translated(self._settings):
            return _partitions(self._settings, self._consumer, topic)

    def bounds(self, at: TopicPartition) -> tuple[int, int]:
        count = self.partitions(at.topic)
        if not 0 <= at.partition < count:
            raise DataError(f"topic {at.topic!r} has {count} partitions, there is no partition {at.partition}")
        partition = KafkaPartition(*at)
        with translated(self._settings):
            first = self._consumer.beginning_offsets([partition], timeout_ms=self._settings.timeout)[partition]
            stable = self._consumer.end_offsets([partition], timeout_ms=self._settings.timeout)[partition]
        return first, stable

    def read(self, at: TopicPartition, start: int, end: int) -> Iterator[Record]:
        first, stable = self.bounds(at)
        start, end = max(start, first), min(end, stable)
        if start >= end:
            return
        consumer = open_consumer(self._settings, group_id=None)
        try:
            partition = KafkaPartition(*at)
            consumer.assign([partition])
            consumer.seek(partition, start)
            yield from self._until(consumer, partition, end)
        finally:
            consumer.close(autocommit=False)

    def _until(self, consumer: KafkaConsumer, partition: KafkaPartition, end: int) -> Iterator[Record]:
        seconds = self._settings.timeout / 1000
        position, moved = -1, time.monotonic()
        while position < end:  # the last offsets may be control markers: no record will ever have them
            with translated(self._settings):
                polled = consumer.poll(timeout_ms=_WAIT_MS, max_records=_CHUNK)
                now_at = consumer.position(partition, timeout_ms=self._settings.timeout)
            for raw in polled.get(partition, ()):
                if raw.offset >= end:
                    return
                yield _record(raw)
            if now_at != position:
                position, moved = now_at, time.monotonic()
            elif time.monotonic() - moved > seconds:
                where = self._settings.bootstrap_servers
                raise Unreachable(f"Kafka at {where} gives nothing of {partition.topic}:{partition.partition}")

    def close(self) -> None:
        self._consumer.close(autocommit=False)
