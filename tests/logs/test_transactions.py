"""Transactions: the same on both logs."""

from __future__ import annotations

import pytest

from stream.errors import Aborted, Fenced, MissingTopic
from stream.records import Outgoing, TopicPartition
from tests.logs.harness import Log, Member, poll_until, values


def test_records_appear_on_commit_all_together(log: Log) -> None:
    left, right = log.topic(), log.topic(2)
    sink = log.transactional()
    sink.begin()
    sink.send([Outgoing(left, b"k", b"1"), Outgoing(right, None, b"2", partition=1)])
    sink.flush()
    assert log.read(left) == log.read(right, 1) == []
    sink.commit()
    assert values(log.read(left)) == [b"1"]
    assert values(log.read(right, 1)) == [b"2"]


def test_aborted_records_are_never_seen(log: Log) -> None:
    topic = log.topic()
    member = Member(log, topic, log.name("group"))
    sink = log.transactional()
    for body, keep in ((b"1", True), (b"2", False), (b"3", True)):
        sink.begin()
        sink.send([Outgoing(topic, b"k", body)])
        sink.flush()
        if keep:
            sink.commit()
        else:
            sink.abort()
    assert values(log.read(topic)) == [b"1", b"3"]
    poll_until([member], lambda: len(member.records) >= 2)
    assert values(member.records) == [b"1", b"3"]


def test_each_partition_of_a_transaction_gets_one_marker(log: Log) -> None:
    topic = log.topic(2)
    sink = log.transactional()
    sink.begin()
    sink.send([Outgoing(topic, None, b"a", partition=0), Outgoing(topic, None, b"b", partition=0)])
    sink.commit()
    sink.begin()
    sink.send([Outgoing(topic, None, b"c", partition=0)])
    sink.flush()
    sink.abort()
    sink.begin()
    sink.send([Outgoing(topic, None, b"d", partition=0)])
    sink.commit()
    reader = log.reader()
    assert [(record.offset, record.value) for record in log.read(topic)] == [(0, b"a"), (1, b"b"), (5, b"d")]
    assert reader.bounds(TopicPartition(topic, 0)) == (0, 7)
    assert reader.bounds(TopicPartition(topic, 1)) == (0, 0)


def test_reading_ends_where_only_markers_are_left(log: Log) -> None:
    topic = log.topic()
    sink = log.transactional()
    for keep in (True, False):
        sink.begin()
        sink.send([Outgoing(topic, b"k", b"%d" % keep)])
        sink.flush()
        if keep:
            sink.commit()
        else:
            sink.abort()
    reader, at = log.reader(), TopicPartition(topic, 0)
    assert reader.bounds(at) == (0, 4)
    assert values(reader.read(at, 0, 4)) == [b"1"]
    assert list(reader.read(at, 1, 4)) == []
    assert list(reader.read(at, 3, 4)) == []


def test_nothing_is_read_past_an_open_transaction(log: Log) -> None:
    topic = log.topic()
    at = TopicPartition(topic, 0)
    log.write(Outgoing(topic, b"k", b"before"))
    sink = log.transactional()
    sink.begin()
    sink.send([Outgoing(topic, b"k", b"open")])
    sink.flush()
    log.write(Outgoing(topic, b"k", b"after"))
    assert log.reader().bounds(at) == (0, 1)
    assert values(log.read(topic)) == [b"before"]
    member = Member(log, topic, log.name("group"))
    poll_until([member], lambda: bool(member.records))
    assert member.poll() == []
    assert values(member.records) == [b"before"]
    sink.commit()
    poll_until([member], lambda: len(member.records) == 3)
    assert values(member.records) == [b"before", b"open", b"after"]


def test_offsets_and_records_are_committed_together(log: Log) -> None:
    source, target = log.topic(), log.topic()
    at = TopicPartition(source, 0)
    log.write(*(Outgoing(source, b"k", b"%d" % number) for number in range(4)))
    member = Member(log, source, log.name("group"))
    poll_until([member], lambda: len(member.records) == 4)

    sink = log.transactional()
    sink.begin()
    sink.send([Outgoing(target, b"k", b"lost")])
    sink.send_offsets({at: 4}, member.source.group_metadata())
    sink.abort()
    assert member.source.committed(0) is None
    assert log.read(target) == []

    sink.begin()
    sink.send([Outgoing(target, b"k", b"kept")])
    sink.send_offsets({at: 2}, member.source.group_metadata(), {at: "12"})
    sink.commit()
    assert (member.source.committed(0), member.source.note(0)) == (2, "12")
    assert values(log.read(target)) == [b"kept"]


def test_a_newer_producer_fences_the_older(log: Log) -> None:
    topic, transactional_id = log.topic(), log.name("id")
    older = log.transactional(transactional_id)
    older.begin()
    older.send([Outgoing(topic, b"k", b"older")])
    older.flush()
    newer = log.transactional(transactional_id)
    newer.begin()
    newer.send([Outgoing(topic, b"k", b"newer")])
    newer.commit()
    with pytest.raises(Fenced):
        older.commit()
    with pytest.raises(Fenced):
        older.begin()
    assert values(log.read(topic)) == [b"newer"]


def test_a_fenced_producer_cannot_move_offsets(log: Log) -> None:
    topic, transactional_id = log.topic(), log.name("id")
    member = Member(log, topic, log.name("group"))
    poll_until([member], lambda: member.owned == {0})
    older = log.transactional(transactional_id)
    older.begin()
    log.transactional(transactional_id)
    with pytest.raises(Fenced):
        older.send_offsets({TopicPartition(topic, 0): 1}, member.source.group_metadata())
    assert member.source.committed(0) is None


def test_other_ids_are_left_alone(log: Log) -> None:
    topic = log.topic()
    one, two = log.transactional(), log.transactional()
    for sink in (one, two):
        sink.begin()
        sink.send([Outgoing(topic, b"k", b"x")])
    one.commit()
    two.commit()
    assert values(log.read(topic)) == [b"x", b"x"]


def test_work_outside_a_transaction_is_refused(log: Log) -> None:
    topic = log.topic()
    sink = log.transactional()
    with pytest.raises(Aborted):
        sink.commit()
    with pytest.raises(Aborted):
        sink.send([Outgoing(topic, b"k", b"v")])
    sink.abort()
    sink.begin()
    with pytest.raises(Aborted):
        sink.begin()


def test_a_missing_topic_leaves_the_transaction_abortable(log: Log) -> None:
    topic = log.topic()
    sink = log.transactional()
    sink.begin()
    sink.send([Outgoing(topic, b"k", b"1")])
    with pytest.raises(MissingTopic):
        sink.send([Outgoing(log.name("missing"), b"k", b"2")])
    sink.abort()
    sink.begin()
    sink.send([Outgoing(topic, b"k", b"3")])
    sink.commit()
    assert values(log.read(topic)) == [b"3"]


def test_closing_aborts_what_is_open(log: Log) -> None:
    topic = log.topic()
    sink = log.transactional()
    sink.begin()
    sink.send([Outgoing(topic, b"k", b"open")])
    sink.flush()
    sink.close()
    log.write(Outgoing(topic, b"k", b"after"))
    assert values(log.read(topic)) == [b"after"]
