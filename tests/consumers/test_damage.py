"""Stored state that is damaged, and topics that are not what they were: said in words, with what to do."""

from __future__ import annotations

import pytest
import redis

from consumers.shared import SharedModel
from stream.errors import Damaged, DeploymentError, EddylineError, Mismatch
from stream.records import Outgoing, TopicPartition
from stream.store.memory import MemoryStore
from stream.store.redis import RedisStore
from tests.consumers.conftest import uninterrupted
from tests.consumers.world import RECORDS, World, restore, snapshot
from tests.logs.harness import MemoryLog
from tests.stream.fold import START


@pytest.fixture
def run(here: World) -> World:
    """A deployment that has run over half of its events."""
    here.load(RECORDS[:200])
    here.run()
    return here


def refused(world: World, what: type[EddylineError], *words: str) -> None:
    """A new worker stops at its first cycle with a message that has these words and says what to do."""
    worker = world.worker()
    with pytest.raises(what) as error:
        worker.drain()
    for word in (*words, "store" if what is not DeploymentError else "refuses a command"):
        assert word in str(error.value)
    worker.close()


@pytest.mark.parametrize("part", ["profiles", "items"])
@pytest.mark.parametrize(
    "damage",
    [lambda packed: packed[:-9], lambda packed: b"", lambda packed: b"\xc1" + packed[1:3], lambda packed: b'{"a": 1}'],
    ids=["truncated", "empty", "no msgpack", "of another kind"],
)
def test_a_profile_or_an_item_is_damaged(run, part, damage):
    kept = snapshot(run.store)
    values = getattr(kept[0], part)
    name = sorted(values)[3]
    values[name] = damage(values[name])
    restore(run.store, kept)
    refused(run, Damaged, "Partition 0", repr(name), "cannot be read", "snapshot restore")


@pytest.mark.parametrize("name", ["position", "tally", "merged"])
def test_a_scalar_is_damaged(run, name):
    kept = snapshot(run.store)
    kept[0].scalars[name] = kept[0].scalars[name][:-1]
    restore(run.store, kept)
    refused(run, Damaged, f"the scalar {name!r} cannot be read")


def test_the_model_is_damaged(run):
    kept = snapshot(run.store)
    kept[0].scalars["model"] = kept[0].scalars["model"][:-100]
    restore(run.store, kept)
    refused(run, Damaged, "the model cannot be read")


@pytest.mark.parametrize("name", ["position", "model"])
def test_a_scalar_is_missing(run, name):
    kept = snapshot(run.store)
    del kept[0].scalars[name]
    restore(run.store, kept)
    refused(run, Damaged, f"the scalar {name!r} is missing")


def test_a_damaged_contribution_does_not_become_a_model():
    world = World(MemoryLog(), MemoryStore(), partitions=2)
    world.load([*RECORDS[:200], *(record._replace(partition=1) for record in RECORDS[:70])])
    world.run()
    kept = snapshot(world.store, 1)
    kept[0].scalars["contribution"] = kept[0].scalars["contribution"][:-50]
    restore(world.store, kept, 1)
    world.load([record._replace(partition=0) for record in RECORDS[200:]])
    refused(world, Damaged, "Partition 1: the contribution to the next model cannot be read")


def test_a_damaged_outbox_is_not_published(here):
    here.load(RECORDS)
    here.killed("stored", 2)
    delta, outbox = snapshot(here.store)
    restore(here.store, (delta, outbox[:-20]))
    before = here.outputs()
    refused(here, Damaged, "the outbox of the last batch cannot be read")
    assert here.outputs() == before


@pytest.mark.parametrize(("name", "value"), [("model", b"\x00"), ("model-version", b"x")])
def test_the_shared_model_is_damaged(name, value):
    store = MemoryStore()
    store.put_shared("model-version", b"99")
    store.put_shared(name, value)
    with pytest.raises(Damaged, match=r"The shared model.* cannot be read .* snapshot restore"):
        SharedModel(store).refresh()


