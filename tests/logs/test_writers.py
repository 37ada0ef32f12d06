"""Transactions of workers that have died are ended by the next owner, and nobody else's are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from consumers.writers import Writers, transactional_id
from producers.sink import TransactionalSink
from stream.errors import Fenced, Unreachable
from stream.records import Outgoing, TopicPartition
from tests.logs.harness import KafkaLog, Member, poll_until, values

pytestmark = pytest.mark.kafka


@pytest.fixture
def log(kafka: str) -> Iterator[KafkaLog]:
    log = KafkaLog(kafka)
    # Kafka itself ends none of the transactions below while the test runs, and nobody waits long for that.
    log.settings = log.settings.model_copy(update={"transaction_timeout": 900_000, "timeout": 15_000})
    yield log
    log.close()


def _write(log: KafkaLog, topic: str, group: str, name: str) -> TransactionalSink:
    """A transaction that is open, with a record in it."""
    sink = log.transactional(transactional_id(group, name))
    sink.begin()
    sink.send([Outgoing(topic, b"k", name.encode())])
    sink.flush()
    return sink


def _member(log: KafkaLog, topic: str, group: str, name: str) -> Member:
    member = Member(log, topic, group, name=name)
    poll_until([member], lambda: bool(member.owned))
    return member


def test_only_what_the_dead_of_the_group_have_left_open_is_aborted(log: KafkaLog) -> None:
    topic, group = log.topic(), log.name("group")
    _member(log, topic, group, "alive")
    alive, dead = _write(log, topic, group, "alive"), _write(log, topic, group, "dead")
    others = [_write(log, topic, f"{group}:x", "dead"), _write(log, topic, f"x{group}", "dead")]
    writers = Writers(log.settings, group, "alive")
    assert writers.fence_dead() == ["dead"]
    assert writers.fence_dead() == []
    writers.close()
    for sink in (alive, *others):
        sink.commit()
    with pytest.raises(Fenced):
        dead.commit()
    assert values(log.read(topic)) == [b"alive", b"dead", b"dead"]


def test_who_is_no_member_fences_nobody(log: KafkaLog) -> None:
    """One that was thrown out cannot tell who is dead."""
    topic, group = log.topic(), log.name("group")
    sink = _write(log, topic, group, "dead")
    writers = Writers(log.settings, group, "outside")
    assert writers.fence_dead() == []
    writers.close()
    sink.commit()


def test_offsets_of_a_dead_writer_are_known_when_partitions_are_assigned(log: KafkaLog) -> None:
    topic, group = log.topic(), log.name("group")
    dead = _member(log, topic, group, "dead")
    sink = _write(log, topic, group, "dead")
    sink.send_offsets({TopicPartition(topic, 0): 7}, dead.source.group_metadata())
    dead.source.close()
    assert _member(log, topic, group, "next").source.committed(0) is None


def test_offsets_are_known_when_their_writer_dies_while_they_are_waited_for(log: KafkaLog) -> None:
    """It was still a member when the partitions were assigned: handed over in the middle of its transaction."""
    topic, group = log.topic(2), log.name("group")
    first = _member(log, topic, group, "first")
    sink = _write(log, topic, group, "first")
    sink.send_offsets({TopicPartition(topic, partition): 7 for partition in range(2)}, first.source.group_metadata())
    second = Member(log, topic, group, name="second")
    poll_until([first, second], lambda: bool(second.owned))
    (partition,) = second.owned
    log.settings = log.settings.model_copy(update={"timeout": 2_500})
    with pytest.raises(Unreachable):
        Member(log, topic, group, name="third").source.committed(partition)
    first.source.close()
    assert second.source.committed(partition) is None
