"""Topics that are given more partitions, and how many members a group has: the same on both logs."""

from __future__ import annotations

from producers.partitioner import partition_of
from stream.records import Outgoing
from tests.logs.harness import Log, Member, poll_until, values


def test_a_grown_topic_keeps_what_is_in_it_and_spreads_what_comes(log: Log) -> None:
    topic = log.topic(2)
    keys = [b"customer-%d" % number for number in range(20)]
    log.write(*(Outgoing(topic, key, b"before") for key in keys))
    before = [values(log.read(topic, partition)) for partition in range(2)]
    log.admin().grow(topic, 3)
    assert log.admin().topics()[topic] == log.reader().partitions(topic) == 3
    log.write(*(Outgoing(topic, key, b"after") for key in keys))
    for partition in range(3):
        after = [record.key for record in log.read(topic, partition) if record.value == b"after"]
        assert after == [key for key in keys if partition_of(key, 3) == partition]
        if partition < 2:
            assert values(log.read(topic, partition))[: len(before[partition])] == before[partition]


def test_members_of_a_group_are_counted(log: Log) -> None:
    topic, group = log.topic(2), log.name("group")
    assert log.admin().members(group) == 0
    members = [Member(log, topic, group), Member(log, topic, group)]
    poll_until(members, lambda: all(len(member.owned) == 1 for member in members))
    assert log.admin().members(group) == 2
    members[0].source.close()
    poll_until(members[1:], lambda: len(members[1].owned) == 2)
    assert log.admin().members(group) == 1
    members[1].source.close()
    poll_until([], lambda: log.admin().members(group) == 0)
