"""The checker finds what it is there to find: topics of a run without faults, and each kind of damage done to them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from stream.engine import Engine
from stream.records import Outgoing, TopicPartition
from stream.store.memory import MemoryStore
from tests.chaos.checker import Findings, compare, invariants
from tests.chaos.load import Load
from tests.chaos.reference import fold
from tests.chaos.twin import uninterrupted
from tests.chaos.watch import Seen
from tests.consumers.world import World
from tests.logs.harness import MemoryLog
from tests.stream.fold import config

PARTITIONS = 2
Contents = dict[tuple[str, int], list[Seen]]


@pytest.fixture(scope="module")
def world() -> World:
    """A run that nothing has interrupted."""
    made = World(MemoryLog(), MemoryStore(), partitions=PARTITIONS)
    load = Load(1, PARTITIONS)
    records = [load.next() for _ in range(500)] + load.poison(10)
    made.load(Outgoing("", one.key, one.value, (), one.partition, one.timestamp) for one in records)
    made.run()
    return made


@pytest.fixture
def contents(world: World) -> Contents:
    """All that is in its topics."""
    found: Contents = {}
    reader = world.log.reader()
    for name in [name for field, name in world.topics if field != "prefix"]:
        for partition in range(reader.partitions(name)):
            at = TopicPartition(name, partition)
            records = reader.read(at, *reader.bounds(at))
            found[name, partition] = [
                Seen(one.offset, one.timestamp, one.key, one.value, one.headers) for one in records
            ]
    return found


def check(world: World, contents: Contents) -> Findings:
    findings = Findings()
    invariants(world.topics, contents, findings)
    reference = fold(world.config, world.topics, contents, PARTITIONS)
    findings.wrong += reference.wrong
    compare(world.topics, reference.outputs, contents, findings)
    return findings


def test_nothing_is_wrong_with_a_run_without_faults(world, contents):
    findings = check(world, contents)
    assert findings.wrong == []
    assert findings.messages > 300
    expected = fold(world.config, world.topics, contents, PARTITIONS)
    assert expected.lists == [dict(world.store.lists(one)) for one in range(PARTITIONS)]
    assert all(expected.lists)
    assert expected.hashes == [Engine(world.config, world.store.load(one)).state_hash() for one in range(PARTITIONS)]
    for field in ("segment_changes", "recommendations", "segments", "metrics", "models", "dead_letters"):
        assert any(records for (topic, _), records in contents.items() if topic == getattr(world.topics, field)), field


def _lose(records: list[Seen]) -> None:
    del records[len(records) // 2]


def _double(records: list[Seen]) -> None:
    records.insert(len(records) // 2, records[len(records) // 2])


def _reorder(records: list[Seen]) -> None:
    place = len(records) // 2
    records[place - 1], records[place] = records[place], records[place - 1]


def _change(records: list[Seen]) -> None:
    records[-1] = records[-1]._replace(value=(records[-1].value or b"") + b" ")


@pytest.mark.parametrize("field", ["segment_changes", "recommendations", "metrics", "dead_letters"])
@pytest.mark.parametrize(
    ("damage", "kind"), [(_lose, "lost"), (_double, "doubled"), (_reorder, "reordered"), (_change, "different")]
)
def test_damage_to_a_message_is_found(
    world: World, contents: Contents, field: str, damage: Callable[[list[Seen]], None], kind: str
):
    topic = getattr(world.topics, field)
    partition = max(range(PARTITIONS), key=lambda number: len(contents.get((topic, number), [])))
    damage(contents[topic, partition])
    findings = check(world, contents)
    counts = {name: getattr(findings, name) for name in ("lost", "doubled", "reordered", "different")}
    assert counts.pop(kind) == 1
    assert not any(counts.values())


def test_a_gap_in_a_journal_is_found(world, contents):
    del contents[world.topics.journal, 1][0]
    assert "journal 1: the numbers are not 1 to" in " ".join(check(world, contents).wrong)


def test_a_decision_that_moved_is_found(world, contents):
    """As if a worker had adopted a model elsewhere than it says."""
    records = contents[world.topics.journal, 0]
    decision = json.loads(records[1].value or b"{}")
    decision["position"] += 7
    records[1] = records[1]._replace(value=json.dumps(decision).encode())
    assert check(world, contents)


def test_a_model_of_other_contributions_is_found(world, contents):
    records = contents[world.topics.journal, 0]
    decision = json.loads(records[-1].value or b"{}")
    decision["merged"] = json.loads(records[-2].value or b"{}")["merged"]
    records[-1] = records[-1]._replace(value=json.dumps(decision).encode())
    assert "is not what its contributions give" in " ".join(check(world, contents).wrong)


def test_a_run_that_nothing_interrupts_decides_alike(contents, world):
    """With one model, adopted before the others have an event, all is decided by the log."""
    settings = config(learning={"every": 10_000})
    outputs, hashes = uninterrupted(settings, world.topics, contents, PARTITIONS, 50)
    again = fold(settings, world.topics, {**contents, **_without_decisions(world)}, PARTITIONS)
    assert again.hashes == hashes
    assert {at: found for at, found in outputs.items() if at[0] == world.topics.dead_letters and found}


def _without_decisions(world: World) -> Contents:
    topics = world.topics
    return {(topics.models, 0): [], **{(topics.journal, partition): [] for partition in range(PARTITIONS)}}
