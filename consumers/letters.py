"""Dead letters as they lie on their topic, and which of them were retried.

A retry leaves a mark on the same topic and partition, in the same transaction as the event that it writes: the letter's
key and headers once more, without the body, and with the header `eddyline-retried` that names the letter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from consumers.source import LogReader
from producers.topics import CUT, RETRIED, Topics
from stream.errors import DataError
from stream.records import Outgoing, Record, TopicPartition

TAIL = 100_000
"""Newest records of each partition that are looked at."""


@dataclass(frozen=True)
class Letter:
    """A dead letter without its body.

    Attributes
    ----------
    partition, offset
        Where it is on the dead letters' topic.
    rejected
        When it came there (ms since 1970).
    code, detail
        Why it is no event.
    topic, source_partition, source_offset, timestamp
        Where the record was, and its own timestamp (ms).
    key
        The record's key, as it is: the customer's id, if all is well with it.
    size
        Bytes of the body; -1: there is none.
    cut
        Whether the record was so large that the letter has its beginning only.
    retried
        When it was retried (ms since 1970); None: never.
    """

    partition: int
    offset: int
    rejected: int
    code: str
    detail: str
    topic: str
    source_partition: int
    source_offset: int
    timestamp: int
    key: bytes | None
    size: int
    cut: bool
    retried: int | None = None

    @property
    def name(self) -> str:
        """How commands call it: PARTITION:OFFSET."""
        return f"{self.partition}:{self.offset}"


def letters(reader: LogReader, topics: Topics, partition: int, tail: int = TAIL) -> list[Letter]:
    """The newest letters of a partition, in their order."""
    at = TopicPartition(topics.dead_letters, partition)
    first, end = reader.bounds(at)
    found: dict[int, Letter] = {}
    for record in reader.read(at, max(first, end - tail), end):
        headers = dict(record.headers)
        if RETRIED in headers:
            offset = int(headers[RETRIED].rpartition(b"/")[2])
            if offset in found:
                found[offset] = replace(found[offset], retried=record.timestamp)
        elif "eddyline-code" in headers:
            found[record.offset] = _letter(record, {name: value.decode() for name, value in headers.items()})
    return list(found.values())


def bodies(reader: LogReader, topics: Topics, partition: int, offsets: set[int]) -> Iterator[Record]:
    """Letters with these offsets as records, with their original keys and bodies.

    Raises
    ------
    DataError
        When one of them is no longer there.
    """
    if not offsets:
        return
    at = TopicPartition(topics.dead_letters, partition)
    left = set(offsets)
    for record in reader.read(at, min(offsets), max(offsets) + 1):
        if record.offset in left:
            left.discard(record.offset)
            yield record
    if left:
        raise DataError(f"{topics.dead_letters} has no letter {partition}:{min(left)} any more")


def mark(topics: Topics, record: Record) -> Outgoing:
    """What says on the letters' topic that a letter was retried."""
    name = f"{record.topic}/{record.partition}/{record.offset}".encode()
    headers = (*record.headers, (RETRIED, name))
    return Outgoing(topics.dead_letters, record.key, None, headers, partition=record.partition)


def _letter(record: Record, headers: dict[str, str]) -> Letter:
    return Letter(
        partition=record.partition,
        offset=record.offset,
        rejected=record.timestamp,
        code=headers["eddyline-code"],
        detail=headers["eddyline-detail"],
        topic=headers["eddyline-source-topic"],
        source_partition=int(headers["eddyline-source-partition"]),
        source_offset=int(headers["eddyline-source-offset"]),
        timestamp=int(headers["eddyline-source-timestamp"]),
        key=record.key,
        size=-1 if record.value is None else len(record.value),
        cut=any(name in headers for name in CUT),
    )
