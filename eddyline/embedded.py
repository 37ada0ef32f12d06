"""The whole product in one process, for a machine with neither Kafka nor Redis.

The same worker, on the in-process log and on a Redis server that comes in a wheel. One thread does everything in turn,
and no clock is read, so that the same events give the same state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain, islice

from consumers.clock import ManualClock
from consumers.garbage import Garbage
from consumers.memory import MemoryReader, MemorySource
from consumers.settings import WorkerSettings
from consumers.worker import Worker
from eddyline.summary import Summary, summarise
from producers.items import broadcast
from producers.memory import MemoryBroker
from producers.memory_sink import MemorySink, MemoryTransactionalSink
from producers.topics import CHANNELS, Topics
from stream.config import EngineConfig
from stream.engine import Engine
from stream.errors import DeploymentError
from stream.propensity.labels import Resolved
from stream.records import Outgoing, Record, TopicPartition
from stream.segments.flows import FlowCount, as_move
from stream.segments.history import History
from stream.store.base import StateStore
from stream.store.memory import MemoryStore
from stream.updates import SegmentCard, SegmentChanged, SegmentsRevised

CHUNK = 5_000
"""Events in the log at once: what has been read by all is forgotten."""

_GROUP = "embedded"
_SETTINGS = WorkerSettings(batch=20_000, poll=0, tick_every=None, look_every=0)


class Embedded:
    """One worker that owns all partitions, and the log it reads.

    Parameters
    ----------
    config
        Engine settings.
    store
        Where the state is kept.
    partitions
        Of the events.

    Attributes
    ----------
    events
        Records processed so far.
    cards
        Segments of the latest revision.
    moves
        Of the segment changes of the latest chunk the two newest of each cause, the newest last.
    flows
        Counts all segment changes.
    history
        The lives of the segments.
    """

    def __init__(self, config: EngineConfig, store: StateStore, *, partitions: int = 4) -> None:
        self.events = 0
        self.cards: tuple[SegmentCard, ...] = ()
        self.moves: tuple[SegmentChanged, ...] = ()
        self.flows = FlowCount()
        self.history = History()
        self._config = config
        self._partitions = partitions
        self._topics = Topics()
        self._broker = MemoryBroker(clock=lambda: 0)
        for channel in CHANNELS:
            self._broker.create(getattr(self._topics, channel.field), channel.partitions or partitions)
        self._sink = MemorySink(self._broker)
        self._worker = Worker(
            config,
            self._topics,
            MemorySource(self._broker, _GROUP),
            MemoryTransactionalSink(self._broker, _GROUP),
            MemoryReader(self._broker),
            store,
            clock=ManualClock(),
            settings=_SETTINGS,
        )

    def process(
        self, records: Iterable[Outgoing], *, chunk: int = CHUNK, watch: Callable[[Embedded], None] | None = None
    ) -> None:
        """Put events into the log and work until nothing is left to do.

        Parameters
        ----------
        records
            Events, in the order in which they arrive; read lazily. Those of the catalogue go to each partition.
        chunk
            Events at once; it decides how partitions interleave, and so which customers a model is learnt from.
        watch
            Called after each chunk.
        """
        source = iter(records)
        with Garbage():
            while batch := list(islice(source, chunk)):
                addressed = (record._replace(topic=self._topics.events) for record in batch)
                self._sink.send(broadcast(addressed, self._partitions))
                self.events += self._worker.drain()
                self._look()
                self._trim()
                if watch is not None:
                    watch(self)

    def observe(self, watch: Callable[[Resolved], None]) -> None:
        """Have `watch` told of each example of the targets when its label is known, before it is learnt."""
        self._worker.drain()  # engines are there from the first assignment on
        for engine in self.engines:
            engine.scorer.observe(watch)

    @property
    def held(self) -> int:
        """Records in the log now."""
        bounds = [
            self._broker.bounds(TopicPartition(topic, partition))
            for topic, partitions in self._broker.topics().items()
            for partition in range(partitions)
        ]
        return sum(end - first for first, end in bounds)

    @property
    def engines(self) -> list[Engine]:
        """The partitions' engines, to read from."""
        return [engine for _, engine in sorted(self._worker.engines.items())]

    def summary(self, seconds: float) -> Summary:
        """What has come of it."""
        return summarise(self._worker.engines, self._worker.totals, self.cards, self.flows.flows, self.events, seconds)

    def segment_of(self) -> dict[str, str]:
        """Customer -> id of the present segment; "" for those who have none yet."""
        return {
            profile.customer: profile.segment
            for engine in self._worker.engines.values()
            for profile in engine.customers
        }

    def _look(self) -> None:
        """Read the new moves and revisions, before they are forgotten."""
        for record in self._new(self._topics.segments):
            revision = SegmentsRevised.model_validate_json(record.value or b"")
            self.history.follow(revision)
            self.cards = revision.segments
        changes = [SegmentChanged.model_validate_json(r.value or b"") for r in self._new(self._topics.segment_changes)]
        for change in changes:
            self.flows.add(as_move(change))
        changes.sort(key=lambda change: change.occurred_at)
        kinds = [[one for one in changes if one.cause.kind == kind][-2:] for kind in ("event", "time", "model")]
        self.moves = tuple(sorted(chain(*kinds), key=lambda change: change.occurred_at))

    def _new(self, topic: str) -> list[Record]:
        """What has not been forgotten, partition after partition."""
        found: list[Record] = []
        for partition in range(self._broker.partitions(topic)):
            first, end = self._broker.bounds(TopicPartition(topic, partition))
            found += self._broker.read(TopicPartition(topic, partition), first, end, end - first)[0]
        return found

    def _trim(self) -> None:
        """Forget all that is in the log: it has been read."""
        for topic, partitions in self._broker.topics().items():
            for partition in range(partitions):
                self._broker.trim(topic, partition, self._broker.bounds(TopicPartition(topic, partition))[1])


@contextmanager
def embedded(
    config: EngineConfig, *, partitions: int = 4, warn: Callable[[str], None] = lambda sentence: None
) -> Iterator[Embedded]:
    """The product on servers of its own, which end with the block.

    Parameters
    ----------
    config
        Engine settings.
    partitions
        Of the events.
    warn
        Told in a sentence when the Redis server cannot run here and the state is kept in memory instead.
    """
    with ExitStack() as stack:
        yield Embedded(config, _store(stack, warn), partitions=partitions)


def _store(stack: ExitStack, warn: Callable[[str], None]) -> StateStore:
    from stream.store.embedded import embedded_redis
    from stream.store.redis import RedisStore

    try:
        url = stack.enter_context(embedded_redis())
    except DeploymentError as error:
        warn(f"State is kept in memory instead of Redis. {error}")
        return MemoryStore()
    store = RedisStore(url, Topics().events)
    stack.callback(store.close)
    return store
