"""Dead letters become events again: original bytes, each once, in one transaction with its mark."""

from __future__ import annotations

import pytest

from consumers.letters import Letter, letters
from consumers.retry import Retried, divide, retry
from producers.sink import TransactionalSink
from stream.errors import EddylineError, Fenced
from stream.records import Outgoing
from tests.consumers.world import RECORDS, World
from tests.stream import fold

BAD = [
    Outgoing("", b"ann", b"{", timestamp=fold.START),
    Outgoing("", None, b"\xff\x00", timestamp=fold.START + 1),
    Outgoing("", b"bob", None, timestamp=fold.START + 2),
    Outgoing("", b"ann", b"[1]", timestamp=fold.START + 3),
]


def found(world: World) -> list[Letter]:
    reader = world.log.reader()
    return [one for partition in range(world.partitions) for one in letters(reader, world.topics, partition)]


def again(world: World, sink: TransactionalSink | None = None) -> Retried:
    chosen, outcome = divide(found(world))
    retry(chosen, world.topics, world.log.reader(), sink or world.log.transactional("retry"))
    return outcome


def test_each_letter_is_written_again_once_with_its_own_bytes(world):
    world.load([*RECORDS[:5], *BAD])
    world.run()
    before = found(world)
    assert [letter.code for letter in before] == ["not_json", "not_json", "tombstone", "not_object"]
    assert [letter.source_offset for letter in before] == [5, 6, 7, 8]
    assert again(world) == Retried(4, 0, 0)

    written = world.read("events")[9:]
    assert [(one.key, one.value, one.timestamp) for one in written] == [
        (bad.key, bad.value, bad.timestamp) for bad in BAD
    ]
    topic = world.topics.dead_letters
    assert [dict(one.headers)["eddyline-retried-from"] for one in written] == [
        f"{topic}/0/{letter.offset}".encode() for letter in before
    ]
    assert [letter.retried is not None for letter in found(world)] == [True] * 4
    assert again(world) == Retried(0, 4, 0)
    assert len(world.read("events")) == 9 + 4

    world.run()  # they are still no events: new letters, which can be retried in their turn
    assert [letter.retried is not None for letter in found(world)] == [True] * 4 + [False] * 4
    assert again(world) == Retried(4, 4, 0)


def test_a_mark_looks_like_its_letter_without_the_value(here):
    here.load(BAD[:1])
    here.run()
    again(here)
    letter, mark = here.read("dead_letters")
    assert mark.value is None
    assert mark.key == letter.key
    assert mark.headers[:-1] == letter.headers
    assert mark.headers[-1] == ("eddyline-retried", f"{here.topics.dead_letters}/0/{letter.offset}".encode())


def test_two_who_retry_at_once_write_each_letter_once(world):
    world.load(BAD)
    world.run()
    first = world.log.transactional("retry")
    chosen, _ = divide(found(world))
    second = world.log.transactional("retry")  # fences the first, and reads what it has left
    with pytest.raises(Fenced):
        retry(chosen, world.topics, world.log.reader(), first)
    assert again(world, second) == Retried(4, 0, 0)
    assert len(world.read("events")) == 8


def test_a_retry_that_dies_leaves_neither_event_nor_mark(world):
    world.load(BAD)
    world.run()
    chosen, _ = divide(found(world))
    sink = world.log.transactional("retry")
    sink.begin()
    sink.send([Outgoing(world.topics.events, b"ann", b"{")])
    world.log.transactional("retry")  # as when the next one starts
    with pytest.raises(EddylineError):
        sink.commit()
    assert again(world, world.log.transactional("retry")) == Retried(len(chosen), 0, 0)
    assert len(world.read("events")) == 4 + 4


def test_a_letter_that_holds_the_beginning_only_is_not_retried(here):
    here.load([Outgoing("", b"ann", b"x" * 1_000_000, timestamp=fold.START)])
    here.run()
    (letter,) = found(here)
    assert letter.cut
    assert again(here) == Retried(0, 0, 1)


def test_an_event_that_was_ahead_of_its_record_is_written_as_of_now(here):
    ahead = b'{"type": "track", "userId": "ann", "event": "Product Viewed", "timestamp": "2024-06-01T00:00:00Z"}'
    here.load([Outgoing("", b"ann", ahead, timestamp=fold.START - 400 * 86_400_000)])
    here.run()
    (letter,) = found(here)
    assert letter.code == "future"
    again(here)
    here.run()
    assert len(found(here)) == 1
