"""Transactions that are over in Kafka's books and open in its logs, and how they are ended there too.

A broker that stops at the wrong moment may note a transaction as committed or aborted and never write the markers that
say so to the partitions. Kafka itself never mends that: the group's offsets in the transaction stay unknown, and
readers of committed records see nothing that was written after it. The way to find them is that of Kafka's own tool
(KIP-664): a transaction that is open on a partition before and after the coordinator has said that it is over *hangs*.

An empty transaction of the same transactional id on the same partitions ends it, as `EndBeginTxnUnsafe` of franz-go
does: a marker counts for a producer, whichever of its transactions it was written for. Kafka's tool needs the right to
alter the cluster, and can only abort. The outcome must be the noted one. Where some of the markers were written,
readers have seen it: after an abort of what was committed the next owner would publish the batch again, and after a
commit of what was aborted it would never be published.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from kafka import KafkaAdminClient
from kafka import TopicPartition as KafkaPartition
from kafka.admin import ACLOperation
from kafka.structs import ConsumerGroupMetadata

from producers.kafka import KafkaTransactionalSink
from producers.kafka_client import KafkaSettings
from stream.records import TopicPartition

OFFSETS = "__consumer_offsets"

_OVER = ("CompleteCommit", "CompleteAbort", "Empty")


class Hanging(NamedTuple):
    """A transaction that hangs.

    Attributes
    ----------
    transactional_id
        Whose it is.
    state
        What the coordinator says of the id: `CompleteCommit` or `CompleteAbort`; `Empty` when it was initialised since.
    places
        Partitions on which it is open, with the producer's id and the offset at which it begins.
    """

    transactional_id: str
    state: str
    places: frozenset[tuple[KafkaPartition, int, int]]


def find(admin: KafkaAdminClient, group: str, outputs: Sequence[str]) -> list[Hanging]:
    """Transactions of a group's workers that hang on the group's offsets or on partitions of `outputs`.

    Topics that the user may not read are left out. Errors of the client come through.
    """
    watched = _watched(admin, group, outputs)
    before = _open(admin, watched)
    if not before:
        return []
    listed = [listed for broker in admin.list_transactions().values() for listed in broker]
    over = {one.producer_id: one for one in listed if one.state in _OVER and _of(group, one.transactional_id)}
    hanging = before & _open(admin, watched) if any(producer in over for _, producer, _ in before) else set()
    return [
        Hanging(one.transactional_id, one.state.value, places)
        for producer, one in sorted(over.items())
        if (places := frozenset(place for place in hanging if place[1] == producer))
    ]


def end(admin: KafkaAdminClient, settings: KafkaSettings, group: str, outputs: Sequence[str], hanging: Hanging) -> None:
    """End a transaction with the outcome that Kafka has noted. It fences whoever writes under the id.

    All partitions that a worker writes are marked, also those that could not be looked at: a marker where nothing is
    open changes nothing.

    Where the id was initialised since, the outcome is no longer noted, and the transaction is aborted. That was its
    outcome if initialising the id has ended it. If it was committed and none of its markers was written, nobody has
    seen anything of it, and the next owner publishes the batch from the outbox. Only if it was committed, and some
    markers were written and others not, a batch is published twice, with the same ids. A commit could lose one.

    Raises
    ------
    Fenced, Aborted, Unreachable
        When it could not be ended.
    """
    topics = admin.describe_topics([*outputs])
    sink = KafkaTransactionalSink(settings, hanging.transactional_id)
    try:
        sink.begin()
        sink.enlist(TopicPartition(*at) for at in _partitions(topics))
        sink.send_offsets({}, ConsumerGroupMetadata(group, -1, "", None))
        if hanging.state == "CompleteCommit":
            sink.commit()
        else:
            sink.abort()
    finally:
        sink.close()


def offsets_partition(group: str, count: int) -> int:
    """Partition of Kafka's topic of offsets that has a group's, of `count`: Java's hash of the name, without its sign.

    >>> offsets_partition("eddyline", 50), offsets_partition("kunden-ü-7", 50)
    (18, 30)
    """
    value = 0
    units = group.encode("utf-16-be")
    for high, low in zip(units[::2], units[1::2], strict=True):
        value = (31 * value + 256 * high + low) & 0xFFFFFFFF
    signed = value - (1 << 32) if value >> 31 else value
    return 0 if signed == -(1 << 31) else abs(signed) % count


def _watched(admin: KafkaAdminClient, group: str, outputs: Sequence[str]) -> list[KafkaPartition]:
    topics = admin.describe_topics([OFFSETS, *outputs])
    readable = _partitions(
        [topic for topic in topics if ACLOperation.READ.name in (topic["authorized_operations"] or ())]
    )
    count = sum(at.topic == OFFSETS for at in readable)
    return [at for at in readable if at.topic != OFFSETS or at.partition == offsets_partition(group, count)]


def _partitions(topics: Collection[dict[str, Any]]) -> list[KafkaPartition]:
    return [KafkaPartition(topic["name"], each["partition_index"]) for topic in topics for each in topic["partitions"]]


def _open(admin: KafkaAdminClient, watched: Sequence[KafkaPartition]) -> set[tuple[KafkaPartition, int, int]]:
    described = admin.describe_producers(watched)
    return {
        (at, producer.producer_id, producer.current_transaction_start_offset)
        for at, state in described.items()
        for producer in state.active_producers
        if producer.current_transaction_start_offset >= 0
    }


def _of(group: str, transactional_id: str) -> bool:
    return transactional_id.rpartition(":")[0] == group
