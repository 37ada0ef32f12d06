"""All metrics of a worker, each defined and documented here and nowhere else.

They are set once a cycle by `consumers.monitor`, never for each event. Labels are partitions, kinds of updates, reasons
and segments: their number does not grow with customers. What is of the deployment and not of one worker (the segments,
the server's memory) every worker tells the same: take `max by (...)` of it, and not the sum.
"""

from __future__ import annotations

from typing import NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

disable_created_metrics()  # else each series has another one that says when it began

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Of what `Metrics.text` returns."""

PHASES = ("apply", "store", "send", "transaction", "cache")
"""Phases of a cycle, in their order: fold in memory, state to Redis, outputs to the producer, Kafka's commit,
and, of the owner of partition 0, items of the cache brought up to date."""

_COMMIT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_CACHE = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_TAKEOVER = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0)


class Described(NamedTuple):
    """A metric as a reader of docs or a writer of alerts knows it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


class Metrics:
    """Metrics of one worker in a registry of their own, beside the process's usual ones (`process_…`).

    >>> metrics = Metrics()
    >>> metrics.updates.labels("SegmentChanged").inc(3)
    >>> b'eddyline_updates_total{kind="SegmentChanged"} 3.0' in metrics.text()
    True
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._described: list[Described] = []

        # What came in and went out; counted when it is committed.
        self.records = self._counter("records", "Records of the events topic, dead letters and duplicates among them")
        self.updates = self._counter("updates", "Updates published, by the name of their class", "kind")
        self.dead_letters = self._counter("dead_letters", "Records that were no events, by reason", "reason")
        self.duplicates = self._counter("duplicates", "Events whose message id was seen before: they changed nothing")

        # How far behind; 0 when all is done.
        self.lag_records = self._gauge("lag_records", "Records in the log that are not applied yet", "partition")
        self.lag_seconds = self._gauge(
            "lag_seconds",
            "Age of the newest record applied, by its own timestamp, while there are others after it",
            "partition",
        )
        self.waiting = self._gauge("waiting_records", "Records that were read and not applied yet")
        self.event_time = self._gauge("event_time_seconds", "A partition's clock: event time, Unix", "partition")

        # How the work goes.
        self.phases = self._histogram(
            "commit_seconds", f"How long a cycle's phases take: {', '.join(PHASES)}", _COMMIT, "phase"
        )
        self.takeovers = self._histogram("takeover_seconds", "How long it takes to take a partition over", _TAKEOVER)
        self.rebalances = self._counter("rebalances", "New generations of the group that this worker has seen")
        self.starts_over = self._counter("starts_over", "Times the worker began again from the last commit", "cause")
        self.partitions = self._gauge("partitions", "Partitions that this worker owns")
        self.topic_partitions = self._gauge("topic_partitions", "Partitions of the events topic")
        self.last_cycle = self._gauge("last_cycle_timestamp_seconds", "When the loop last turned, Unix time")
        self.last_commit = self._gauge("last_commit_timestamp_seconds", "When a batch was last committed, Unix time")

        # Models and segments.
        self.model_version = self._gauge("model_version", "Version of the adopted model; 0: none yet", "partition")
        self.model_age = self._gauge(
            "model_age_seconds", "Event time since the adopted model was learnt; 0: none yet", "partition"
        )
        self.segments = self._gauge(
            "segment_share", "Share of the sampled customers in a segment, as of the newest model", "segment", "name"
        )
        self.segment_customers = self._gauge(
            "segment_sample_customers", "Sampled customers in a segment, as of the newest model", "segment", "name"
        )

        # The cache of nearest and popular items; told by the owner of partition 0 alone.
        self.cache_age = self._gauge(
            "cache_age_seconds", "How long the item that waits longest has been out of date in the cache; 0: none is"
        )
        self.cache_waiting = self._gauge("cache_waiting_items", "Items that are out of date in the cache")
        self.cache_seconds = self._histogram(
            "cache_seconds", "How long items were out of date in the cache, after their counts were committed", _CACHE
        )

        self.of_partitions = (self.lag_records, self.lag_seconds, self.event_time, self.model_version, self.model_age)

        # The store.
        self.redis_memory = self._gauge("redis_memory_bytes", "Memory that Redis uses, for whomever")
        self.redis_limit = self._gauge("redis_memory_limit_bytes", "Redis's maxmemory; 0: no limit")

    def text(self) -> bytes:
        """All metrics in Prometheus's text format."""
        return generate_latest(self.registry)

    def describe(self) -> list[Described]:
        """All metrics of our own, in their order, by the names that Prometheus stores."""
        return list(self._described)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        self._note(f"{name}_total", "counter", meaning, labels)
        return Counter(f"eddyline_{name}", meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        self._note(name, "gauge", meaning, labels)
        return Gauge(f"eddyline_{name}", meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        self._note(name, "histogram", meaning, labels)
        return Histogram(f"eddyline_{name}", meaning, labels, buckets=buckets, registry=self.registry)

    def _note(self, name: str, kind: str, meaning: str, labels: tuple[str, ...]) -> None:
        self._described.append(Described(f"eddyline_{name}", kind, labels, meaning))
