"""The worker: poll, apply, commit."""

from __future__ import annotations

import logging
from collections import Counter

from consumers.batch import Adoption, Batch, fold
from consumers.cache import ItemsCache
from consumers.clock import Clock
from consumers.commands import CommandLog
from consumers.commit import commit
from consumers.deployment import check
from consumers.flow import Flow
from consumers.garbage import Garbage
from consumers.merger import Merger
from consumers.monitor import Monitor
from consumers.owned import Owned
from consumers.partitions import Partitions
from consumers.probe import Probe
from consumers.recovery import Recovery
from consumers.rejections import RejectionLimit
from consumers.settings import WorkerSettings
from consumers.shared import SharedModel
from consumers.source import LogReader, Source
from producers.sink import TransactionalSink
from producers.topics import Topics
from stream.config import EngineConfig
from stream.engine import Engine
from stream.errors import Aborted, TooManyRejected, Unreachable
from stream.store.base import StateStore

__all__ = ["Worker", "WorkerSettings"]

log = logging.getLogger(__name__)


class Worker:
    """Keeps the partitions of `events` that its group gives it.

    Each event changes the state exactly once, and each change reaches the topics exactly once and in order, whatever
    dies (`consumers.commit`, `consumers.recovery`). For one thread, `stop` aside.

    Parameters
    ----------
    config, topics
        Engine settings and names of the topics.
    source, sink, reader, store
        The servers. `close` leaves the group; whoever made them closes them.
    clock, settings
        How time passes, and how the worker works.
    deployment
        Whose state the store holds.
    probe
        See `consumers.probe`.

    Attributes
    ----------
    monitor
        Metrics, and whether the worker is well; may be read by any thread.
    totals
        Counts since this worker began: `records`, and updates by the name of their class.
    """

    def __init__(
        self,
        config: EngineConfig,
        topics: Topics,
        source: Source,
        sink: TransactionalSink,
        reader: LogReader,
        store: StateStore,
        *,
        clock: Clock | None = None,
        settings: WorkerSettings | None = None,
        deployment: str = "eddyline",
        probe: Probe = lambda point: None,
    ) -> None:
        self.totals: Counter[str] = Counter()
        self._config = config
        self._topics = topics
        self._source = source
        self._sink = sink
        self._reader = reader
        self._store = store
        self._clock = clock or Clock()
        self._settings = settings or WorkerSettings()
        self._deployment = deployment
        self.monitor = Monitor(self._clock, source, store, self._settings.stuck_after)
        self._rejections = RejectionLimit(self._settings, store)
        self._probe = probe = self.monitor.watch(probe)
        self._garbage = Garbage()
        self._shared = SharedModel(store)
        recovery = Recovery(config, topics, source, sink, reader, store, self._settings.rebuild, probe)
        flow = Flow(source, self._settings)
        self._partitions = Partitions(
            topics.events, source, reader, store, recovery, self._clock, flow, self._taken, probe
        )
        self._cache: ItemsCache | None = None
        self._merger: Merger | None = None
        self._checked = False
        self._adoption: Adoption | None = None  # what partition 0 adopts in its next batch
        self._looked = float("-inf")
        self._silent_since: float | None = None
        self._stopping = False

    @property
    def engines(self) -> dict[int, Engine]:
        """Engines of the owned partitions by number, to read from."""
        return {owned.partition: owned.engine for owned in self._partitions}

    def start(self) -> None:
        """Check the deployment and join the group; the first cycle does it otherwise.

        Raises
        ------
        MissingTopic, Mismatch
            See `consumers.deployment.check`.
        """
        if not self._checked:
            count = check(self._config, self._topics, self._reader, self._store, self._deployment)
            self.monitor.metrics.topic_partitions.set(count)
            if self._merger is None:
                self._partitions.join(count)
                metrics, config = self.monitor.metrics, self._config
                self._cache = ItemsCache(self._store, config.recommend, count, self._settings, self._clock, metrics)
                commands = CommandLog(self._reader, self._topics)
                self._merger = Merger(self._store, commands, config, count, self._cache)
                self._garbage.settle()
            self._checked = True

    def run(self) -> None:
        """Work until `stop`, then leave the group.

        Raises
        ------
        Fenced
            When another worker has taken over what this one holds.
        TooManyRejected
            When most of the latest records are no events (`consumers.rejections`); what was polled is not committed.
        Unreachable
            When a server has not answered for `settings.patience`.
        """
        try:
            with self._garbage:
                while not self._stopping:
                    self.run_once()
        finally:
            self.close()

    def stop(self) -> None:
        """End `run` when the batch in hand is committed. May be called from a signal handler."""
        self._stopping = True

    def drain(self) -> int:
        """Work until nothing in the log is left to do for this worker's partitions; the number of records handled."""
        handled = 0
        while not self._stopping:
            count = self.run_once()
            handled += count
            if not count and self._partitions.settled and not self._pressing() and not self._partitions.lag():
                break
        return handled

    def close(self) -> None:
        """Leave the group; records that are waiting are left to the next owner."""
        self._partitions.forget()
        self._source.close()

    def run_once(self, timeout: float | None = None) -> int:
        """One cycle: poll, apply, commit; the number of records handled.

        Parameters
        ----------
        timeout
            Longest wait for records in seconds, by default `settings.poll`.

        Raises
        ------
        Fenced, TooManyRejected, Unreachable
            See `run`.
        """
        with self._garbage:
            try:
                self.start()
                return self._cycle(self._settings.poll / 1000 if timeout is None else timeout)
            except (Aborted, Unreachable) as error:
                self._start_over(error)
                return 0
            except TooManyRejected:
                self._partitions.forget()  # what is folded is not committed
                raise

    def _cycle(self, timeout: float) -> int:
        # Always polled, so that partitions that were taken away are let go before they are written.
        at_once = self._partitions.waiting or self._pressing()
        recovered = self._partitions.poll(self._settings.batch, 0.0 if at_once else timeout)
        self._learn()
        self._probe("polled")
        batches = [batch for owned in self._partitions if (batch := self._step(owned)) is not None]
        if batches:
            self._rejections.check(batches)
            commit(batches, self._store, self._sink, self._partitions.group, self._topics, self._probe)
            self._rejections.note(batches)
            for batch in batches:
                self._committed(batch)
        self._keep_cache(idle=not batches)
        if batches or not recovered:
            self._silent_since = None
        self.monitor.cycle(self._partitions, batches)
        return sum(batch.records for batch in batches)

    def _learn(self) -> None:
        """Learn the next model where that is this worker's part; otherwise look whether there is one."""
        assert self._merger is not None
        now = self._clock.time()
        look = (now - self._looked) * 1000 >= self._settings.look_every
        if look:
            self._looked = now
            self._partitions.look()
        first = self._partitions.get(0)
        if first is not None:
            own = {owned.partition: owned.contributed for owned in self._partitions}
            self._merger.note(own, look=look)
            if self._merger.due(first):
                self._adoption = self._merger.merge(first, own)
        elif look:
            self._shared.refresh()

    def _step(self, owned: Owned) -> Batch | None:
        """Fold what a partition has to do in this cycle, if anything."""
        adoption = self._adoption if owned.partition == 0 else self._shared.newer_than(owned.engine.model)
        tick = owned.tick(self._clock.time(), self._settings.tick_every)
        if adoption is None and tick is None and not owned.waiting:
            return None
        return fold(owned, self._topics, adoption, tick)

    def _keep_cache(self, *, idle: bool) -> None:
        """Bring the cache of items up to date where that is this worker's part."""
        assert self._cache is not None
        first = self._partitions.get(0)
        if first is None:
            self._cache.forget()
        else:
            self._cache.turn(first, [owned.partition for owned in self._partitions], idle=idle)

    def _committed(self, batch: Batch) -> None:
        assert self._cache is not None
        owned = batch.owned
        owned.moved = self._clock.time()
        self._cache.committed(owned.partition, batch.delta.items, owned.engine.entries)
        self.totals["records"] += batch.records
        self.totals.update(type(update).__name__ for update in batch.updates)
        if owned.partition == 0 and self._adoption is not None:
            self._adoption = None
            self._shared.publish(owned.engine.model)

    def _pressing(self) -> bool:
        """Whether there is something to do without waiting for records."""
        assert self._merger is not None
        assert self._cache is not None
        first = self._partitions.get(0)
        if first is not None and (self._cache.waiting or self._merger.due(first)):
            return True
        return any(owned.partition and self._shared.newer_than(owned.engine.model) for owned in self._partitions)

    def _taken(self, owned: Owned) -> None:
        assert self._cache is not None
        self._rejections.taken(owned.partition)
        self._cache.taken(owned)
        if owned.partition == 0:
            self._shared.restore(owned.engine.model)
            self._looked = float("-inf")  # commands may wait already, and a drain ends before the next look

    def _start_over(self, error: Aborted | Unreachable) -> None:
        """Give up what is in memory: the next cycle takes it over again, from store and log.

        The deployment is checked again too: what was lost may have been the whole store.
        """
        log.warning("starting over from the last commit: %s", error)
        self.monitor.failed(error)
        self._partitions.forget()
        self._adoption = None
        self._checked = False
        try:
            self._sink.abort()
        except (Aborted, Unreachable) as second:
            log.warning("the transaction was not aborted and will time out: %s", second)
        if isinstance(error, Unreachable):
            self._wait(error)

    def _wait(self, error: Unreachable) -> None:
        """Pause, longer each time; give up when the settings' patience is at its end."""
        now = self._clock.time()
        if self._silent_since is None:
            self._silent_since = now
        silent = now - self._silent_since
        if silent * 1000 >= self._settings.patience:
            raise error
        self._clock.sleep(min(5.0, 0.1 + silent / 2))
