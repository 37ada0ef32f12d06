"""Writing to Kafka: idempotent, or exactly once in transactions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Thread
from typing import Any

import kafka.errors as errors
from kafka import KafkaProducer
from kafka import TopicPartition as KafkaPartition
from kafka.partitioner.default import DefaultPartitioner
from kafka.serializer import Serializer
from kafka.structs import OffsetAndMetadata

from producers.kafka_client import MAX_RECORD_BYTES, KafkaSettings, connecting, meaning, require_topics, translated
from producers.partitioner import partition_of
from producers.sink import Sink, TransactionalSink
from stream.errors import Aborted, DataError, DeploymentError, EddylineError, Unreachable
from stream.records import Outgoing, TopicPartition

__all__ = ["KafkaSettings", "KafkaSink", "KafkaTransactionalSink"]

_WINDOW = 8 * 1024 * 1024  # bytes on their way; the client itself sets no bound
_OVERHEAD = 200  # bytes a record on its way takes besides its value, roughly
_NULL: Any = object()  # the client refuses a record without key and value, Kafka does not


class _KeyPartitioner(DefaultPartitioner):
    """Same partitions as the default, with a memory for keys that come again."""

    def partition(
        self, topic: str, key: Any, serialized_key: bytes | None, value: Any, serialized_value: Any, cluster: Any
    ) -> int:
        if serialized_key is None:
            chosen: int = super().partition(topic, key, serialized_key, value, serialized_value, cluster)
            return chosen
        return partition_of(serialized_key, len(cluster.partitions_for_topic(topic)))


class _Nullable(Serializer):
    def serialize(self, topic: str, headers: Any, data: Any) -> bytes | None:
        return None if data is _NULL else data


class KafkaSink(Sink):
    """Writes to Kafka, idempotently and in order for a key.

    Raises
    ------
    Unreachable
        When no broker answers in time.
    """

    def __init__(self, settings: KafkaSettings, **options: Any) -> None:
        self._settings = settings
        self._seconds = settings.timeout / 1000
        self._topics: set[str] = set()
        self._waiting: deque[Any] = deque()
        self._bytes = 0
        with connecting(settings):
            self._producer = KafkaProducer(
                **settings.client(),
                enable_idempotence=True,
                compression_type=settings.compression,
                partitioner=_KeyPartitioner(),
                value_serializer=_Nullable(),
                batch_size=256 * 1024,
                linger_ms=5,
                max_request_size=MAX_RECORD_BYTES,
                max_block_ms=settings.timeout,
                delivery_timeout_ms=2 * max(settings.timeout, 1_000),
                retry_backoff_ms=5,  # waited out while Kafka completes the transaction before; its default of 100 shows
                allow_auto_create_topics=False,
                metrics_enabled=False,
                **options,
            )

    def send(self, records: Iterable[Outgoing]) -> None:
        send, waiting, topics = self._producer.send, self._waiting, self._topics
        with self._guarded():
            for topic, key, value, headers, partition, timestamp in records:
                if topic not in topics:
                    require_topics(self._settings, [topic])
                    topics.add(topic)
                body = _NULL if key is None and value is None else value
                waiting.append(send(topic, body, key, list(headers), partition, timestamp))
                self._bytes += _OVERHEAD + (len(value) if value else 0)
                if self._bytes > _WINDOW:
                    self._settle(len(waiting) // 2)

    def flush(self) -> None:
        with self._guarded():
            self._flush()

    def close(self) -> None:
        try:
            self._producer.close(timeout=self._seconds)
        except errors.KafkaError:  # it waits for records that it cannot send any more: drop them
            sender = self._producer._sender
            sender.force_close()
            sender.join(self._seconds)
            self._producer.close(timeout=self._seconds)

    def _flush(self) -> None:
        self._producer.flush(timeout=self._seconds)
        self._settle(len(self._waiting))

    def _settle(self, count: int) -> None:
        """Wait for the oldest `count` records; a failure of theirs comes out here."""
        share = self._bytes * count // max(len(self._waiting), 1)
        for _ in range(count):
            self._waiting.popleft().get(timeout=self._seconds)
        self._bytes -= share

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            with translated(self._settings):
                yield
        except ValueError as error:
            raise DataError(f"the record cannot be written: {error}") from error


class KafkaTransactionalSink(KafkaSink, TransactionalSink):
    """Writes to Kafka in transactions. Making one fences older producers of the same `transactional_id`.

    A call that gets no answer within `settings.timeout` raises Unreachable, and so does every later one until `abort`,
    which puts a new producer of the same id in the place of the one that hangs: Kafka then settles what was left.

    Parameters
    ----------
    settings, transactional_id
        Where Kafka is, and the id.
    end_hanging
        Called before the id is initialised, since Kafka then forgets how its last transaction ended, and after an
        abort; whether it had to initialise the id itself (`consumers.writers.open_writer`).
    """

    def __init__(
        self, settings: KafkaSettings, transactional_id: str, end_hanging: Callable[[], bool] = lambda: False
    ) -> None:
        self._id = transactional_id
        self._end_hanging = end_hanging
        end_hanging()
        self._start(settings)

    def _start(self, settings: KafkaSettings) -> None:
        super().__init__(settings, transactional_id=self._id, transaction_timeout_ms=settings.transaction_timeout)
        self._lost = self._open = False
        self._manager: Any = self._producer._transaction_manager
        self._watchdog = _Watchdog()
        try:
            with self._guarded():
                self._producer.init_transactions()
        except EddylineError:
            self._lost = True
            self.close()
            raise

    def begin(self) -> None:
        with self._guarded():
            # Offsets that an aborted transaction failed to send stay in the client, and would go with the next.
            self._manager._pending_txn_offset_commits.clear()
            self._waiting.clear()
            self._bytes = 0
            self._producer.begin_transaction()
            self._open = True

    def send_offsets(
        self, offsets: Mapping[TopicPartition, int], group: Any, notes: Mapping[TopicPartition, str] | None = None
    ) -> None:
        notes = notes or {}
        wanted = {
            KafkaPartition(*at): OffsetAndMetadata(offset, notes.get(at, ""), -1) for at, offset in offsets.items()
        }
        with self._guarded():
            self._within_time(lambda: self._producer.send_offsets_to_transaction(wanted, group))

    def commit(self) -> None:
        with self._guarded():
            if not self._open:
                raise Aborted("no transaction is open")
            self._flush()  # the client would commit without records whose sending has failed
            self._within_time(self._producer.commit_transaction)
            self._open = False

    def abort(self) -> None:
        if self._lost:
            self.close()
            self._end_hanging()
        else:
            self._abort()
            if not self._end_hanging():
                return
            self.close()
        self._start(self._settings)

    def enlist(self, partitions: Iterable[TopicPartition]) -> None:
        """Have partitions marked with the transaction's outcome though nothing is written to them."""
        with self._guarded():
            for at in partitions:
                self._manager.maybe_add_partition_to_transaction(KafkaPartition(*at))

    def close(self) -> None:
        """Abort what is open, and release connections."""
        try:
            if not self._lost:
                self._abort()
        except EddylineError:
            pass  # it cannot be reached any more; Kafka aborts by itself after the transaction's timeout
        self._watchdog.close()
        super().close()

    def _abort(self) -> None:
        with self._guarded():
            if not self._open:
                return
            self._open = False
            try:
                self._within_time(self._producer.abort_transaction)
            except errors.KafkaError:
                if self._manager.has_fatal_error():
                    raise  # else the client has aborted it by itself, and taken a new epoch

    def _within_time(self, call: Callable[[], None]) -> None:
        try:
            self._watchdog.run(call, self._seconds)
        except TimeoutError:
            self._lost = True
            raise self._unreachable() from None

    def _unreachable(self) -> Unreachable:
        where = self._settings.bootstrap_servers
        return Unreachable(f"Kafka at {where} has not answered a transaction within {self._seconds:g} seconds")

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        if self._lost:
            raise self._unreachable()
        try:
            yield
        except errors.KafkaError as error:
            reason = meaning(self._manager.last_error or error, self._settings.bootstrap_servers)
            recoverable = type(reason) is DeploymentError and not self._manager.has_fatal_error()
            raise (Aborted(str(reason)) if recoverable else reason) from error
        except ValueError as error:
            raise DataError(f"the record cannot be written: {error}") from error


class _Watchdog:
    """Gives a deadline to calls that have none, by running them on a thread that is left behind if they hang."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[tuple[Callable[[], None], Future[None]] | None] = SimpleQueue()
        Thread(target=self._work, name="eddyline-transactions", daemon=True).start()

    def run(self, call: Callable[[], None], seconds: float) -> None:
        """Result or error of the call; TimeoutError when it takes too long."""
        done: Future[None] = Future()
        self._calls.put((call, done))
        done.result(seconds)

    def close(self) -> None:
        self._calls.put(None)

    def _work(self) -> None:
        while (item := self._calls.get()) is not None:
            call, done = item
            try:
                done.set_result(call())
            except Exception as error:
                done.set_exception(error)
