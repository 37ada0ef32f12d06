"""The state brought under the partition count that its topic has now.

The old partitions are finished first, by a worker that sees the topic as it was (`consumers.old_count`). Then each
customer's profile goes to the partition where their records come from now on (`stream.growth`), and all partitions are
switched together (`stream.store.transplant`). The journal of each says so, as the next record of its outbox.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import msgpack

from consumers import journal
from consumers.growth import Growth, moves
from consumers.journal import JournalEntry
from consumers.old_count import OldReader, OldSource
from consumers.outbox import Outbox
from consumers.position import Position
from consumers.settings import WorkerSettings
from consumers.source import LogReader, Source
from consumers.worker import Worker
from producers.partitioner import partition_of
from producers.sink import TransactionalSink
from producers.topics import Topics
from stream.config import EngineConfig
from stream.errors import Mismatch
from stream.growth import cataloguing, grown, merged_into, moving, sources
from stream.profiles.sample import CustomerSample
from stream.recommend.lists import STATE
from stream.snapshot.deltas import deltas
from stream.snapshot.sorting import in_order
from stream.store.base import StateStore
from stream.store.dump import Dump
from stream.store.transplant import Plan, dumped, prepare, put_in_place

COMMAND = "eddyline topics migrate"

log = logging.getLogger(__name__)


class Regrowth:
    """Does what `consumers.growth.plan` has found. No worker may run.

    Killed anywhere and run again it gives the same: until the last step nothing but the progress of the old partitions
    can be seen, and that step is finished by the next run.

    Parameters
    ----------
    growth
        What is to be done.
    config, topics, deployment
        The deployment.
    reader, store
        The servers.
    """

    def __init__(
        self,
        growth: Growth,
        config: EngineConfig,
        topics: Topics,
        deployment: str,
        reader: LogReader,
        store: StateStore,
    ) -> None:
        self._growth = growth
        self._config = config
        self._topics = topics
        self._deployment = deployment
        self._reader = reader
        self._store = store

    def finish_old(self, source: Source, sink: TransactionalSink, settings: WorkerSettings) -> int:
        """Apply and publish what was written by the old count; the number of records.

        Raises
        ------
        Mismatch
            When not all of it could be applied, as another worker was there.
        """
        growth, store = self._growth, self._store
        reader = OldReader(self._reader, self._topics, growth.before, growth.limits)
        worker = Worker(
            self._config,
            self._topics,
            OldSource(source, growth.before, growth.limits),
            sink,
            reader,
            store,
            settings=settings.model_copy(update={"tick_every": None}),
            deployment=self._deployment,
        )
        try:
            records = worker.drain()
            owned = set(worker.engines)
        finally:
            worker.close()
        if owned != set(range(growth.before)):
            raise Mismatch("another worker has some of the partitions: stop all workers, and run it again")
        return records

    def place(self) -> dict[tuple[int, int], int]:
        """Move the customers; (from, to) -> how many."""
        before, now, store = self._growth.before, self._growth.now, self._store
        moved = moves(store, before, now)
        dumps = {partition: dump for partition in range(now) if (dump := dumped(store, partition)) is not None}
        entries: dict[int, int] = {}
        for partition in reversed(range(now)):  # 0 last: it notes what the others have contributed
            dump = self._grown(partition, dumps)
            if partition >= before and "contributed" in dump.scalars:
                entries[partition] = msgpack.unpackb(dump.scalars["contributed"])
            if partition == 0:
                dump.scalars = {**dump.scalars, "merged": merged_into(dump.scalars, entries)}
            start = Position(dump.watermark, dump.number)
            dump.number += 1
            end = Position(dump.watermark, dump.number)
            note = journal.encode(JournalEntry(end.number, end.offset, "grow", partitions=now), partition, self._topics)
            prepare(store, partition, deltas(dump, self._config), Outbox(start, end, (note,)).pack())
            log.info("partition %d of %d is prepared", partition, now)
        put_in_place(store, Plan(COMMAND, self._deployment, now, None, tuple(range(now))))
        return moved

    def _grown(self, partition: int, dumps: dict[int, Dump]) -> Dump:
        """All of a partition's new state; `dumps` are the old ones, without their profiles."""
        before, now = self._growth.before, self._growth.now
        feeding = [one for one in sources(partition, before, now) if one in dumps]

        def place(customer: str) -> int:
            return partition_of(customer.encode(), now)

        def profiles() -> Iterator[tuple[str, bytes]]:
            for one in feeding:
                yield from moving(self._store.scan(one), place, partition)

        def lists() -> Iterator[tuple[str, bytes]]:
            for one in feeding:
                yield from moving(self._store.lists(one), place, partition)

        count, sample = 0, CustomerSample(self._config.segments.sample)
        for customer, _ in in_order(profiles()):
            count += 1
            sample.add(customer)
        own = [partition] if partition in dumps else []
        dump = grown(partition, {one: dumps[one] for one in {*feeding, *own}}, place, sample, count, self._config)
        dump.profiles, dump.lists = profiles(), lists()
        if own:
            dump.items = dumps[partition].items
        elif feeding:
            dump.items, state = cataloguing(dumps[feeding[0]])
            dump.scalars = {**dump.scalars, STATE: state}
        return dump
