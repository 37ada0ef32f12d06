"""Writing and reading records: the same on both logs."""

from __future__ import annotations

import pytest

from producers.partitioner import partition_of
from stream.errors import DataError, InputError, MissingTopic
from stream.records import Outgoing, TopicPartition
from tests.logs.harness import Log, values


def test_a_key_keeps_its_order_in_the_partition_that_murmur2_gives(log: Log) -> None:
    topic = log.topic(4)
    keys = [b"customer-%d" % number for number in range(20)]
    log.write(*(Outgoing(topic, key, b"%d" % turn) for turn in range(5) for key in keys))
    seen = {}
    for partition in range(4):
        for record in log.read(topic, partition):
            assert record.partition == partition == partition_of(record.key, 4)
            seen.setdefault(record.key, []).append(record.value)
    assert seen == {key: [b"0", b"1", b"2", b"3", b"4"] for key in keys}


def test_a_given_partition_wins_over_the_key(log: Log) -> None:
    topic = log.topic(3)
    elsewhere = (partition_of(b"alice", 3) + 1) % 3
    log.write(Outgoing(topic, b"alice", b"x", partition=elsewhere))
    assert values(log.read(topic, elsewhere)) == [b"x"]


def test_a_partition_that_does_not_exist_is_refused(log: Log) -> None:
    topic = log.topic(2)
    with pytest.raises(DataError, match="7"):
        log.sink().send([Outgoing(topic, b"k", b"v", partition=7)])
    with pytest.raises(DataError, match="7"):
        log.reader().bounds(TopicPartition(topic, 7))


def test_offsets_count_from_zero(log: Log) -> None:
    topic = log.topic()
    at = TopicPartition(topic, 0)
    assert log.reader().bounds(at) == (0, 0)
    log.write(*(Outgoing(topic, None, b"%d" % number) for number in range(10)))
    assert [record.offset for record in log.read(topic)] == list(range(10))
    assert log.reader().bounds(at) == (0, 10)


def test_records_come_back_as_they_were_sent(log: Log) -> None:
    topic = log.topic()
    headers = (("ce_id", b"1"), ("ce_id", b"\x00\xff"), ("empty", b""))
    sent = [
        Outgoing(topic, b"k", b"v", headers, timestamp=1_700_000_000_123),
        Outgoing(topic, b"k", None, timestamp=1),
        Outgoing(topic, None, b"v", timestamp=2),
        Outgoing(topic, None, None, headers, timestamp=3),
        Outgoing(topic, b"", b"", timestamp=4),
    ]
    log.write(*sent)
    got = log.read(topic)
    assert [(r.key, r.value, r.headers, r.timestamp) for r in got] == [
        (out.key, out.value, out.headers, out.timestamp) for out in sent
    ]


def test_a_record_without_timestamp_gets_one(log: Log) -> None:
    topic = log.topic()
    log.write(Outgoing(topic, b"k", b"v"))
    assert log.read(topic)[0].timestamp > 1_700_000_000_000


def test_a_record_may_have_five_megabytes(log: Log) -> None:
    topic = log.topic()
    body = bytes(range(256)) * 20_000
    log.write(Outgoing(topic, b"model", body), Outgoing(topic, b"model", b"small"))
    assert values(log.read(topic)) == [body, b"small"]


def test_a_read_stays_within_its_bounds(log: Log) -> None:
    topic = log.topic()
    log.write(*(Outgoing(topic, b"k", b"%d" % number) for number in range(10)))
    reader, at = log.reader(), TopicPartition(topic, 0)
    assert [record.offset for record in reader.read(at, 3, 6)] == [3, 4, 5]
    assert list(reader.read(at, 6, 6)) == []
    assert list(reader.read(at, 10, 20)) == []
    assert [record.offset for record in reader.read(at, 8, 2**62)] == [8, 9]


def test_reads_may_be_interleaved(log: Log) -> None:
    topic = log.topic(2)
    log.write(*(Outgoing(topic, None, b"%d" % n, partition=n % 2) for n in range(6)))
    reader = log.reader()
    both = zip(reader.read(TopicPartition(topic, 0), 0, 3), reader.read(TopicPartition(topic, 1), 0, 3), strict=True)
    assert [(even.value, odd.value) for even, odd in both] == [(b"0", b"1"), (b"2", b"3"), (b"4", b"5")]


def test_topics_are_created_once_and_listed(log: Log) -> None:
    admin, name = log.admin(), log.name("events")
    assert admin.create(name, 3)
    assert not admin.create(name, 5)
    assert admin.topics()[name] == 3
    assert log.reader().partitions(name) == 3


def test_a_compacted_topic_and_settings_are_accepted(log: Log) -> None:
    topic = log.topic(compacted=True, settings={"retention.ms": "-1"})
    log.write(Outgoing(topic, b"segments", b"1"), Outgoing(topic, b"segments", b"2"))
    assert values(log.read(topic))[-1] == b"2"


def test_a_topic_without_partitions_is_refused(log: Log) -> None:
    with pytest.raises(InputError, match="partition"):
        log.admin().create(log.name("none"), 0)


def test_a_missing_topic_is_named(log: Log) -> None:
    name = log.name("missing")
    with pytest.raises(MissingTopic, match=name):
        log.sink().send([Outgoing(name, b"k", b"v")])
    with pytest.raises(MissingTopic, match=name):
        log.reader().partitions(name)
    with pytest.raises(MissingTopic, match=name):
        log.reader().bounds(TopicPartition(name, 0))
    with pytest.raises(MissingTopic, match=name):
        log.source("group").subscribe(name, lambda _: None, lambda _: None)
