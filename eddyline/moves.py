"""Every segment change that is still in its topic, read-committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from consumers.kafka import KafkaReader
from eddyline.settings import Settings
from stream.records import TopicPartition
from stream.segments.flows import Move, as_move
from stream.updates import SegmentChanged


def read_moves(settings: Settings, names: dict[str, str] | None = None) -> Iterator[Move]:
    """Moves of all customers, partition after partition: each customer's in order.

    Segments' ids and names as the changes know them are added to `names`.
    """
    topic = settings.topics.segment_changes
    with closing(KafkaReader(settings.kafka)) as reader:
        for partition in range(reader.partitions(topic)):
            at = TopicPartition(topic, partition)
            for record in reader.read(at, *reader.bounds(at)):
                if record.value is None:
                    continue
                change = SegmentChanged.model_validate_json(record.value)
                if names is not None:
                    names[change.to.id] = change.to.name
                yield as_move(change)
