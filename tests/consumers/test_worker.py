"""What a worker does while nothing dies: learns, lets time pass, shares partitions, and refuses what does not fit."""

from __future__ import annotations

import json
import logging
import random
from collections import Counter
from datetime import datetime

import pytest

from consumers.clock import ManualClock
from consumers.journal import JournalEntry, decode, interleave
from consumers.models import ModelLog
from producers.encode import encode
from producers.kafka_client import MAX_RECORD_BYTES
from producers.topics import Topics
from stream.engine import Engine
from stream.errors import Mismatch, MissingTopic
from stream.events import decode as decode_event
from stream.records import Outgoing, TopicPartition
from stream.store.memory import MemoryStore
from tests.consumers.world import World, shop
from tests.logs.harness import KafkaLog, MemoryLog
from tests.stream import fold

RECORDS = shop()
DAY = 86_400


def journal(world: World, partition: int = 0) -> list:
    return [decode(record) for record in world.read("journal", partition)]


def test_events_and_journal_are_all_that_a_replay_needs(world):
    """The engine, given the log in another process, comes to the same state and says the same, byte for byte."""
    world.load(RECORDS)
    clock = ManualClock()
    worker = world.worker(clock=clock, tick_every=1_000)
    worker.drain()
    clock.sleep(40 * DAY)
    worker.run_once()
    events = [decode_event(record, world.config.events) for record in world.read("events")]
    models = ModelLog(world.log.reader(), world.topics)
    entries = [
        item.entry(models) if isinstance(item, JournalEntry) else item for item in interleave(events, journal(world))
    ]
    engine = Engine(world.config)
    updates, _ = engine.apply(entries)
    assert engine.state_hash() == worker.engines[0].state_hash()
    for field in ("segment_changes", "propensity_scores", "recommendations"):
        topic = getattr(world.topics, field)
        said = [encode(update, world.topics) for update in updates]
        assert [out.value for out in said if out.topic == topic] == [record.value for record in world.read(field)]
    worker.close()


@pytest.mark.parametrize("batch", [1, 7, 1_000])
def test_poll_size_makes_no_difference(here, batch):
    here.load(RECORDS)
    other = here.same()
    other.load(RECORDS)
    assert here.run() == other.run(batch=batch)
    assert here.outputs() == other.outputs()


