"""What a worker makes of the events while nothing dies, and what stops it."""

from __future__ import annotations

import random

import pytest

from consumers.clock import ManualClock
from consumers.journal import JournalEntry, interleave
from consumers.models import ModelLog
from producers.encode import encode
from producers.kafka_client import MAX_RECORD_BYTES
from producers.topics import Topics
from stream.engine import Engine
from stream.events import decode as decode_event
from stream.records import Outgoing, TopicPartition
from stream.store.memory import MemoryStore
from tests.consumers.world import DAY, RECORDS, World, journal
from tests.logs.harness import KafkaLog
from tests.stream import fold


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


def test_totals(here):
    here.load(RECORDS)
    worker = here.worker()
    assert worker.drain() == len(RECORDS)
    assert worker.totals["records"] == len(RECORDS)
    assert worker.totals["EventRejected"] == 2
    assert worker.totals["SegmentChanged"] == len(here.read("segment_changes"))


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
