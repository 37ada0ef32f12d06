"""Writes a load to Kafka, steadily and exactly once, on a thread of its own."""

from __future__ import annotations

import time
from contextlib import suppress
from threading import Event, Lock, Thread

from kafka import KafkaProducer
from kafka.errors import KafkaError

from tests.chaos.load import Load, Written

_BURST, _PAUSE = 1.5, 0.8  # seconds: in the pauses partitions are idle, and their clocks tick


class Loader:
    """Writes what a load gives; `written` has it all, in order.

    Parameters
    ----------
    servers, topic
        Where to.
    load
        What.
    rate
        Records a second within a burst.
    most
        Of a partition in the steady load: then it ends.
    """

    def __init__(self, servers: str, topic: str, load: Load, rate: float, most: int) -> None:
        self.written: list[Written] = []
        self._topic, self._load, self._rate, self._most = topic, load, rate, most
        self._lock = Lock()
        self._ended = Event()
        self._failed: list[Exception] = []
        self._counts: dict[int, int] = {}
        self._producer = KafkaProducer(
            bootstrap_servers=servers,
            enable_idempotence=True,
            linger_ms=20,
            max_block_ms=120_000,
            delivery_timeout_ms=240_000,
            metrics_enabled=False,
        )
        self._thread = Thread(target=self._run, name="load", daemon=True)

    def first(self, count: int, only: int) -> None:
        """Write records of one partition's customers, at once."""
        self.write([self._load.next(only) for _ in range(count)])

    def poison(self, count: int) -> None:
        """Write records in a row that are no events."""
        with self._lock:
            records = self._load.poison(count)
        self.write(records)

    def start(self) -> None:
        """Begin the steady load."""
        self._counts.clear()
        self._thread.start()

    def stop(self) -> None:
        """End it with a record for each partition, and wait until all is in the log.

        Raises
        ------
        RuntimeError
            When Kafka did not take a record: the campaign's own failure.
        """
        self._ended.set()
        self._thread.join()
        self.write([self._load.next(partition) for partition in range(self._load.partitions)])
        self._producer.flush(timeout=120)
        if self._failed:
            raise RuntimeError(f"the load could not be written: {self._failed[0]}")

    def close(self) -> None:
        """Release connections."""
        self._ended.set()
        with suppress(KafkaError):
            self._producer.close(timeout=5)

    def write(self, records: list[Written]) -> None:
        """Write records after all that was written before."""
        with self._lock:
            for record in records:
                partition, key, value, timestamp = record
                sent = self._producer.send(self._topic, value, key, partition=partition, timestamp_ms=timestamp)
                sent.add_errback(self._failed.append)
                self.written.append(record)
                self._counts[partition] = self._counts.get(partition, 0) + 1

    def _run(self) -> None:
        began, sent = time.monotonic(), 0
        while not self._ended.wait(0.05):
            working = (time.monotonic() - began) // (_BURST + _PAUSE) * _BURST
            working += min((time.monotonic() - began) % (_BURST + _PAUSE), _BURST)
            due = int(working * self._rate) - sent
            sent += due
            due = min(due, int(self._rate))  # what Kafka has held up is not made up for
            if due and max(self._counts.values(), default=0) < self._most:
                with self._lock:
                    records = [self._load.next() for _ in range(due)]
                try:
                    self.write(records)
                except KafkaError as error:
                    self._failed.append(error)
                    return
