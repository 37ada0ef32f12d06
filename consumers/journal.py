"""The journal: what the worker decided, beside the events, that changes what comes out.

Time has passed (a tick), a model was adopted, the topic has grown: with the events themselves that is all a replay
needs, back to the last growth. Records of a partition of `events` are in the same partition of the journal topic,
numbered from 1 without gaps.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from consumers.source import LogReader
from producers.topics import Topics
from stream.entries import Event, ModelAdopted, Rejected, Tick
from stream.errors import Mismatch, Unreachable
from stream.model import Model
from stream.records import Outgoing, Record, TopicPartition


class JournalEntry(NamedTuple):
    """One decision of a partition's worker.

    Attributes
    ----------
    number
        Place in the partition's journal, from 1.
    position
        It was applied before the event at this offset.
    kind
        `tick`, `adopt` or `grow`.
    time
        Of a tick: ms since 1970.
    version, digest
        Of an adoption: the model, and the hash of its bytes.
    merged
        Of an adoption in partition 0: (partition, entries) of the contributions in the model.
    partitions
        Of a growth: how many partitions the topic has from here on.
    """

    number: int
    position: int
    kind: Literal["tick", "adopt", "grow"]
    time: int = 0
    version: int = 0
    digest: str = ""
    merged: tuple[tuple[int, int], ...] = ()
    partitions: int = 0

    def entry(self, model: Callable[[int, str], Model]) -> Tick | ModelAdopted:
        """What the engine applies; `model(version, digest)` finds a model that was published.

        Raises
        ------
        Mismatch
            For a growth: where a customer's earlier events are cannot be told from this partition.
        """
        if self.kind == "tick":
            return Tick(self.time)
        if self.kind == "grow":
            raise Mismatch(
                f"The topic has grown to {self.partitions} partitions since this state, and customers have moved. It "
                "cannot be rebuilt from the log alone: restore a snapshot saved after that, by `eddyline snapshot "
                "restore`."
            )
        return ModelAdopted(model(self.version, self.digest))


def encode(entry: JournalEntry, partition: int, topics: Topics) -> Outgoing:
    """The journal's record of a decision.

    >>> encode(JournalEntry(1, 0, "tick", 1_700_000_000_000), 3, Topics()).value
    b'{"number":1,"position":0,"kind":"tick","time":1700000000000}'
    """
    values = {name: value for name, value in entry._asdict().items() if value not in (0, "", ()) or name == "position"}
    value = json.dumps(values, separators=(",", ":")).encode()
    return Outgoing(topics.journal, str(partition).encode(), value, partition=partition)


def decode(record: Record) -> JournalEntry:
    """Reverse of `encode`."""
    values = json.loads(record.value or b"{}")
    values["merged"] = tuple((partition, entries) for partition, entries in values.get("merged", ()))
    return JournalEntry(**values)


def interleave(
    events: Iterable[Event | Rejected], journal: Iterable[JournalEntry]
) -> Iterator[Event | Rejected | JournalEntry]:
    """Events and decisions in the order in which they were applied.

    Parameters
    ----------
    events
        Decoded events of a partition, by offset.
    journal
        Decisions of the same partition, by number. One with position p comes before the event at offset p, and
        after the one at p - 1; those after the last event come last.
    """
    waiting = iter(journal)
    decision = next(waiting, None)
    for event in events:
        while decision is not None and decision.position <= event.position:
            yield decision
            decision = next(waiting, None)
        yield event
    if decision is not None:
        yield decision
        yield from waiting


class Journal:
    """Reads the journal of one partition, from its end backwards: what is missing is mostly the newest."""

    def __init__(self, reader: LogReader, partition: int, topics: Topics) -> None:
        self._reader = reader
        self._at = TopicPartition(topics.journal, partition)

    def length(self) -> int:
        """Number of the newest record; 0 when there is none."""
        for records in self._backwards():
            if records:
                return records[-1].number
        return 0

    def between(self, number: int, last: int) -> list[JournalEntry]:
        """Records after `number` up to `last`, in order.

        Raises
        ------
        Mismatch
            When some of them are no longer in the topic.
        Unreachable
            When the newest are committed and cannot be read yet: a broker has still to mark them so.
        """
        found: list[JournalEntry] = []
        if number == last:
            return found
        for records in self._backwards():
            found = records + found
            if found and found[0].number <= number + 1:
                break
        if found and found[-1].number < last:
            raise Unreachable(f"Journal records after {found[-1].number} of {self._at} cannot be read yet.")
        found = [entry for entry in found if number < entry.number <= last]
        if [entry.number for entry in found] != list(range(number + 1, last + 1)):
            raise Mismatch(
                f"The journal {self._at.topic!r}, partition {self._at.partition}, has lost records after number "
                f"{number}: its retention must be unlimited. Start a new deployment with topics of its own."
            )
        return found

    def _backwards(self) -> Iterator[list[JournalEntry]]:
        """The journal in stretches, the newest first, each larger than the one before."""
        first, end = self._reader.bounds(self._at)
        size = 16  # control markers of transactions take offsets too, so the newest stretch may be empty
        while end > first:
            start = max(first, end - size)
            yield [decode(record) for record in self._reader.read(self._at, start, end)]
            end, size = start, size * 4
