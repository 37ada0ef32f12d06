"""What a worker shows of itself: metrics, and whether it is well.

The worker calls its monitor at named points (`consumers.probe`), at the end of each cycle, and when something went
wrong. Another thread may read at any time: what it reads is replaced as a whole, never changed.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from consumers.batch import Batch
from consumers.clock import Clock
from consumers.metrics import Metrics
from consumers.owned import Owned
from consumers.partitions import Partitions
from consumers.probe import Probe
from consumers.source import Source
from stream.errors import EddylineError
from stream.model import Model
from stream.store.base import StateStore

_MEMORY_EVERY = 15.0  # seconds between two questions to the store how much memory it uses
# The point that ends a phase -> the phase, and the point that begins it: a takeover comes by some of these points too.
_PHASES = {
    "applied": ("apply", "polled"),
    "stored": ("store", "applied"),
    "sent": ("send", "stored"),
    "committed": ("transaction", "sent"),
}


class Condition(NamedTuple):
    """How a worker is; `troubles` are in words, and there are none when it is ready."""

    troubles: tuple[str, ...] = ("it has not joined the group yet",)
    partitions: tuple[int, ...] = ()


class Monitor:
    """Notes what a worker does, for `/metrics` and `/health/…`.

    Parameters
    ----------
    clock
        The worker's.
    source, store
        Asked for ends of the log that are known anyway, and every now and then for the server's memory.
    stuck_after
        Milliseconds without a point reached after which the loop is no longer live.

    Attributes
    ----------
    metrics
        What is told to Prometheus.
    condition
        Whether the worker is ready.
    """

    def __init__(self, clock: Clock, source: Source, store: StateStore, stuck_after: int) -> None:
        self.metrics = Metrics()
        self.condition = Condition()
        self._clock = clock
        self._source = source
        self._store = store
        self._patience = stuck_after / 1000
        self._turned = clock.time()
        self._looked = float("-inf")
        self._last = ""  # point of a cycle
        self._since = self._takeover = time.perf_counter()
        self._group: Any = None
        self._shown: tuple[int, ...] = ()  # partitions that have metrics
        self._newest: dict[int, int] = {}  # timestamp (ms) of the last record applied
        self._model = Model()

    def watch(self, probe: Probe) -> Probe:
        """A probe that notes each point before the given one is called."""

        def noted(point: str) -> None:
            self._reached(point)
            probe(point)

        return noted

    def silent_for(self) -> float:
        """Seconds since the loop last moved on."""
        return self._clock.time() - self._turned

    @property
    def live(self) -> bool:
        """Whether the loop moves on."""
        return self.silent_for() < self._patience

    def cycle(self, partitions: Partitions, batches: Sequence[Batch]) -> None:
        """Note a cycle that went well."""
        metrics, unix = self.metrics, self._clock.unix()
        self._turned = self._clock.time()
        metrics.last_cycle.set(unix)
        if partitions.group != self._group:
            self._group = partitions.group
            metrics.rebalances.inc()
        if batches:
            metrics.last_commit.set(unix)
            self._count(batches)
        metrics.waiting.set(partitions.waiting)
        self._show(list(partitions), unix)
        if self._turned - self._looked >= _MEMORY_EVERY:
            self._looked = self._turned
            if (memory := self._store.memory()) is not None:
                metrics.redis_memory.set(memory[0])
                metrics.redis_limit.set(memory[1])
        troubles: tuple[str, ...] = (
            () if partitions.settled else ("the group has given it partitions that are not taken over yet",)
        )
        if self._group is None:
            troubles = Condition().troubles
        self.condition = Condition(troubles, self._shown)

    def failed(self, error: EddylineError) -> None:
        """Note that the worker starts over."""
        self._turned = self._clock.time()
        self.metrics.starts_over.labels(type(error).__name__).inc()
        self.condition = Condition((f"it starts over: {error}",), ())

    def _reached(self, point: str) -> None:
        now = time.perf_counter()
        self._turned = self._clock.time()
        phase, begin = _PHASES.get(point, ("", ""))
        if phase and self._last == begin:
            self.metrics.phases.labels(phase).observe(now - self._since)
        if phase or point == "polled":
            self._last, self._since = point, now
        if point == "acquired":
            self._takeover = now
        elif point == "taken":
            self.metrics.takeovers.observe(now - self._takeover)

    def _count(self, batches: Iterable[Batch]) -> None:
        metrics = self.metrics
        for batch in batches:
            metrics.records.inc(batch.records)
            metrics.duplicates.inc(batch.duplicates)
            if batch.newest is not None:
                self._newest[batch.owned.partition] = batch.newest
            for kind, count in Counter(map(type, batch.updates)).items():
                metrics.updates.labels(kind.__name__).inc(count)
            for code, count in Counter(letter.code for letter in batch.letters).items():
                metrics.dead_letters.labels(code).inc(count)

    def _show(self, owned: Sequence[Owned], unix: float) -> None:
        metrics = self.metrics
        mine = tuple(one.partition for one in owned)
        for gone in set(self._shown) - set(mine):
            for gauge in metrics.of_partitions:
                gauge.remove(str(gone))
        self._shown = mine
        metrics.partitions.set(len(mine))
        for one in owned:
            label, engine = str(one.partition), one.engine
            lag = max(0, (self._source.end(one.partition) or 0) - engine.watermark)
            newest = self._newest.get(one.partition)
            metrics.lag_records.labels(label).set(lag)
            metrics.lag_seconds.labels(label).set(max(0.0, unix - newest / 1000) if lag and newest is not None else 0)
            metrics.event_time.labels(label).set(engine.clock / 1000)
            metrics.model_version.labels(label).set(engine.model.version)
            age = max(0, engine.clock - engine.model.clock) if engine.model.version else 0
            metrics.model_age.labels(label).set(age / 1000)
            if engine.model.version > self._model.version:
                self._segments(engine.model)

    def _segments(self, model: Model) -> None:
        self._model = model
        metrics, segments = self.metrics, model.segments
        metrics.segments.clear()
        metrics.segment_customers.clear()
        if segments is not None:
            for place, named in enumerate(zip(segments.ids, segments.names, strict=True)):
                metrics.segments.labels(*named).set(segments.shares[place])
                metrics.segment_customers.labels(*named).set(segments.sizes[place])
