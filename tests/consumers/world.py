"""A deployment small enough for tests: topics, a store, workers that can be killed, and all that came out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from consumers.clock import Clock, ManualClock
from consumers.journal import JournalEntry, decode
from consumers.source import Source
from consumers.worker import Worker, WorkerSettings
from consumers.writers import transactional_id
from producers.topics import CHANNELS, Topics
from stream.config import EngineConfig
from stream.entries import Event
from stream.records import Outgoing, Record, TopicPartition
from stream.store.base import Delta, StateStore
from stream.store.memory import MemoryStore
from stream.updates import to_iso
from tests.logs.harness import Log, MemoryLog
from tests.stream import fold

SETTINGS = WorkerSettings(batch=70, poll=50, tick_every=None, look_every=0, cache_every=0, rebuild=90)
DAY = 86_400  # seconds
Output = tuple[bytes | None, bytes | None, tuple[tuple[str, bytes], ...]]
Outputs = dict[tuple[str, int], list[Output]]


class Killed(BaseException):
    """The process ends here."""


def kill_at(point: str, count: int = 1) -> Callable[[str], None]:
    """A probe that ends the worker when it comes to a point for the `count`-th time."""
    seen: Counter[str] = Counter()

    def probe(reached: str) -> None:
        seen[reached] += 1
        if reached == point and seen[point] == count:
            raise Killed(point)

    return probe


def shop(count: int = 400, customers: int = 40) -> list[Outgoing]:
    """Records of a small seeded shop; two of them are no events."""
    records = []
    for entry in fold.events(count, customers):
        if not isinstance(entry, Event):
            records.append(Outgoing("", b"k", b"{", timestamp=fold.START))
            continue
        who = "userId" if entry.known else "anonymousId"
        value = {
            "type": "track",
            "messageId": entry.message_id,
            who: entry.customer,
            "timestamp": to_iso(entry.time),
            "event": entry.kind,
            "properties": entry.properties,
        }
        records.append(Outgoing("", entry.customer.encode(), json.dumps(value).encode(), timestamp=entry.time))
    return records


def asked(record: Outgoing) -> Outgoing:
    """A request for recommendations in the place of a customer's event."""
    value = json.loads(record.value or b"") | {
        "event": "Recommendations Requested",
        "properties": {"correlation_id": "c"},
    }
    return record._replace(value=json.dumps(value).encode())


RECORDS = [asked(record) if place in (120, 220, 320) else record for place, record in enumerate(shop())]


class World:
    """One deployment on a log and a store.

    Parameters
    ----------
    log, store
        The servers.
    topics
        By default new ones.
    partitions
        Of the events, and of all that have as many.
    """

    def __init__(
        self,
        log: Log,
        store: StateStore,
        topics: Topics | None = None,
        partitions: int = 1,
        config: EngineConfig | None = None,
    ) -> None:
        self.log, self.store, self.partitions = log, store, partitions
        self.topics = topics or Topics(prefix=f"{log.name('t')}.")
        self.config = config or fold.config()
        self.group = log.name("group")
        self.id = log.name("id")
        self._sources: dict[int, Source] = {}
        for channel in CHANNELS:
            # The shop's events have their own times, which are old: a broker would forget them within minutes.
            settings = channel.settings or {"retention.ms": "-1"}
            log.admin().create(getattr(self.topics, channel.field), channel.partitions or partitions, settings=settings)

    def load(self, records: Iterable[Outgoing]) -> None:
        """Write events."""
        self.log.write(*(record._replace(topic=self.topics.events) for record in records))

    def command(self, *values: bytes | None) -> None:
        """Write what operators ask."""
        self.log.write(*(Outgoing(self.topics.commands, b"k", value, partition=0) for value in values))

    def worker(
        self, probe: Callable[[str], None] | None = None, *, clock: Clock | None = None, **options: Any
    ) -> Worker:
        """A worker; one with the same transactional id as the one before, as when a process is started again.

        With a `name`, it is known to the group by it, and writes under it.
        """
        if name := options.pop("name", ""):
            options["id"] = transactional_id(self.group, name)
        source = self.log.source(self.group, name)
        worker = Worker(
            self.config,
            self.topics,
            source,
            self.log.transactional(options.pop("id", self.id)),
            self.log.reader(),
            options.pop("store", self.store),
            clock=clock or ManualClock(),
            settings=SETTINGS.model_copy(update=options),
            **({} if probe is None else {"probe": probe}),
        )
        self._sources[id(worker)] = source
        return worker

    def run(self, probe: Callable[[str], None] | None = None, **options: Any) -> dict[int, str]:
        """Let a worker do all there is to do, then leave; state hashes by partition."""
        worker = self.worker(probe, **options)
        try:
            worker.drain()
            return {partition: engine.state_hash() for partition, engine in worker.engines.items()}
        finally:
            worker.close()

    def killed(self, point: str, count: int = 1, **options: Any) -> None:
        """Let a worker run until it dies: nothing is committed, aborted or told by it any more."""
        worker = self.worker(kill_at(point, count), **options)
        try:
            worker.drain()
        except Killed:
            self.bury(worker)
            return
        raise AssertionError(f"{point} was not reached {count} times")

    def bury(self, worker: Worker) -> None:
        """Let the group know that a worker has died; it would notice by the silence, only later."""
        self._sources[id(worker)].close()

    def read(self, field: str, partition: int = 0) -> list[Record]:
        """Committed records of a topic's partition."""
        return self.log.read(getattr(self.topics, field), partition)

    def outputs(self) -> Outputs:
        """All that readers see on every topic that workers write: key, value and headers, in order."""
        reader = self.log.reader()
        found: Outputs = {}
        for channel in CHANNELS:
            if channel.field in ("events", "commands"):
                continue
            topic = getattr(self.topics, channel.field)
            for partition in range(reader.partitions(topic)):
                at = TopicPartition(topic, partition)
                records = reader.read(at, *reader.bounds(at))
                found[channel.field, partition] = [(record.key, record.value, record.headers) for record in records]
        return found

    def same(self) -> World:
        """The same deployment, empty, on servers in memory."""
        return World(MemoryLog(), MemoryStore(), self.topics, self.partitions, self.config)


def snapshot(store: StateStore, partition: int = 0) -> tuple[Delta, bytes]:
    """All that a store holds of a partition."""
    saved, outbox = store.load(partition), store.outbox(partition)
    assert saved is not None
    assert outbox is not None
    delta = Delta(
        saved.watermark,
        dict(store.scan(partition)),
        dict(saved.items),
        saved.seen,
        len(saved.seen),
        dict(saved.scalars),
        saved.number,
        indexes={name: dict(store.range(partition, name, 0, 1_000_000)) for name in store.indexes(partition)},
        lists=dict(store.lists(partition)),
    )
    return delta, outbox


def restore(store: StateStore, kept: tuple[Delta, bytes], partition: int = 0) -> None:
    """Bring a partition back to an older state."""
    store.wipe(partition)
    store.commit(partition, store.acquire(partition), *kept)


def journal(world: World, partition: int = 0) -> list[JournalEntry]:
    """Decisions that a partition has journaled."""
    return [decode(record) for record in world.read("journal", partition)]
