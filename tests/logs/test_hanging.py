"""Transactions that a broker has left open though they are over: nobody waits for them for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka import TopicPartition as KafkaPartition
from kafka.producer.transaction_manager import TransactionalRequestResult, TxnOffsetCommitHandler
from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata

from consumers.writers import Writers, open_writer, transactional_id
from eddyline.testing.servers import LocalKafka
from producers.kafka import KafkaTransactionalSink
from stream.errors import Aborted, Fenced, Unreachable
from stream.records import Outgoing, TopicPartition
from tests.logs.harness import KafkaLog, Member, poll_until, values
from tests.servers import missing

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """A broker that takes what comes after the end of its transaction."""
    server = LocalKafka(quick=True, properties="transaction.partition.verification.enable=false\n")
    try:
        server.start()
    except Unreachable as reason:
        server.close()
        missing(reason)
    yield server.address
    server.close()


@pytest.fixture
def log(broker: str) -> Iterator[KafkaLog]:
    log = KafkaLog(broker)
    log.settings = log.settings.model_copy(update={"timeout": 15_000})
    yield log
    log.close()


class Place:
    """A group on one topic, that writes another."""

    def __init__(self, log: KafkaLog) -> None:
        self.log, self.group = log, log.name("group")
        self.events, self.output = log.topic(), log.topic(2)
        log.outputs = [self.output]
        self.admin = log._kept(KafkaAdminClient(**log.settings.client()))

    def sink(self, name: str) -> KafkaTransactionalSink:
        """As a worker opens it."""
        sink: KafkaTransactionalSink = self.log._kept(
            open_writer(self.log.settings, self.group, name, self.log.outputs)
        )
        return sink

    def member(self, name: str) -> Member:
        member = Member(self.log, self.events, self.group, name=name)
        poll_until([member], lambda: bool(member.owned))
        return member

    def write(self, sink: KafkaTransactionalSink, offset: int, end: Callable[[], None]) -> None:
        """A transaction with a record and an offset."""
        sink.begin()
        sink.send([Outgoing(self.output, b"k", str(offset).encode(), (), 0)])
        sink.send_offsets({TopicPartition(self.events, 0): offset}, ConsumerGroupMetadata(self.group, -1, "", None))
        end()

    def hang(self, sink: KafkaTransactionalSink, offset: int, *, offsets: bool = True) -> None:
        """Have the same arrive after the end: Kafka's coordinator does not know of it, and will write no markers."""
        manager: Any = sink._manager
        while self.admin.list_transactions(state_filters=["Ongoing", "PrepareCommit", "PrepareAbort"])[1]:
            pass
        sink.begin()
        manager._partitions_in_transaction.add(KafkaPartition(self.output, 0))
        sink.send([Outgoing(self.output, b"k", str(offset).encode(), (), 0)])
        sink.flush()
        if offsets:
            wanted = {KafkaPartition(self.events, 0): OffsetAndMetadata(offset, "", -1)}
            result = TransactionalRequestResult()
            manager._pending_txn_offset_commits.update(wanted)
            group = ConsumerGroupMetadata(self.group, -1, "", None)
            with manager._lock:
                manager._enqueue_request(TxnOffsetCommitHandler(manager, group, wanted, result))
            sink._producer._sender.wakeup()
            assert result.wait(15_000)
        sink._abort()  # which the client keeps to itself, since nothing was begun
        assert self.log.read(self.output)[-1].value != str(offset).encode()

    def found(self, member: Member) -> tuple[int | None, list[bytes | None]]:
        """What offset the group has, and what a reader sees of the output."""
        return member.source.committed(0), values(self.log.read(self.output))


@pytest.fixture
def place(log: KafkaLog) -> Place:
    return Place(log)


@pytest.mark.parametrize("committed", [True, False])
def test_the_next_owner_ends_it_as_it_was_ended(place: Place, committed: bool) -> None:
    dead = place.sink("dead")
    place.write(dead, 1, dead.commit)
    place.write(dead, 2, dead.commit if committed else dead.abort)
    place.hang(dead, 3)
    assert place.found(place.member("next")) == ((3, [b"1", b"2", b"3"]) if committed else (1, [b"1"]))


def test_it_is_aborted_where_nobody_knows_any_more_how_it_was_ended(place: Place) -> None:
    dead = place.sink("dead")
    place.write(dead, 1, dead.commit)
    place.hang(dead, 2)
    KafkaTransactionalSink(place.log.settings, transactional_id(place.group, "dead")).close()
    assert place.found(place.member("next")) == (1, [b"1"])


@pytest.mark.parametrize("committed", [True, False])
def test_a_worker_ends_its_own_when_it_starts_over(place: Place, committed: bool) -> None:
    member, sink = place.member("own"), place.sink("own")
    place.write(sink, 1, sink.commit)
    place.write(sink, 2, sink.commit if committed else sink.abort)
    place.hang(sink, 3)
    with pytest.raises(Aborted):
        member.source.committed(0)
    sink.abort()
    assert place.found(member) == ((3, [b"1", b"2", b"3"]) if committed else (1, [b"1"]))
    place.write(sink, 4, sink.commit)
    assert place.found(member)[0] == 4


def test_a_worker_ends_its_own_when_it_was_restarted_under_its_name(place: Place) -> None:
    before = place.sink("own")
    place.write(before, 1, before.commit)
    place.hang(before, 2)
    place.sink("own")
    assert place.found(place.member("own")) == (2, [b"1", b"2"])


def test_readers_of_an_output_do_not_wait_either(place: Place) -> None:
    dead = place.sink("dead")
    place.write(dead, 1, dead.commit)
    place.hang(dead, 2, offsets=False)
    place.member("next")
    assert values(place.log.read(place.output)) == [b"1", b"2"]


def test_a_member_is_given_time_to_end_its_own(place: Place) -> None:
    place.member("alive")
    alive, other = place.sink("alive"), place.sink("other")
    place.write(alive, 1, alive.commit)
    place.hang(alive, 2)
    writers = Writers(place.log.settings, place.group, "next", place.log.outputs)
    assert writers.fence_dead() == []
    assert writers.fence_dead() == ["alive"]
    assert writers.fence_dead() == []
    writers.close()
    with pytest.raises(Fenced):
        place.write(alive, 3, alive.commit)
    place.write(other, 4, other.commit)
    assert values(place.log.read(place.output)) == [b"1", b"2", b"4"]


def test_that_of_another_group_is_left_to_it(place: Place) -> None:
    other = place.log._kept(KafkaTransactionalSink(place.log.settings, transactional_id("others", "dead")))
    place.write(other, 1, other.commit)
    place.hang(other, 2, offsets=False)
    place.member("next")
    assert values(place.log.read(place.output)) == [b"1"]
