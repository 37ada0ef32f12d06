"""The commit: state first, with all that is still to be published; then the topics, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from consumers.batch import Batch
from consumers.outbox import Outbox
from consumers.probe import Probe
from producers.sink import TransactionalSink
from producers.topics import Topics
from stream.records import TopicPartition
from stream.store.base import StateStore


def commit(
    batches: Sequence[Batch], store: StateStore, sink: TransactionalSink, group: Any, topics: Topics, probe: Probe
) -> None:
    """Store and publish the batches of one cycle.

    Each partition's state and outbox are written in one atomic step, guarded by its epoch. Then one transaction
    takes all outputs, decisions and offsets. Whatever dies in between, `consumers.recovery` finds in the outbox.

    Parameters
    ----------
    batches
        At most one of each partition.
    group
        From `Source.group_metadata`, taken right after the poll that brought the records.

    Raises
    ------
    Fenced
        When a partition has another owner; its state was not written, and nothing is published.
    Aborted
        When the transaction or the membership was lost; nothing was published.
    Unreachable
        When a server does not answer: what was written is not known.
    """
    probe("applied")
    for batch in batches:
        store.commit(batch.owned.partition, batch.owned.epoch, batch.delta, batch.outbox.pack())
        probe("written")
    probe("stored")
    publish({batch.owned.partition: batch.outbox for batch in batches}, sink, group, topics, probe)
    probe("committed")


def publish(outboxes: dict[int, Outbox], sink: TransactionalSink, group: Any, topics: Topics, probe: Probe) -> None:
    """Send outboxes and the positions that they end at, in one transaction.

    The number of journal records goes with the offset as its note, so that a position is committed as one.
    """
    ends = {TopicPartition(topics.events, partition): outbox.end for partition, outbox in outboxes.items()}
    sink.begin()
    probe("begun")
    for outbox in outboxes.values():
        sink.send(outbox.records)
    probe("sent")
    offsets = {at: end.offset for at, end in ends.items()}
    sink.send_offsets(offsets, group, {at: str(end.number) for at, end in ends.items()})
    probe("offsets")
    sink.commit()