@pytest.mark.redis
@pytest.mark.parametrize("key", ["profiles", "scalars", "epoch", "seen"])
def test_a_key_of_another_program_in_redis(redis_url, key):
    log = MemoryLog()
    prefix = log.name("prefix")
    with redis.Redis.from_url(redis_url) as client:
        world = World(log, RedisStore(client, "events", prefix=prefix))
        world.load(RECORDS[:100])
        world.run()
        name = f"{prefix}:{{events:0}}:{key}"
        client.delete(name)
        client.sadd(name, "foreign")
        world.load(RECORDS[100:])
        refused(world, DeploymentError, "WRONGTYPE")


@pytest.mark.parametrize("wiped", [False, True])
def test_the_events_topic_was_made_anew_with_fewer_records(run, wiped):
    """The group's offset lies behind the end: going on there, or from the first record, would both be wrong."""
    other = World(MemoryLog(), MemoryStore() if wiped else run.store, run.topics)
    other.group = run.group
    other.load(RECORDS[:50])
    _commit_offset(other, 200)
    refused(other, Mismatch, "the topic ends at offset 50", "made anew")


def test_the_groups_offset_lies_before_what_the_log_keeps(run):
    """The group was set back to 0 by hand, and the log begins later: the store knows better, and says so."""
    run.log.broker.trim(run.topics.events, 0, 100)
    _commit_offset(run, 0)
    refused(run, Mismatch, "Set the group's offset to 200")


def test_the_models_topic_was_emptied(run):
    """A store that has lost its state needs the models that were adopted, and finds none."""
    run.store.wipe(0)
    end = run.log.reader().bounds(TopicPartition(run.topics.models, 0))[1]
    run.log.broker.trim(run.topics.models, 0, end)
    refused_as = pytest.raises(Mismatch, match=r"Model 1 .* not in topic .*retention must be unlimited")
    worker = run.worker()
    with refused_as:
        worker.drain()
    worker.close()


def test_output_topics_of_other_partition_counts_are_written_by_key():
    """Readers find a customer's updates in one partition, in order; which one makes no difference to the worker."""
    log = MemoryLog()
    world = World(log, MemoryStore())
    counts = {"segment_changes": 3, "propensity_scores": 2, "recommendations": 5, "dead_letters": 4}
    names = {field: log.topic(count) for field, count in counts.items()}
    world.topics = world.topics.model_copy(update=names)
    world.load(RECORDS)
    hashes = world.run()
    expected, other = uninterrupted(world)
    assert hashes == other
    for field, count in counts.items():
        found = [record for partition in range(count) for record in world.read(field, partition)]
        wanted = expected.read(field)
        assert sorted(map(_told, found)) == sorted(map(_told, wanted))
        for partition in range(count):
            mine = [_told(record) for record in world.read(field, partition)]
            keys = {key for key, _ in mine}
            assert mine == [_told(record) for record in wanted if record.key in keys]


def test_a_compacted_events_topic_is_read_as_far_as_it_is_there(here):
    """Gaps in the offsets and tombstones are taken as they come; what was compacted away is lost to a rebuild."""
    here.load(RECORDS[:60])
    here.load([RECORDS[3]._replace(value=None)])
    here.load(RECORDS[60:120])
    here.run()
    (letter,) = [one for one in here.read("dead_letters") if dict(one.headers)["eddyline-code"] == b"tombstone"]
    assert dict(letter.headers)["eddyline-source-offset"] == b"60"
    assert here.store.position(0)[0] == 121


def test_a_broker_whose_clock_is_ahead_lets_the_clock_jump_and_says_so(here, caplog):
    """Records without a time of their own have the broker's: a year ahead, one moves the clock of its partition."""
    year = 365 * 86_400_000
    here.load(RECORDS[:50])
    value = b'{"type":"page","userId":"u1","messageId":"ahead"}'
    worker = here.worker()
    worker.drain()
    here.load([Outgoing("", b"u1", value, timestamp=START + year)])
    worker.drain()
    assert worker.engines[0].clock == START + year
    assert "moves the clock" in caplog.text
    worker.close()


def _told(record):
    return record.key, record.value


def _commit_offset(world: World, offset: int) -> None:
    """Set the group's offset, as an operator would with Kafka's tools."""
    source, sink = world.log.source(world.group), world.log.transactional()
    source.subscribe(world.topics.events, lambda partitions: None, lambda partitions: None)
    source.poll(1, 0)
    sink.begin()
    sink.send_offsets({TopicPartition(world.topics.events, 0): offset}, source.group_metadata())
    sink.commit()
    source.close()
