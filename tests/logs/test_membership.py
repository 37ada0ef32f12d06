"""How a Kafka group hands partitions over: cooperatively, and to static members."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from stream.errors import Aborted, DeploymentError, Fenced
from stream.records import TopicPartition
from tests.logs.harness import KafkaLog, Member, poll_until

pytestmark = pytest.mark.kafka


@pytest.fixture
def log(kafka: str) -> Iterator[KafkaLog]:
    log = KafkaLog(kafka)
    yield log
    log.close()


def _member(log: KafkaLog, topic: str, group: str, **settings: Any) -> Member:
    log.settings = log.settings.model_copy(update=settings)
    return Member(log, topic, group)


def test_cooperative_members_keep_what_does_not_move(log: KafkaLog) -> None:
    topic, group = log.topic(4), log.name("group")
    first = _member(log, topic, group, assignment="cooperative")
    poll_until([first], lambda: len(first.owned) == 4)
    second = _member(log, topic, group)
    poll_until([first, second], lambda: len(first.owned) == len(second.owned) == 2)
    assert first.owned | second.owned == set(range(4))
    assert first.events[1:] == [("revoked", second.owned)]
    second.source.close()
    poll_until([first], lambda: len(first.owned) == 4)
    assert first.events[2:] == [("assigned", second.owned)]


def test_a_cooperative_member_without_partitions_is_a_member(log: KafkaLog) -> None:
    topic, group = log.topic(), log.name("group")
    first = _member(log, topic, group, assignment="cooperative")
    poll_until([first], lambda: bool(first.owned))
    idle = _member(log, topic, group)
    poll_until([first, idle], lambda: _in(idle))
    assert first.owned == {0}


def test_a_cooperative_member_that_was_thrown_out_claims_nothing(log: KafkaLog) -> None:
    """Back again, it takes no partition from its new owner, who never loses one."""
    topic, group = log.topic(2), log.name("group")
    zombie = _member(log, topic, group, assignment="cooperative", max_poll_interval=5_000)
    poll_until([zombie], lambda: len(zombie.owned) == 2)
    owner = _member(log, topic, group, max_poll_interval=60_000)
    poll_until([owner], lambda: len(owner.owned) == 2)
    owner.events.clear()
    poll_until([zombie, owner], lambda: len(zombie.owned) == len(owner.owned) == 1)
    assert owner.events == [("revoked", zombie.owned)]


def test_workers_with_another_assignment_are_refused(log: KafkaLog) -> None:
    topic, group = log.topic(), log.name("group")
    first = _member(log, topic, group, assignment="cooperative")
    poll_until([first], lambda: bool(first.owned))
    other = _member(log, topic, group, assignment="eager")
    with pytest.raises(DeploymentError, match=r"another kafka\.assignment"):
        poll_until([first, other], lambda: bool(other.owned))


def test_a_session_that_brokers_do_not_allow_is_refused(log: KafkaLog) -> None:
    member = _member(log, log.topic(), log.name("group"), session_timeout=3_600_000)
    with pytest.raises(DeploymentError, match=r"kafka\.session_timeout"):
        poll_until([member], lambda: bool(member.owned))


def test_a_static_member_that_is_restarted_has_its_partitions_back(log: KafkaLog) -> None:
    topic, group = log.topic(4), log.name("group")
    members = [_member(log, topic, group, group_instance_id=name) for name in ("a", "b")]
    poll_until(members, lambda: all(len(member.owned) == 2 for member in members))
    for member in members:
        member.events.clear()
    members[1].source.close()
    again = _member(log, topic, group)
    poll_until([again], lambda: bool(again.owned))
    assert again.owned | members[0].owned == set(range(4))
    members[0].poll()
    assert members[0].events == []


def test_of_two_with_one_name_the_older_is_fenced(log: KafkaLog) -> None:
    topic, group = log.topic(), log.name("group")
    older = _member(log, topic, group, group_instance_id="a")
    poll_until([older], lambda: bool(older.owned))
    newer = _member(log, topic, group)
    poll_until([newer], lambda: bool(newer.owned))
    sink = log.transactional()
    sink.begin()
    with pytest.raises(Fenced, match=r"kafka\.group_instance_id"):
        sink.send_offsets({TopicPartition(topic, 0): 1}, older.source.group_metadata())


def _in(member: Member) -> bool:
    try:
        return bool(member.source.group_metadata())
    except Aborted:
        return False
