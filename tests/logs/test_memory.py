"""What only the in-process log can do: forget, and serve many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from producers.memory import MemoryBroker
from producers.memory_sink import MemorySink
from stream.errors import InputError, Mismatch
from stream.records import Outgoing, TopicPartition
from tests.logs.harness import Log, Member, MemoryLog, poll_until


@pytest.fixture
def log() -> Log:
    return MemoryLog()


def test_trimmed_records_are_gone_and_reading_starts_behind_them() -> None:
    log = MemoryLog()
    topic = log.topic()
    log.write(*(Outgoing(topic, b"k", b"%d" % number) for number in range(10)))
    log.broker.trim(topic, 0, 6)
    assert log.reader().bounds(TopicPartition(topic, 0)) == (6, 10)
    assert [record.offset for record in log.read(topic)] == [6, 7, 8, 9]
    member = Member(log, topic, "group")
    poll_until([member], lambda: bool(member.records))
    assert [record.offset for record in member.records] == [6, 7, 8, 9]


def test_trimming_stops_before_an_open_transaction() -> None:
    log = MemoryLog()
    topic = log.topic()
    log.write(Outgoing(topic, b"k", b"0"))
    sink = log.transactional()
    sink.begin()
    sink.send([Outgoing(topic, b"k", b"1")])
    log.broker.trim(topic, 0, 99)
    assert log.reader().bounds(TopicPartition(topic, 0)) == (1, 1)
    sink.commit()
    assert [record.value for record in log.read(topic)] == [b"1"]


def _filled(broker: MemoryBroker, topic: str, count: int = 1_000) -> tuple[int, int]:
    MemorySink(broker).send(Outgoing(topic, b"k", b"v") for _ in range(count))
    return broker.bounds(TopicPartition(topic, 0))


def test_a_retained_log_keeps_the_newest() -> None:
    broker = MemoryBroker(retain=100)
    broker.create("clicks", 1)
    first, end = _filled(broker, "clicks")
    assert end == 1_000
    assert 100 <= end - first <= 125


def test_a_retained_log_keeps_what_a_group_has_still_to_read() -> None:
    broker = MemoryBroker(retain=100)
    broker.create("clicks", 1)
    broker.join("workers", "clicks")
    assert _filled(broker, "clicks") == (0, 1_000)


def test_topics_without_retention_are_kept_whole() -> None:
    broker = MemoryBroker(retain=100)
    broker.create("journal", 1, {"retention.ms": "-1"})
    broker.create("segments", 1, {"cleanup.policy": "compact"})
    assert _filled(broker, "journal") == _filled(broker, "segments") == (0, 1_000)


def test_retaining_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="retain"):
        MemoryBroker(retain=0)


def test_a_group_reads_one_topic(log: Log) -> None:
    one, other = log.topic(), log.topic()
    Member(log, one, "group")
    with pytest.raises(Mismatch, match="group"):
        Member(log, other, "group")


def test_many_threads_write_without_losing_a_record(log: Log) -> None:
    topic = log.topic()

    def write(thread: int) -> None:
        sink = log.sink()
        for number in range(200):
            sink.send([Outgoing(topic, b"k", b"%d/%d" % (thread, number))])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    records = log.read(topic)
    assert [record.offset for record in records] == list(range(800))
    for thread in range(4):
        mine = [record.value for record in records if record.value.startswith(b"%d/" % thread)]
        assert mine == [b"%d/%d" % (thread, number) for number in range(200)]


def test_a_waiting_poll_wakes_up_for_a_record(log: Log) -> None:
    topic = log.topic()
    member = Member(log, topic, "group")
    poll_until([member], lambda: member.owned == {0})
    with ThreadPoolExecutor(1) as pool:
        polled = pool.submit(member.poll, 10, 30.0)
        log.write(Outgoing(topic, b"k", b"v"))
        assert [record.value for record in polled.result(timeout=20)] == [b"v"]
