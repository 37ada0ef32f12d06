"""Consumer groups: the same on both logs."""

from __future__ import annotations

import threading

import pytest

from consumers.source import Source
from stream.errors import Aborted, InputError
from stream.records import Outgoing, TopicPartition
from tests.logs.harness import Log, Member, poll_until, values


def _commit(log: Log, member: Member, offsets: dict[TopicPartition, int]) -> None:
    sink = log.transactional()
    sink.begin()
    sink.send_offsets(offsets, member.source.group_metadata())
    sink.commit()


def test_a_group_starts_at_the_beginning_and_goes_on_from_its_commit(log: Log) -> None:
    topic, group = log.topic(), log.name("group")
    log.write(*(Outgoing(topic, b"k", b"%d" % number) for number in range(10)))
    first = Member(log, topic, group)
    poll_until([first], lambda: len(first.records) == 10)
    assert first.source.committed(0) is None
    _commit(log, first, {TopicPartition(topic, 0): 4})
    assert first.source.committed(0) == 4
    first.source.close()
    second = Member(log, topic, group)
    poll_until([second], lambda: len(second.records) == 6)
    assert [record.offset for record in second.records] == [4, 5, 6, 7, 8, 9]


def test_a_poll_returns_no_more_than_asked_for_and_loses_nothing(log: Log) -> None:
    topic = log.topic(2)
    log.write(*(Outgoing(topic, None, b"%d" % n, partition=n % 2) for n in range(50)))
    member = Member(log, topic, log.name("group"))
    sizes = []
    while len(member.records) < 50:
        sizes.append(len(member.poll(7)))
    assert max(sizes) <= 7
    for partition in range(2):
        offsets = [record.offset for record in member.records if record.partition == partition]
        assert offsets == list(range(25))


def test_callbacks_run_inside_poll_on_the_callers_thread(log: Log) -> None:
    topic = log.topic(2)
    threads, polling = [], []

    def note(_source: Source, _partitions: set[int]) -> None:
        threads.append(threading.get_ident())
        polling.append(inside)

    inside = False
    member = Member(log, topic, log.name("group"), note)
    inside = True
    poll_until([member], lambda: member.owned == {0, 1})
    assert threads == [threading.get_ident()]
    assert polling == [True]
    assert member.events == [("assigned", {0, 1})]


def test_a_callback_may_seek(log: Log) -> None:
    topic = log.topic()
    log.write(*(Outgoing(topic, b"k", b"%d" % number) for number in range(10)))
    member = Member(log, topic, log.name("group"), lambda source, _: source.seek(0, 7))
    poll_until([member], lambda: len(member.records) >= 3)
    assert [record.offset for record in member.records] == [7, 8, 9]


def test_seek_reads_again(log: Log) -> None:
    topic = log.topic()
    log.write(*(Outgoing(topic, b"k", b"%d" % number) for number in range(5)))
    member = Member(log, topic, log.name("group"))
    poll_until([member], lambda: len(member.records) == 5)
    member.source.seek(0, 2)
    poll_until([member], lambda: len(member.records) == 8)
    assert [record.offset for record in member.records[5:]] == [2, 3, 4]


def test_a_partition_of_others_cannot_be_sought(log: Log) -> None:
    topic = log.topic()
    member = Member(log, topic, log.name("group"))
    poll_until([member], lambda: member.owned == {0})
    with pytest.raises(Aborted):
        member.source.seek(3, 0)


def test_a_paused_partition_rests_until_resumed(log: Log) -> None:
    topic = log.topic(2)
    member = Member(log, topic, log.name("group"))
    poll_until([member], lambda: member.owned == {0, 1})
    member.source.pause([0])
    log.write(*(Outgoing(topic, None, b"%d" % n, partition=n % 2) for n in range(6)))
    poll_until([member], lambda: len(member.records) == 3)
    assert member.poll() == []
    assert values(member.records) == [b"1", b"3", b"5"]
    member.source.resume([0])
    poll_until([member], lambda: len(member.records) == 6)
    assert values(member.records[3:]) == [b"0", b"2", b"4"]


def test_members_share_partitions_and_take_over_from_those_who_leave(log: Log) -> None:
    topic, group = log.topic(4), log.name("group")
    one = Member(log, topic, group)
    poll_until([one], lambda: one.owned == {0, 1, 2, 3})
    two = Member(log, topic, group)
    poll_until([one, two], lambda: len(one.owned) == 2 and len(two.owned) == 2)
    assert one.owned | two.owned == {0, 1, 2, 3}
    assert one.events[0] == ("assigned", {0, 1, 2, 3})
    assert one.events[1] == ("revoked", {0, 1, 2, 3})

    log.write(*(Outgoing(topic, None, b"%d" % n, partition=n % 4) for n in range(20)))
    poll_until([one, two], lambda: len(one.records) + len(two.records) == 20)
    assert {record.partition for record in one.records} == one.owned
    assert {record.partition for record in two.records} == two.owned

    one.source.close()
    poll_until([two], lambda: two.owned == {0, 1, 2, 3})


def test_more_members_than_partitions_leave_some_idle(log: Log) -> None:
    topic, group = log.topic(), log.name("group")
    one = Member(log, topic, group)
    poll_until([one], lambda: one.owned == {0})
    two = Member(log, topic, group)
    poll_until([one, two], lambda: len(one.events) > 1 and len(one.owned) + len(two.owned) == 1)
    log.write(*(Outgoing(topic, b"k", b"%d" % number) for number in range(3)))
    poll_until([one, two], lambda: len(one.records) + len(two.records) == 3)
    assert sorted([len(one.records), len(two.records)]) == [0, 3]


def test_a_stale_generation_cannot_commit(log: Log) -> None:
    topic, group = log.topic(2), log.name("group")
    one = Member(log, topic, group)
    poll_until([one], lambda: one.owned == {0, 1})
    before = one.source.group_metadata()
    two = Member(log, topic, group)
    poll_until([one, two], lambda: len(one.owned) == 1 and len(two.owned) == 1)

    sink = log.transactional()
    sink.begin()
    sink.send([Outgoing(topic, None, b"late", partition=0)])
    with pytest.raises(Aborted):
        sink.send_offsets({TopicPartition(topic, 0): 9, TopicPartition(topic, 1): 9}, before)
    with pytest.raises(Aborted):
        sink.commit()
    sink.abort()
    assert log.read(topic, 0) == []

    (mine,), (other,) = one.owned, two.owned
    sink.begin()
    sink.send_offsets({TopicPartition(topic, mine): 3}, one.source.group_metadata())
    sink.commit()
    assert one.source.committed(mine) == 3
    assert two.source.committed(other) is None, "offsets that were refused must not come with a later commit"


def test_who_is_in_no_group_has_no_generation(log: Log) -> None:
    topic = log.topic()
    with pytest.raises(Aborted):
        log.source(log.name("group")).group_metadata()
    member = Member(log, topic, log.name("group"))
    poll_until([member], lambda: member.owned == {0})
    member.source.close()
    with pytest.raises(Aborted):
        member.source.group_metadata()


def test_polling_before_subscribing_is_wrong(log: Log) -> None:
    with pytest.raises(InputError):
        log.source(log.name("group")).poll(1, 0)
