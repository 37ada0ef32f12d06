"""What has to be done when the events topic was given more partitions, and whether it can be done.

What is exact: each record is applied once, and all of a customer's in the order in which they were written, where

- the new count is a multiple of the old one. Old partitions then hold records of their own customers only, whenever a
  producer came to know of the growth, so they are applied to their end;
- otherwise, where no record that was written by the old count lies behind one written by the new. Each old partition is
  applied up to the first record by the new count. Where that is not so the migration is refused.

Records that a producer writes by the old count after the migration begin a second profile in the old partition:
producers must have noticed the growth before (Kafka's clients look every five minutes).
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from consumers.source import LogReader
from producers.partitioner import partition_of
from producers.topics import Topics
from stream.errors import InputError, Mismatch
from stream.records import Record, TopicPartition
from stream.store.base import StateStore
from stream.store.transplant import dumped


class Growth(NamedTuple):
    """What is to be done.

    Attributes
    ----------
    before, now
        Partitions that the state is of, and that the topic has.
    limits
        Old partition -> offset up to which its records are applied by the old count.
    waiting
        Old partition -> offsets up to there that are not in its state yet.
    moves
        (from, to) -> customers that move.
    """

    before: int
    now: int
    limits: dict[int, int]
    waiting: dict[int, int]
    moves: dict[tuple[int, int], int]


def plan(
    store: StateStore, reader: LogReader, topics: Topics, deployment: str, partitions: int | None = None
) -> Growth | None:
    """What a migration has to do; None where state and topic have the same count.

    Parameters
    ----------
    store, reader, topics, deployment
        The deployment.
    partitions
        As if the topic had so many; by default as it has.

    Raises
    ------
    InputError
        When there is no state, or the topic has fewer partitions than before.
    Mismatch
        When customers are not where their keys lead, or new partitions have been worked on.
    """
    claim, now = store.claimed(), partitions or reader.partitions(topics.events)
    if claim is None:
        raise InputError("nothing is stored, so there is nothing to migrate: just run a worker")
    if claim.deployment != deployment:
        raise Mismatch(f"the store holds the state of deployment {claim.deployment!r}, and this is {deployment!r}")
    before = claim.partitions
    if now == before:
        return None
    if now < before:
        raise InputError(
            f"topic {topics.events!r} has {now} partitions, and the state is of {before}: a topic that was made anew "
            "needs a new key prefix (redis.prefix)"
        )
    for partition in range(before, now):
        if (store.position(partition) or (0, 0))[0]:
            raise Mismatch(f"partition {partition} has been worked on since the topic grew: restore a snapshot first")
    limits = {partition: _limit(store, reader, topics, partition, before, now) for partition in range(before)}
    waiting = {one: max(0, limit - (store.position(one) or (0, 0))[0]) for one, limit in limits.items()}
    return Growth(before, now, limits, waiting, moves(store, before, now))


def moves(store: StateStore, before: int, now: int) -> dict[tuple[int, int], int]:
    """(from, to) -> customers that move.

    Raises
    ------
    Mismatch
        When customers are in other partitions than Kafka's default partitioner gives.
    """
    found: Counter[tuple[int, int]] = Counter()
    for partition in range(before):
        dump = dumped(store, partition)
        for customer, _ in () if dump is None else dump.profiles:
            key = customer.encode()
            if partition_of(key, before) != partition:
                raise Mismatch(
                    f"partition {partition} holds a customer whose key leads to partition {partition_of(key, before)}: "
                    "the producers use another partitioner than Kafka's default (murmur2 of the key), so that where "
                    "customers have moved is not known"
                )
            found[partition, partition_of(key, now)] += 1
    return {(old, new): count for (old, new), count in sorted(found.items()) if old != new}


def _limit(store: StateStore, reader: LogReader, topics: Topics, partition: int, before: int, now: int) -> int:
    """Offset up to which a partition's records were written by the old count."""
    at = TopicPartition(topics.events, partition)
    first, end = reader.bounds(at)
    if now % before == 0:
        return end
    start = max(first, (store.position(partition) or (0, 0))[0])
    limit = None
    for record in reader.read(at, start, end):
        if limit is None and _leads(record, before) != partition:
            limit = record.offset
        if limit is not None and _leads(record, now) != partition:
            raise Mismatch(
                f"partition {partition}: the record at offset {record.offset} was written by the old count, and the "
                f"one at {limit} before it by the new, so their order cannot be kept: grow the topic to a multiple of "
                f"{before}"
            )
    return end if limit is None else limit


def _leads(record: Record, count: int) -> int:
    """Partition that a record's key leads to; its own where it has none."""
    return record.partition if record.key is None else partition_of(record.key, count)
