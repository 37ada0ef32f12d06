"""A broker that takes connections and answers nothing: each call gives up when its time is over."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from kafka import TopicPartition as KafkaPartition
from kafka.errors import KafkaTimeoutError

from consumers.kafka import KafkaReader, KafkaSource
from consumers.kafka_admin import KafkaAdmin
from consumers.writers import Writers
from eddyline.testing.servers import LocalKafka
from producers.kafka import KafkaSettings, KafkaSink, KafkaTransactionalSink
from stream.errors import Unreachable
from stream.records import Outgoing, TopicPartition
from tests.servers import missing

pytestmark = pytest.mark.kafka


@pytest.fixture
def broker() -> Iterator[LocalKafka]:
    """A broker of the test's own, which can be stopped like any process."""
    server = LocalKafka(quick=True)
    try:
        server.start()
    except Unreachable as reason:
        server.close()
        missing(reason)
    yield server
    _signal(server, signal.SIGCONT)
    server.close()


def test_no_call_waits_for_ever(broker: LocalKafka, caplog: pytest.LogCaptureFixture) -> None:
    settings = KafkaSettings(bootstrap_servers=broker.address, timeout="4s")
    admin = KafkaAdmin(settings)
    admin.create("events", 1)
    _warm(broker)
    at = TopicPartition("events", 0)
    reader, source, late = (KafkaReader(settings), KafkaSource(settings, "group", "a"), KafkaSource(settings, "other"))
    source.subscribe("events", lambda partitions: None, lambda partitions: None)
    while not source.poll(1, 0.2) and not source._owned:
        pass
    plain = KafkaSink(settings)
    sinks = [KafkaTransactionalSink(settings, f"id{number}") for number in range(3)]
    for sink in (plain, *sinks):
        if sink is not plain:
            sink.begin()
        sink.send([Outgoing("events", b"k", b"v")])
        sink.flush()
    group = source.group_metadata()
    _signal(broker, signal.SIGSTOP)
    plain.send([Outgoing("events", b"k", b"v")])
    calls = {
        "partitions": lambda: reader.partitions("unheard of"),
        "bounds": lambda: reader.bounds(at),
        "topics": admin.topics,
        "subscribe": lambda: late.subscribe("events", print, print),
        "committed": lambda: source.committed(0),
        "flush": plain.flush,
        "send offsets": lambda: sinks[0].send_offsets({at: 1}, group),
        "commit": sinks[1].commit,
        "abort": sinks[2].abort,
        "a new sink": lambda: KafkaTransactionalSink(settings, "id3"),
    }
    answered = []
    for name, call in calls.items():
        try:
            call()
        except Unreachable:
            continue
        answered.append(name)
    assert answered == []
    assert source.poll(1, 0.1) == {}
    caplog.clear()
    with closing(Writers(settings, "group", "a")) as writers:
        assert [writers.fence_dead() for _ in range(3)] == [[], [], []]
    assert caplog.text.count("left to their timeout") == 1
    _signal(broker, signal.SIGCONT)
    goes_on(sinks[1], reader, at)
    for client in (admin, reader, source, late, plain, *sinks):
        client.close()


def test_an_offset_that_was_asked_for_in_vain_is_asked_for_again(broker: LocalKafka) -> None:
    """The answer that came too late is that of another time: taken for today's, an outbox would be published twice."""
    settings = KafkaSettings(bootstrap_servers=broker.address, timeout="4s")
    with closing(KafkaAdmin(settings)) as admin:
        admin.create("events", 1)
    source, sink = KafkaSource(settings, "group"), KafkaTransactionalSink(settings, "id")
    source.subscribe("events", lambda partitions: None, lambda partitions: None)
    with closing(source), closing(sink):
        while not source._owned:
            source.poll(1, 1.0)
        assert source.committed(0) is None
        _signal(broker, signal.SIGSTOP)
        with pytest.raises(KafkaTimeoutError):  # as the client itself asks, between two polls
            source._consumer.committed(KafkaPartition("events", 0), timeout_ms=500)
        _signal(broker, signal.SIGCONT)
        sink.begin()
        sink.send([Outgoing("events", b"k", b"v")])
        sink.send_offsets({TopicPartition("events", 0): 1}, source.group_metadata())
        sink.commit()
        assert source.committed(0) == 1


def goes_on(sink: KafkaTransactionalSink, reader: KafkaReader, at: TopicPartition) -> None:
    """One whose commit got no answer is of use again when it has aborted, and what it wrote before is there or not."""
    with pytest.raises(Unreachable):
        sink.begin()
    sink.abort()
    sink.begin()
    sink.send([Outgoing("events", b"k", b"later")])
    sink.commit()
    values: list[bytes | None] = []
    deadline = time.monotonic() + 60
    while b"later" not in values and time.monotonic() < deadline:  # the broker tells readers a moment after the writer
        values = [record.value for record in reader.read(at, *reader.bounds(at))]
    assert values.count(b"later") == 1


def _warm(broker: LocalKafka) -> None:
    """A broker's first transaction makes the topic that holds them all, which takes longer than the calls to come."""
    with closing(KafkaTransactionalSink(KafkaSettings(bootstrap_servers=broker.address), "first")) as sink:
        sink.begin()
        sink.send([Outgoing("events", b"k", b"v")])
        sink.commit()


def _signal(server: LocalKafka, number: int) -> None:
    assert server._process is not None
    os.kill(server._process.pid, number)
