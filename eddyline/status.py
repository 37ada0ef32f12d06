"""How a deployment is: read from Kafka and Redis, with or without workers; nothing is joined or written."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any

import msgpack

from consumers.kafka import KafkaReader
from consumers.kafka_overview import Group, KafkaOverview, Member
from eddyline.connected import open_store
from eddyline.settings import Settings
from producers.topics import Topics
from stream.evaluate.tally import Tally
from stream.model import Model
from stream.records import TopicPartition
from stream.store.base import StateStore
from stream.updates import to_iso

_PUBLISHED = (
    "journal",
    "segment_changes",
    "propensity_scores",
    "recommendations",
    "recommendation_replies",
    "dead_letters",
)


@dataclass(frozen=True)
class PartitionStatus:
    """One partition.

    Attributes
    ----------
    owner, host
        The member that has it now, and where it runs; None: nobody.
    lag, delay
        Records that are not committed yet, and for how many seconds the oldest of them has waited, by its timestamp.
    offset, journal
        What the log has: the committed offset, and the journal records noted with it (None: an offset set by hand).
    watermark, number
        What the state has: the next offset to apply, and the journal records applied.
    epoch
        Raised by each new owner.
    clock
        Event time (ms) of the partition; 0 before the first event.
    model
        Version of the adopted model.
    last_commit
        When something of the partition was last published (ms since 1970); None: never.
    dead_letters
        Records that were no events, since the start.
    """

    partition: int
    owner: str | None
    host: str | None
    lag: int
    delay: float
    offset: int
    journal: int | None
    watermark: int
    number: int
    epoch: int
    clock: int
    model: int
    last_commit: int | None
    dead_letters: int

    @property
    def agrees(self) -> bool:
        """Whether state and log are at one position."""
        return self.offset == self.watermark and self.journal in (None, self.number)


@dataclass(frozen=True)
class SegmentSize:
    """A segment in the newest model: its customers in the sample, and their share of it."""

    id: str
    name: str
    sample: int
    share: float


@dataclass(frozen=True)
class Status:
    """A deployment at one moment (`at`, ms since 1970).

    Attributes
    ----------
    group_state
        As Kafka calls it: Stable, PreparingRebalance, CompletingRebalance, Empty or Dead.
    workers
        Members of the group.
    model, model_age
        Version of the newest model, and the event time in seconds that has passed since it was learnt.
    segments
        Of that model, the largest first.
    redis_memory
        Bytes in use, and the limit (0: none); None where Redis does not say.
    """

    at: int
    deployment: str
    group: str
    group_state: str
    workers: int
    partitions: tuple[PartitionStatus, ...]
    model: int
    model_age: float | None
    segments: tuple[SegmentSize, ...]
    redis_memory: tuple[int, int] | None

    def to_dict(self) -> dict[str, Any]:
        """For JSON: times as ISO-8601."""
        document = asdict(self) | {"at": to_iso(self.at)}
        document["partitions"] = [
            asdict(one)
            | {"delay": round(one.delay, 3), "agrees": one.agrees}
            | {"clock": to_iso(one.clock) if one.clock else None}
            | {"last_commit": None if one.last_commit is None else to_iso(one.last_commit)}
            for one in self.partitions
        ]
        return document


class StatusReader:
    """Looks at a deployment, again and again over the same connections; a context manager.

    Raises
    ------
    Unreachable, MissingTopic
        When a server does not answer, or there is no events topic.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = ExitStack()

    def __enter__(self) -> StatusReader:
        with ExitStack() as stack:
            self._overview = stack.enter_context(closing(KafkaOverview(self._settings.kafka)))
            reader = stack.enter_context(closing(KafkaReader(self._settings.kafka)))
            self._count = reader.partitions(self._settings.topics.events)
            self._store: StateStore = stack.enter_context(closing(open_store(self._settings)))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def look(self) -> Status:
        """The deployment now."""
        settings, overview, topic = self._settings, self._overview, self._settings.topics.events
        numbers = range(self._count)
        committed = overview.committed(settings.group, topic)  # before the state, which is written first
        ends = overview.ends(TopicPartition(topic, number) for number in numbers)
        group = overview.group(settings.group, topic)
        now = time.time()
        behind = {
            at: committed.get(at.partition, (0, ""))[0]
            for at, end in ends.items()
            if end > committed.get(at.partition, (0, ""))[0]
        }
        waiting = overview.waiting_since(behind) if behind else {}
        published = _published(overview, settings.topics, self._count)
        partitions = tuple(
            self._partition(
                number,
                group,
                committed.get(number, (0, "0")),
                ends[TopicPartition(topic, number)],
                max(0.0, now - found / 1000) if (found := waiting.get(TopicPartition(topic, number))) else None,
                published.get(number),
            )
            for number in numbers
        )
        packed = self._store.shared("model")
        model = Model() if packed is None else Model.unpack(packed)
        clock = max((one.clock for one in partitions), default=0)
        return Status(
            at=round(now * 1000),
            deployment=settings.deployment,
            group=settings.group,
            group_state=group.state,
            workers=len(group.members),
            partitions=partitions,
            model=model.version,
            model_age=max(0, clock - model.clock) / 1000 if model.version else None,
            segments=_segments(model),
            redis_memory=self._store.memory(),
        )

    def _partition(
        self,
        number: int,
        group: Group,
        committed: tuple[int, str],
        end: int,
        delay: float | None,
        published: int | None,
    ) -> PartitionStatus:
        owner = _owner(group, number)
        watermark, journal = self._store.position(number) or (0, 0)
        scalars = {name: self._store.scalar(number, name) for name in ("position", "tally", "model-version")}
        clock = msgpack.unpackb(scalars["position"])[0] if scalars["position"] else 0
        return PartitionStatus(
            partition=number,
            owner=None if owner is None else owner.name,
            host=None if owner is None else owner.host,
            # Without a record, what is between the two are a transaction's control markers.
            lag=0 if delay is None else end - committed[0],
            delay=delay or 0.0,
            offset=committed[0],
            journal=int(committed[1]) if committed[1].isdigit() else None,
            watermark=watermark,
            number=journal,
            epoch=self._store.epoch(number),
            clock=clock,
            model=self._version(number, scalars["model-version"]),
            last_commit=published,
            dead_letters=Tally.unpack(scalars["tally"]).rejected if scalars["tally"] else 0,
        )

    def _version(self, partition: int, noted: bytes | None) -> int:
        """Version of the adopted model; a state that an earlier release wrote has not noted it beside the model."""
        if noted is not None:
            return int(msgpack.unpackb(noted))
        packed = self._store.scalar(partition, "model")
        return Model.unpack(packed).version if packed else 0


def _owner(group: Group, partition: int) -> Member | None:
    return next((member for member in group.members if partition in member.partitions), None)


def _published(overview: KafkaOverview, topics: Topics, count: int) -> Mapping[int, int]:
    """Partition -> when something of it was last published (ms): what a partition publishes has its number too."""
    asked = [TopicPartition(getattr(topics, field), number) for field in _PUBLISHED for number in range(count)]
    newest: dict[int, int] = {}
    for at, timestamp in overview.newest(asked).items():
        newest[at.partition] = max(timestamp, newest.get(at.partition, 0))
    return newest


def _segments(model: Model) -> tuple[SegmentSize, ...]:
    segments = model.segments
    if segments is None:
        return ()
    rows = zip(segments.ids, segments.names, segments.sizes, segments.shares, strict=True)
    sizes = [SegmentSize(id_, name, int(size), round(float(share), 6)) for id_, name, size, share in rows]
    return tuple(sorted(sizes, key=lambda one: (-one.sample, one.id)))
