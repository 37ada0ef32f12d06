"""Sending at a plan's rates, reading what comes out, and comparing the two."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from statistics import median, quantiles
from subprocess import Popen
from threading import Event, Thread
from typing import Any, NamedTuple

import msgpack
from endless import resident, shop
from kafka import TopicPartition as KafkaPartition

from consumers.kafka import KafkaReader, open_consumer
from producers.kafka import KafkaSink
from producers.kafka_client import KafkaSettings
from producers.pace import send
from producers.topics import Topics
from stream.records import Outgoing, TopicPartition
from stream.store.redis import RedisStore

_PROBE = b"probe "
_EVERY = 0.05  # seconds between two probes at the normal rate
_STEP = 1_000  # ms of event time from one event to the next
_PATIENCE = 300.0
_CALM = 3  # seconds in a row that are as before


class Plan(NamedTuple):
    """Events a second, how many times as many in the burst, and seconds of each phase."""

    rate: float
    times: float
    before: float
    burst: float
    after: float


class Reader(Thread):
    """Reads dead letters as they are committed; when each was read, and all their probes' numbers."""

    def __init__(self, settings: KafkaSettings, topic: str, partitions: int) -> None:
        super().__init__(daemon=True)
        self.seen: dict[int, float] = {}
        self.read: Counter[int] = Counter()
        self.done = Event()
        self._consumer = open_consumer(settings, group_id=None)
        self._consumer.assign([KafkaPartition(topic, partition) for partition in range(partitions)])

    def run(self) -> None:
        while not self.done.is_set():
            for records in self._consumer.poll(timeout_ms=50).values():
                now = time.monotonic()
                for record in records:
                    number = int(record.value.removeprefix(_PROBE))
                    self.seen.setdefault(number, now)
                    self.read[number] += 1
        self._consumer.close(autocommit=False)


def measure(plan: Plan, kafka: str, redis: str, prefix: str, worker: Popen[bytes], partitions: int) -> dict[str, Any]:
    """Send, read, and count; see `benchmarks/overload.py`."""
    settings, topics = KafkaSettings(bootstrap_servers=kafka), Topics(prefix=prefix)
    reader, due, sent, memory = Reader(settings, topics.dead_letters, partitions), {}, Counter[int](), {}
    reader.start()
    sink = KafkaSink(settings)
    _warm_up(sink, topics, reader, worker)
    began = time.monotonic()

    def load(events: Iterator[Outgoing], rate: float) -> Iterator[Outgoing]:
        every = max(10, round(plan.rate * _EVERY))  # few enough for a worker to go on
        for place, event in enumerate(events):
            now = time.monotonic()
            sent[int(now - began)] += 1
            memory[int(now - began)] = (
                resident(worker.pid) if int(now - began) not in memory else memory[int(now - began)]
            )
            if place % every == 0:
                number = len(due)
                due[number] = now
                yield Outgoing(topics.events, b"p%d" % number, _PROBE + b"%d" % number)
            else:
                yield event._replace(topic=topics.events)

    # Event time ends where the brokers' clock is, so that nothing is in the future.
    total = round(plan.rate * (plan.before + plan.times * plan.burst + plan.after))
    events = shop(start=int(time.time() * 1000) - (total + 1) * _STEP, step=_STEP)
    ends, counted = [], 0
    for rate, seconds in (
        (plan.rate, plan.before),
        (plan.times * plan.rate, plan.burst),
        (plan.rate, plan.after),
    ):
        counted += send(load(islice(events, round(rate * seconds)), rate), sink, rate=rate)
        ends.append(time.monotonic() - began)
    deadline = time.monotonic() + _PATIENCE
    while len(reader.seen) < len(due) + 1 and time.monotonic() < deadline:
        _look_after(worker)
        time.sleep(0.1)
    time.sleep(1.0)  # for what is doubled to come
    reader.done.set()
    reader.join()
    sink.close()
    latencies: dict[int, list[float]] = {}
    for number, at in due.items():
        if number in reader.seen:
            latencies.setdefault(int(at - began), []).append(1e3 * (reader.seen[number] - at))
    applied, doubled = _results(settings, topics, redis, partitions)
    normal = quantiles([one for second in range(int(ends[0])) for one in latencies.get(second, [])], n=20)[-1]
    calm = max(size for second, size in memory.items() if second < ends[0])
    return {
        "events": counted,
        "normal": normal,
        "recovery": _recovery(latencies, ends[1], normal),
        "lost": counted + 1 - applied + len(due.keys() - reader.seen.keys()),
        "doubled": doubled + sum(count - 1 for count in reader.read.values()),
        "calm": calm,
        "largest": max(memory.values()),
        "rows": [
            {
                "second": second,
                "phase": ("before", "burst", "after")[sum(second >= int(end) for end in ends[:2])],
                "sent": sent[second],
                "p50": median(latencies[second]) if second in latencies else None,
                "largest": max(latencies[second]) if second in latencies else None,
                "mib": memory[second],
            }
            for second in sorted(memory)
        ],
    }


def _warm_up(sink: KafkaSink, topics: Topics, reader: Reader, worker: Popen[bytes]) -> None:
    """Wait until the worker has taken its partitions: a first probe, numbered -1."""
    sink.send([Outgoing(topics.events, b"first", _PROBE + b"-1")])
    sink.flush()
    deadline = time.monotonic() + _PATIENCE
    while -1 not in reader.seen:
        _look_after(worker)
        if time.monotonic() > deadline:
            raise SystemExit("the worker publishes nothing")
        time.sleep(0.05)


def _look_after(worker: Popen[bytes]) -> None:
    if worker.poll() is not None:
        raise SystemExit(f"the worker has ended with exit code {worker.returncode}")


def _recovery(latencies: dict[int, list[float]], end: float, normal: float) -> float | None:
    """Seconds from the end of the burst to the first of some in a row whose median is as before; None: never."""
    calm = 0
    for second in range(int(end), max(latencies, default=0) + 1):
        calm = calm + 1 if second in latencies and median(latencies[second]) <= normal else 0
        if calm == _CALM:
            return max(0.0, second - _CALM + 1 - end)
    return None


def _results(settings: KafkaSettings, topics: Topics, redis: str, partitions: int) -> tuple[int, int]:
    """Records that are in the state, and results that are in their topics more than once."""
    store = RedisStore(redis, topics.events)
    positions = [store.scalar(partition, "position") for partition in range(partitions)]
    applied = sum(msgpack.unpackb(packed)[1] for packed in positions if packed is not None)
    store.close()
    log, ids = KafkaReader(settings), Counter[bytes]()
    for topic in (topics.segment_changes, topics.propensity_scores, topics.recommendations, topics.dead_letters):
        for partition in range(log.partitions(topic)):
            at = TopicPartition(topic, partition)
            for record in log.read(at, *log.bounds(at)):
                headers = dict(record.headers)
                ids[headers.get("ce_id") or headers["eddyline-id"]] += 1
    log.close()
    return applied, sum(count - 1 for count in ids.values())
