"""The partitions that the group gives this worker, and how it takes them over."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from consumers.clock import Clock
from consumers.flow import Flow
from consumers.owned import Owned
from consumers.probe import Probe
from consumers.recovery import Recovery
from consumers.source import LogReader, Source
from stream.errors import Aborted, Mismatch
from stream.records import TopicPartition
from stream.store.base import StateStore
from stream.store.claim import grown

log = logging.getLogger(__name__)


class Partitions:
    """Owned partitions by number; iterates over them in order.

    Parameters
    ----------
    topic
        The events topic.
    source, reader, store, recovery
        The servers, and how a partition is brought to where its log is.
    clock
        The worker's clock.
    flow
        What is not read at present.
    taken
        Called with each partition that was taken over.
    probe
        See `consumers.probe`.
    """

    def __init__(
        self,
        topic: str,
        source: Source,
        reader: LogReader,
        store: StateStore,
        recovery: Recovery,
        clock: Clock,
        flow: Flow,
        taken: Callable[[Owned], None],
        probe: Probe,
    ) -> None:
        self.group: Any = None
        self._topic = topic
        self._source = source
        self._reader = reader
        self._store = store
        self._recovery = recovery
        self._clock = clock
        self._flow = flow
        self._taken = taken
        self._probe = probe
        self._count = 0
        self._mine: set[int] = set()
        self._fresh: set[int] = set()  # mine, and not taken over yet
        self._owned: dict[int, Owned] = {}

    def __iter__(self) -> Iterator[Owned]:
        return (self._owned[partition] for partition in sorted(self._owned))

    def get(self, partition: int) -> Owned | None:
        """A partition, if it is owned."""
        return self._owned.get(partition)

    @property
    def settled(self) -> bool:
        """Whether the group has said what is this worker's, and all of that is taken over."""
        return self.group is not None and not self._fresh

    @property
    def waiting(self) -> int:
        """Records polled and not applied."""
        return sum(len(owned.waiting) for owned in self._owned.values())

    def join(self, count: int) -> None:
        """Become a member of the group of a topic that has `count` partitions."""
        self._count = count
        self._source.subscribe(self._topic, self._assigned, self._revoked)

    def poll(self, most: int, timeout: float) -> bool:
        """Read records, and take over what the group has given since the last time.

        Returns
        -------
        bool
            Whether a partition was taken over.

        Raises
        ------
        Aborted
            When the membership or a transaction was lost meanwhile.
        Mismatch
            When the topic has been given more partitions: nothing of a new one is taken.
        """
        self._flow.hold(self._owned.values())
        polled = self._source.poll(most, timeout)
        for partition in self._owned.keys() - self._mine:
            del self._owned[partition]
        if not self._mine and self.group is None and not polled:
            with suppress(Aborted):  # still joining
                self.group = self._source.group_metadata()
            return False
        self.group = self._source.group_metadata()
        fresh = sorted(self._fresh)
        if fresh and fresh[-1] >= self._count:
            raise Mismatch(grown(f"topic {self._topic!r}", self._count, fresh[-1] + 1))
        for partition in fresh:
            self._take_over(partition)
            polled.pop(partition, None)  # read from where the group was, not from where the state is
        for partition, records in polled.items():
            if (owned := self._owned.get(partition)) is not None:
                owned.waiting.extend(records)
        return bool(fresh)

    def look(self) -> None:
        """Look whether the topic has as many partitions as ever.

        Raises
        ------
        Mismatch
            When it has not: customers' events come in other partitions than their profiles are in.
        """
        if (count := self._reader.partitions(self._topic)) != self._count:
            raise Mismatch(grown(f"topic {self._topic!r}", self._count, count))

    def lag(self) -> bool:
        """Whether the log has records of these partitions that were not applied."""
        return any(self._lags(owned) for owned in self)

    def forget(self) -> None:
        """Give up what is in memory; the next poll takes it over again, from store and log."""
        self._owned.clear()
        self._fresh = set(self._mine)

    def _take_over(self, partition: int) -> None:
        kept = self._owned.pop(partition, None)
        began = self._clock.time()
        epoch = self._store.acquire(partition)
        self._probe("acquired")
        if kept is not None and self._store.position(partition) == kept.position:  # it comes back as it was
            kept.epoch = epoch
            kept.waiting.clear()
            owned, outcome = kept, "nobody had it in between"
        else:
            owned, outcome = self._recovery.recover(partition, epoch, self.group, self._clock.time())
        self._probe("taken")
        first, _ = self._reader.bounds(TopicPartition(self._topic, partition))
        self._source.seek(partition, max(owned.engine.watermark, first))
        self._owned[partition] = owned
        self._fresh.discard(partition)
        self._taken(owned)
        took = self._clock.time() - began
        log.info("partition %d: taken over at %s in %.2f s; %s", partition, owned.position, took, outcome)

    def _lags(self, owned: Owned) -> bool:
        at = TopicPartition(self._topic, owned.partition)
        _, end = self._reader.bounds(at)
        start = owned.engine.watermark
        # Offsets alone do not tell: the last ones may be a transaction's control markers.
        return start < end and any(True for _ in self._reader.read(at, start, end))

    def _assigned(self, partitions: set[int]) -> None:
        log.info("the group gives %s", _listed(partitions))
        self._mine |= partitions
        self._fresh |= partitions

    def _revoked(self, partitions: set[int]) -> None:
        log.info("the group takes back %s", _listed(partitions))
        self._mine -= partitions
        self._fresh -= partitions


def _listed(partitions: set[int]) -> str:
    return f"partition{'' if len(partitions) == 1 else 's'} {', '.join(map(str, sorted(partitions)))}"