def test_models_are_adopted_at_boundaries_and_journaled(world):
    world.load(RECORDS)
    world.run()
    entries = journal(world)
    assert [entry.number for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert [entry.version for entry in entries] == [1, 2, 3, 4, 5, 6]
    offsets = [record.offset for record in world.read("events")]
    assert [entry.position for entry in entries] == [offsets[60 * n - 1] + 1 for n in range(1, 7)]
    assert [dict(entry.merged) for entry in entries] == [{0: 60 * n} for n in range(1, 7)]
    models = ModelLog(world.log.reader(), world.topics)
    for entry in (*entries, entries[2]):
        model = models(entry.version, entry.digest)
        assert (model.version, model.digest) == (entry.version, entry.digest)
    with pytest.raises(Mismatch, match="not in topic"):
        models(3, "0" * 32)
    with pytest.raises(Mismatch, match="not in topic"):
        models(7, entries[0].digest)
    assert world.store.shared("model") == models(6, entries[-1].digest).packed
    assert [record.key for record in world.read("segments")] == [b"segments"] * 6


def test_large_models_are_written_in_parts(here, monkeypatch):
    monkeypatch.setattr("consumers.models._PART", 1_000)
    here.load(RECORDS)
    here.run()
    last = journal(here)[-1]
    assert len(here.read("models")) > 12
    assert all(len(record.value) <= 1_000 for record in here.read("models"))
    assert ModelLog(here.log.reader(), here.topics)(last.version, last.digest).digest == last.digest


def test_similar_items_are_in_the_store(world):
    world.load(RECORDS)
    worker = world.worker()
    worker.drain()
    similar = worker.engines[0].model.items.neighbours
    assert similar
    for item, near in similar.items():
        assert dict(world.store.similar(item, 100)) == pytest.approx(dict(near))
    worker.close()


def test_quiet_customers_leave_without_an_event(world):
    world.load(RECORDS)
    clock = ManualClock()
    worker = world.worker(clock=clock, tick_every=10_000)
    worker.drain()
    before, start = len(world.read("segment_changes")), worker.engines[0].clock
    for _ in range(60):
        clock.sleep(5 * DAY)
        worker.run_once()
    worker.close()
    changes = [json.loads(record.value) for record in world.read("segment_changes")[before:]]
    assert changes
    assert {change["cause"]["kind"] for change in changes} == {"time"}
    ticks = [entry for entry in journal(world) if entry.kind == "tick"]
    assert [entry.time for entry in ticks] == [start + 5_000 * DAY * n for n in range(1, 61)]


def test_time_moves_by_what_has_passed_here(here):
    """History that is loaded stays in its time; nothing moves before the first event, or while records wait."""
    clock = ManualClock()
    worker = here.worker(clock=clock, tick_every=10_000)
    worker.run_once()
    clock.sleep(DAY)
    worker.run_once()
    assert journal(here) == []
    here.load(RECORDS[:50])
    clock.sleep(DAY)
    worker.drain()
    assert journal(here) == []
    clock.sleep(9.9)
    worker.run_once()
    assert journal(here) == []
    start = worker.engines[0].clock
    clock.sleep(0.1)
    worker.run_once()
    assert [entry.time - start for entry in journal(here)] == [10_000]


def test_four_partitions_give_the_same_profiles_as_one(make):
    accumulators = []
    for partitions in (1, 4):
        world = make(partitions=partitions)
        world.load(RECORDS)
        worker = world.worker()
        worker.drain()
        accumulators.append(
            {
                profile.customer: (profile.slots.tobytes(), profile.last, profile.bought, profile.added)
                for engine in worker.engines.values()
                for profile in engine.customers
            }
        )
        assert all(engine.model.version == worker.engines[0].model.version for engine in worker.engines.values())
        assert worker.engines[0].model.version >= 1
        worker.close()
    assert accumulators[0] == accumulators[1]


def test_a_model_is_in_its_topic_before_another_partition_names_it(make):
    world = make(partitions=3)
    world.load(RECORDS)
    world.run()
    models = ModelLog(world.log.reader(), world.topics)
    adopted = [entry for partition in range(3) for entry in journal(world, partition)]
    assert {entry.kind for entry in adopted} == {"adopt"}
    for entry in adopted:
        models(entry.version, entry.digest)
    published = {record.key for record in world.read("models")}
    assert len(published) == len(journal(world, 0))


def test_two_workers_share_partitions(make):
    """They learn from one another, hand over, and lose or repeat nothing."""
    world = make(partitions=4)
    first, second = world.worker(id=world.log.name("id")), world.worker(id=world.log.name("id"))
    world.load(RECORDS[:200])
    first.drain()
    assert len(first.engines) == 4
    for _ in range(100):
        first.run_once()
        second.run_once()
        if len(first.engines) == len(second.engines) == 2:
            break
    assert not first.engines.keys() & second.engines.keys()
    world.load(RECORDS[200:])
    for _ in range(4):
        first.drain()
        second.drain()
    versions = {engine.model.version for worker in (first, second) for engine in worker.engines.values()}
    assert len(versions) == 1
    first.close()
    for _ in range(100):
        second.run_once()
        if len(second.engines) == 4:
            break
    second.drain()
    assert sum(engine.entries for engine in second.engines.values()) == len(RECORDS)
    second.close()
    for partition in range(4):
        numbers = [entry.number for entry in journal(world, partition)]
        assert numbers == list(range(1, len(numbers) + 1))
    rebuilt = Counter()
    for field in ("segment_changes", "propensity_scores", "recommendations"):
        for partition in range(4):
            rebuilt.update(dict(record.headers)["ce_id"] for record in world.read(field, partition))
    assert max(rebuilt.values()) == 1


def test_partitions_that_come_back_are_not_loaded_again(here, caplog):
    """A rebalance that changes nothing costs no recovery."""
    caplog.set_level(logging.INFO, "consumers")
    here.load(RECORDS[:100])
    worker = here.worker()
    worker.drain()
    engine = worker.engines[0]
    other = here.log.source(here.group)
    other.subscribe(here.topics.events, lambda partitions: None, lambda partitions: None)
    worker.run_once()
    here.load(RECORDS[100:])
    worker.drain()
    assert worker.engines[0] is engine
    assert engine.entries == len(RECORDS)
    assert "the group takes back partition 0" in caplog.messages
    assert any(message.endswith("nobody had it in between") for message in caplog.messages)


def test_dead_letters_keep_the_original_bytes(world):
    bad = [
        Outgoing("", b"\xff\x00", b"\xfe\xfdnot json", timestamp=fold.START),
        Outgoing("", None, b"[1]", timestamp=fold.START),
        Outgoing("", b"k", None, timestamp=fold.START),
    ]
    world.load([*RECORDS[:5], *bad, *RECORDS[8:20]])
    world.run()
    letters = world.read("dead_letters")
    assert [(letter.key, letter.value) for letter in letters[:3]] == [(one.key, one.value) for one in bad]
    headers = [dict(letter.headers) for letter in letters[:3]]
    assert [header["eddyline-code"] for header in headers] == [b"not_json", b"not_object", b"tombstone"]
    assert [header["eddyline-source-offset"] for header in headers] == [b"5", b"6", b"7"]


@pytest.mark.kafka
@pytest.mark.redis
def test_a_record_as_large_as_its_topic_takes_stops_nothing(kafka):
    """Topics that somebody else has made: one takes giants, the other only what any topic takes."""
    log = KafkaLog(kafka)
    topics = Topics(prefix=f"{log.name('t')}.")
    log.admin().create(topics.events, 1)
    log.admin().create(topics.dead_letters, 1, settings={"max.message.bytes": "1048588"})
    world = World(log, MemoryStore(), topics)
    world.load([Outgoing("", b"k", random.Random(1).randbytes(MAX_RECORD_BYTES - 1_000)), *RECORDS[:5]])
    assert world.run()
    (letter,) = world.read("dead_letters")
    assert dict(letter.headers)["eddyline-code"] == b"too_large"
    log.close()


def test_stop_finishes_the_batch_and_leaves(here):
    here.load(RECORDS)

    def probe(point: str) -> None:
        if point == "applied":
            worker.stop()

    worker = here.worker(probe)
    worker.run()
    assert here.store.position(0) == (60, 0)
    here.run()
    other = here.same()
    other.load(RECORDS)
    other.run()
    assert here.outputs() == other.outputs()


def test_a_jump_of_the_clock_is_warned_of_once(here, caplog):
    """One event of another year makes everybody of its partition seem gone; many days in one batch do not."""
    here.load(RECORDS)
    late = json.loads(next(record.value for record in RECORDS if b'"userId"' in record.value))
    for year in ("2040", "2041"):
        late |= {"messageId": year, "timestamp": f"{year}-01-01T00:00:00Z"}
        time = int(datetime.fromisoformat(late["timestamp"]).timestamp()) * 1_000
        here.load([Outgoing("", late["userId"].encode(), json.dumps(late).encode(), timestamp=time)])
    here.run()
    (warning,) = (record.getMessage() for record in caplog.records if record.levelno == logging.WARNING)
    assert f"offset {len(RECORDS)} " in warning
    assert "to 2040-01-01T00:00:00.000Z" in warning


def test_totals(here):
    here.load(RECORDS)
    worker = here.worker()
    assert worker.drain() == len(RECORDS)
    assert worker.totals["records"] == len(RECORDS)
    assert worker.totals["EventRejected"] == 2
    assert worker.totals["SegmentChanged"] == len(here.read("segment_changes"))


def test_a_topic_is_missing():
    log = MemoryLog()
    world = World(log, MemoryStore())
    worker = world.worker()
    worker._topics = world.topics.model_copy(update={"models": "elsewhere"})
    with pytest.raises(MissingTopic, match="'elsewhere' does not exist; `eddyline topics create`"):
        worker.run_once()


def test_partition_counts_differ(here):
    here.run()
    other = World(MemoryLog(), here.store, here.topics, partitions=2)
    with pytest.raises(Mismatch, match="partitions"):
        other.worker().run_once()
    name = here.log.topic(3)
    here.topics = here.topics.model_copy(update={"journal": name})
    with pytest.raises(Mismatch, match="must have the same number"):
        here.worker().run_once()


@pytest.mark.parametrize(
    ("setting", "other"),
    [
        ("features", {"features": fold.config().features[:-1]}),
        (r"recommend\.half_life.*\(2592000000 ms\)", {"recommend": {"half_life": "60d"}}),
        (r"propensity\.event.*\(Order Completed\)", {"propensity": {"event": "Order Refunded"}}),
        (r"propensity\.horizon", {"propensity": {"horizon": "7d"}}),
    ],
)
def test_settings_that_the_state_is_made_of_differ(here, setting, other):
    here.run()
    here.config = fold.config(**other)
    with pytest.raises(Mismatch, match=setting):
        here.worker().run_once()


def test_words_and_limits_may_change(here):
    here.load(RECORDS[:200])
    here.run()
    features = [feature.model_copy(update={"high": "much", "unit": "x"}) for feature in here.config.features]
    here.config = fold.config(
        features=features,
        segments={"k": 4, "warm_up": 20, "sample": 32, "quiet_check": "3d", "hysteresis": 0.2},
        recommend={"count": 5, "neighbours": 20, "served": 5},
        propensity={"step": 0.2, "bands": (0.1, 0.9), "min_examples": 5},
        events={"remember": 10},
    )
    here.load(RECORDS[200:])
    assert here.run()


def test_events_that_left_the_log_are_not_waited_for(here):
    """A first start on a log whose oldest records are gone."""
    here.load(RECORDS)
    here.log.broker.trim(here.topics.events, 0, before=100)
    worker = here.worker()
    assert worker.drain() == len(RECORDS) - 100
    assert here.store.position(0)[0] == len(RECORDS)
    assert here.log.reader().bounds(TopicPartition(here.topics.events, 0)) == (100, 400)
    hashes = {0: worker.engines[0].state_hash()}
    worker.close()
    here.store.wipe(0)
    assert here.run() == hashes


@pytest.mark.parametrize("every", [20, 200])
@pytest.mark.parametrize("first", [50, 150])
def test_contributions_may_be_taken_more_often_or_more_rarely_than_before(here, first, every):
    """What a partition has contributed is what it did contribute, whatever the setting is now."""
    here.load(RECORDS[:first])
    here.run()
    learnt = len(journal(here))
    here.config = fold.config(learning={"every": every})
    worker = here.worker()
    for _ in range(5):
        worker.run_once()
    assert len(journal(here)) == learnt
    here.load(RECORDS[first:])
    worker.drain()
    assert len(journal(here)) > learnt
    worker.close()


def test_contributions_that_the_store_has_lost_make_no_model(here, monkeypatch):
    here.load(RECORDS[:59])
    worker = here.worker()
    worker.drain()
    scalar = here.store.scalar
    monkeypatch.setattr(here.store, "scalar", lambda at, name: None if name == "contribution" else scalar(at, name))
    here.load(RECORDS[59:70])
    for _ in range(5):
        worker.run_once()
    assert journal(here) == []
    monkeypatch.undo()
    worker.drain()
    assert len(journal(here)) == 1
    worker.close()
