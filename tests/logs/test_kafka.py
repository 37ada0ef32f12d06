"""What only a real broker can do: not be there, go away, and refuse."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from consumers.kafka import KafkaReader, KafkaSource
from consumers.kafka_admin import KafkaAdmin
from consumers.kafka_overview import KafkaOverview
from eddyline.testing.servers import LocalKafka, free_port
from producers.kafka import KafkaSettings, KafkaSink, KafkaTransactionalSink
from producers.kafka_client import MAX_RECORD_BYTES
from stream.errors import DataError, InputError, Unreachable
from stream.records import Outgoing, TopicPartition
from tests.logs.harness import KafkaLog, values
from tests.servers import missing


@pytest.fixture
def nowhere() -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=f"127.0.0.1:{free_port()}", timeout="200ms")


@pytest.mark.parametrize(
    "connect",
    [
        KafkaSink,
        KafkaReader,
        KafkaAdmin,
        lambda settings: KafkaSource(settings, "group"),
        lambda settings: KafkaTransactionalSink(settings, "id"),
    ],
    ids=["sink", "reader", "admin", "source", "transactional sink"],
)
def test_a_broker_that_is_not_there_is_named(nowhere: KafkaSettings, connect: object) -> None:
    with pytest.raises(Unreachable, match=nowhere.bootstrap_servers):
        connect(nowhere)


@pytest.fixture(scope="module")
def own_broker() -> Iterator[LocalKafka]:
    server = LocalKafka(quick=True)
    yield server
    server.close()


@pytest.fixture
def broker(own_broker: LocalKafka) -> LocalKafka:
    """A broker that a test may stop."""
    if not own_broker.running:
        try:
            own_broker.start()
        except Unreachable as reason:
            missing(reason)
    return own_broker


@pytest.mark.kafka
def test_a_broker_that_has_just_started_is_asked_until_it_has_a_coordinator(broker: LocalKafka) -> None:
    """First here: nobody has asked this broker for a group, so it has no coordinator yet."""
    overview = KafkaOverview(KafkaSettings(bootstrap_servers=broker.address))
    assert overview.committed("nobody", "events") == {}
    assert overview.group("nobody", "events").members == ()
    overview.close()


@pytest.mark.kafka
def test_a_broker_that_goes_away_in_a_transaction(broker: LocalKafka) -> None:
    log = KafkaLog(broker.address)
    topic = log.topic()
    first = log.transactional()  # it makes the topic that holds all transactions, which takes longer than what comes
    first.begin()
    first.send([Outgoing(topic, b"k", b"first")])
    first.commit()
    sink = KafkaTransactionalSink(KafkaSettings(bootstrap_servers=broker.address, timeout="5s"), "id")
    sink.begin()
    sink.send([Outgoing(topic, b"k", b"lost")])
    sink.flush()
    broker.stop()
    with pytest.raises(Unreachable, match="answer"):
        sink.commit()
    with pytest.raises(Unreachable):
        sink.begin()
    with pytest.raises(Unreachable):
        sink.abort()
    sink.close()

    broker.start()
    again = log.transactional("id")
    again.begin()
    again.send([Outgoing(topic, b"k", b"kept")])
    again.commit()
    assert values(log.read(topic))[-1] == b"kept"
    log.close()


@pytest.mark.kafka
def test_records_that_no_broker_takes_are_reported(broker: LocalKafka) -> None:
    log = KafkaLog(broker.address)
    topic = log.topic()
    sink = KafkaSink(KafkaSettings(bootstrap_servers=broker.address, timeout="5s"))
    sink.send([Outgoing(topic, b"k", b"1")])
    sink.flush()
    broker.stop()
    sink.send([Outgoing(topic, b"k", b"2")])
    with pytest.raises(Unreachable):
        sink.flush()
    sink.close()


@pytest.mark.kafka
def test_a_record_that_is_too_large_is_refused_and_harms_no_other(kafka: str) -> None:
    log = KafkaLog(kafka)
    topic = log.topic()
    sink = log.transactional()
    sink.begin()
    with pytest.raises(DataError):
        sink.send([Outgoing(topic, b"k", bytes(MAX_RECORD_BYTES + 1))])
    sink.abort()
    sink.begin()
    sink.send([Outgoing(topic, b"k", b"small")])
    sink.commit()
    assert values(log.read(topic)) == [b"small"]
    log.close()


@pytest.mark.kafka
def test_a_record_that_the_topic_refuses_fails_the_commit(kafka: str) -> None:
    log = KafkaLog(kafka)
    topic = log.topic(settings={"max.message.bytes": "2000"})
    sink = log.transactional()
    sink.begin()
    sink.send([Outgoing(topic, b"k", bytes(10_000))])
    with pytest.raises(DataError):
        sink.commit()
    sink.abort()
    assert log.read(topic) == []
    log.close()


@pytest.mark.kafka
def test_a_setting_that_the_broker_does_not_know_is_refused(kafka: str) -> None:
    log = KafkaLog(kafka)
    with pytest.raises(InputError, match=r"no\.such\.setting"):
        log.topic(settings={"no.such.setting": "1"})
    log.close()


@pytest.mark.kafka
def test_more_than_the_window_goes_through(kafka: str) -> None:
    log = KafkaLog(kafka)
    topic = log.topic()
    body = bytes(1_000_000)
    log.write(*(Outgoing(topic, b"%d" % number, body) for number in range(40)))
    assert log.reader().bounds(TopicPartition(topic, 0)) == (0, 40)
    log.close()


def test_settings_name_what_is_wrong_and_hide_the_password() -> None:
    with pytest.raises(ValidationError, match="host:port"):
        KafkaSettings(bootstrap_servers="kafka")
    with pytest.raises(ValidationError, match="username"):
        KafkaSettings(security_protocol="SASL_SSL", sasl_mechanism="PLAIN")
    settings = KafkaSettings(
        bootstrap_servers="a:1, b:2",
        security_protocol="SASL_SSL",
        sasl_mechanism="PLAIN",
        username="u",
        password="s3cret",
    )
    assert "s3cret" not in repr(settings) + settings.model_dump_json()
    assert settings.client()["sasl_plain_password"] == "s3cret"
    assert settings.client()["bootstrap_servers"] == ["a:1", "b:2"]
