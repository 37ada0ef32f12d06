"""The journal: what is written is what is read, in the order in which it was applied."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.journal import Journal, JournalEntry, decode, encode, interleave
from producers.topics import Topics
from stream.entries import Rejected, Tick
from stream.errors import Mismatch, Unreachable
from stream.records import Outgoing, Record, TopicPartition
from tests.logs.harness import Log, MemoryLog


def event(position: int) -> Rejected:
    return Rejected(position, "empty", "The value is empty.", "events", 0, 0, None, b"")


def tick(number: int, position: int) -> JournalEntry:
    return JournalEntry(number, position, "tick", 1_000 + number)


entries = st.one_of(
    st.builds(
        JournalEntry,
        st.integers(1),
        st.integers(0),
        st.just("tick"),
        st.integers(1),
        st.just(0),
        st.just(""),
        st.just(()),
    ),
    st.builds(
        JournalEntry,
        st.integers(1),
        st.integers(0),
        st.just("adopt"),
        st.just(0),
        st.integers(1),
        st.text("0123456789abcdef", min_size=32, max_size=32),
        st.lists(st.tuples(st.integers(0), st.integers(0))).map(tuple),
    ),
)


@given(entries)
def test_reads_back(entry):
    out = encode(entry, 3, Topics())
    assert (out.topic, out.key, out.partition) == ("journal", b"3", 3)
    assert decode(Record(out.topic, 3, 0, 0, out.key, out.value)) == entry


def test_a_tick_needs_no_model():
    assert tick(1, 0).entry(lambda version, digest: pytest.fail("asked for")) == Tick(1_001)


def test_decisions_come_before_the_event_at_their_position():
    events = [event(0), event(3), event(4)]
    journal = [tick(1, 0), tick(2, 0), tick(3, 2), tick(4, 4), tick(5, 5)]
    order = [
        item.number if isinstance(item, JournalEntry) else f"@{item.position}" for item in interleave(events, journal)
    ]
    assert order == [1, 2, "@0", 3, "@3", 4, "@4", 5]


@given(st.lists(st.integers(0, 30)), st.lists(st.integers(0, 30)))
def test_nothing_is_lost_and_each_keeps_its_order(at_events, at_decisions):
    events = [event(position) for position in sorted(set(at_events))]
    journal = [tick(number, position) for number, position in enumerate(sorted(at_decisions), 1)]
    mixed = list(interleave(events, journal))
    assert [item for item in mixed if not isinstance(item, JournalEntry)] == events
    assert [item for item in mixed if isinstance(item, JournalEntry)] == journal
    assert all(a.position <= b.position for a, b in pairwise(mixed))


def written(log: Log, count: int) -> Journal:
    """A journal of `count` records, each in a transaction of its own: control markers stand between them."""
    topics = Topics(journal=log.topic(2))
    sink = log.transactional()
    for number in range(1, count + 1):
        sink.begin()
        sink.send([encode(tick(number, 0), 1, topics)])
        sink.commit()
    return Journal(log.reader(), 1, topics)


def test_length_and_newest_records(log):
    journal = written(log, 40)
    assert journal.length() == 40
    assert [entry.number for entry in journal.between(0, 40)] == list(range(1, 41))
    assert [entry.number for entry in journal.between(37, 40)] == [38, 39, 40]
    assert journal.between(40, 40) == []


def test_empty(log):
    journal = Journal(log.reader(), 0, Topics(journal=log.topic()))
    assert (journal.length(), journal.between(0, 0)) == (0, [])
    with pytest.raises(Mismatch):
        journal.between(0, 1)


def test_aborted_decisions_were_never_taken(log):
    topics, sink = Topics(journal=log.topic()), log.transactional()
    for number, end in ((1, sink.commit), (2, sink.abort), (2, sink.commit)):
        sink.begin()
        sink.send([encode(tick(number, 0), 0, topics)])
        end()
    assert Journal(log.reader(), 0, topics).between(0, 2) == [tick(1, 0), tick(2, 0)]


def test_decisions_that_cannot_be_read_yet_are_waited_for(log):
    """A transaction is committed before each of its partitions shows it."""
    journal = written(log, 3)
    with pytest.raises(Unreachable, match="cannot be read yet"):
        journal.between(0, 4)


def test_a_journal_that_has_lost_records_is_refused():
    log = MemoryLog()
    topics = Topics(journal=log.topic())
    log.write(*(encode(tick(number, 0), 0, topics) for number in range(1, 9)))
    log.broker.trim(topics.journal, 0, before=4)
    journal = Journal(log.reader(), 0, topics)
    assert [entry.number for entry in journal.between(4, 8)] == [5, 6, 7, 8]
    with pytest.raises(Mismatch, match="has lost records after number 3"):
        journal.between(3, 8)


def test_records_of_others_are_not_read(log):
    topics = Topics(journal=log.topic(2))
    log.write(
        encode(tick(1, 0), 0, topics), Outgoing(topics.journal, b"1", b'{"number":7,"position":0,"kind":"tick"}', (), 1)
    )
    assert log.reader().bounds(TopicPartition(topics.journal, 0)) == (0, 1)
    assert Journal(log.reader(), 0, topics).between(0, 1) == [tick(1, 0)]
