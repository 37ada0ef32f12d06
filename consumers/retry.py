"""Dead letters become events again: the original bytes, each letter once."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from consumers.letters import Letter, bodies, mark
from consumers.source import LogReader
from producers.sink import TransactionalSink
from producers.topics import RETRIED_FROM, Topics
from stream.records import Outgoing, Record

_CHUNK = 200  # letters in one transaction; their bodies are held in memory
_AHEAD = "future"  # refused for being ahead of the record's own timestamp


class Retried(NamedTuple):
    """What became of letters: written again, retried before, or cut and so not whole."""

    retried: int
    before: int
    cut: int


def divide(found: Iterable[Letter]) -> tuple[list[Letter], Retried]:
    """Letters that can be retried, and what becomes of all: none is retried twice, and none that is not whole."""
    chosen = list(found)
    whole = [letter for letter in chosen if letter.retried is None and not letter.cut]
    before = sum(letter.retried is not None for letter in chosen)
    return whole, Retried(len(whole), before, len(chosen) - len(whole) - before)


def retry(
    chosen: Sequence[Letter],
    topics: Topics,
    reader: LogReader,
    sink: TransactionalSink,
    advance: Callable[[int], None] = lambda done: None,
) -> None:
    """Write letters to the events topic again, in their order, each with its mark in the same transaction.

    The event has the original key and bytes, and the header `eddyline-retried-from`. It has the record's own timestamp,
    which may be its event time, unless the letter was refused for being ahead of that.

    Parameters
    ----------
    chosen
        From `divide`, read after `sink` was made: whoever was retrying before is fenced by then, and has left its
        marks.
    advance
        Called with the number of letters done.

    Raises
    ------
    Fenced
        When another retry has begun meanwhile; what was not written is left to it.
    """
    codes = {(letter.partition, letter.offset): letter for letter in chosen}
    offsets: dict[int, set[int]] = defaultdict(set)
    for letter in chosen:
        offsets[letter.partition].add(letter.offset)
    done = 0
    for partition, mine in sorted(offsets.items()):
        records = bodies(reader, topics, partition, mine)
        while some := list(islice(records, _CHUNK)):
            sink.begin()
            sink.send(_written(some, topics, codes))
            sink.commit()
            done += len(some)
            advance(done)


def _written(records: Iterable[Record], topics: Topics, found: dict[tuple[int, int], Letter]) -> Iterator[Outgoing]:
    now = round(time.time() * 1000)
    for record in records:
        letter = found[record.partition, record.offset]
        origin = f"{record.topic}/{record.partition}/{record.offset}".encode()
        own = letter.timestamp if letter.code != _AHEAD and 0 <= letter.timestamp <= now else now
        yield Outgoing(topics.events, record.key, record.value, ((RETRIED_FROM, origin),), timestamp=own)
        yield mark(topics, record)
