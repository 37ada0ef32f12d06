"""A worker halts where most records are no events: nothing is lost, and it goes on when the cause is mended."""

from __future__ import annotations

import re

import pytest

from stream.errors import TooManyRejected
from stream.records import Outgoing
from tests.consumers.world import RECORDS, kill_at
from tests.stream import fold

BAD = [Outgoing("", b"k", b'{"type": "track"', timestamp=fold.START)] * 60
LIMIT = {"rejected_of": 100, "rejected_least": 20}


def test_a_bad_deploy_halts_and_after_the_fix_it_goes_on(world):
    world.load([*RECORDS[:100], *BAD])
    worker = world.worker(**LIMIT)
    with pytest.raises(TooManyRejected) as caught:
        worker.drain()
    worker.close()
    said = str(caught.value)
    assert "not_json" in said
    assert "--allow-rejected" in said
    offset = int(re.search(r"offset (\d+) of partition 0", said)[1])
    assert offset >= 100

    before = world.store.position(0)
    assert before[0] <= offset  # the batch is not in the store, nor on a topic
    letters = len(world.read("dead_letters"))
    assert letters < 20 + 2
    with pytest.raises(TooManyRejected):
        world.run(**LIMIT)
    assert world.store.position(0)[0] == before[0]
    assert len(world.read("dead_letters")) == letters

    hashes = world.run(max_rejected=0.0)
    other = world.same()
    other.load([*RECORDS[:100], *BAD])
    assert hashes == other.run(max_rejected=0.0)
    assert world.outputs() == other.outputs()
    assert len(world.read("dead_letters")) >= len(BAD)


def test_settings_that_refuse_what_is_right_are_mended_and_nothing_is_lost(world):
    """As if the settings had been right from the beginning."""
    right = world.config
    wrong = right.model_copy(update={"events": right.events.model_copy(update={"max_bytes": 190})})
    records = [*RECORDS[:60], *(record._replace(value=record.value + b" " * 200) for record in RECORDS[60:])]
    world.load(records)
    world.config = wrong
    with pytest.raises(TooManyRejected, match="too_large"):
        world.run(**LIMIT)
    world.config = right
    hashes = world.run(**LIMIT)
    other = world.same()
    other.load(records)
    assert hashes == other.run()
    assert world.outputs() == other.outputs()


def test_a_supervisor_that_starts_it_again_and_again_lets_none_through(here):
    here.load([*RECORDS[:100], *BAD])
    with pytest.raises(TooManyRejected):
        here.run(batch=7, **LIMIT)
    letters = len(here.read("dead_letters"))
    for _ in range(3):
        with pytest.raises(TooManyRejected, match="1 of the last 1 records"):
            here.run(batch=1, **LIMIT)
    assert len(here.read("dead_letters")) == letters
    here.run(max_rejected=0.0)
    letters = len(here.read("dead_letters"))
    here.load(BAD[:5])
    here.run(batch=1, **LIMIT)  # it has gone on meanwhile: a few are not judged any more
    assert len(here.read("dead_letters")) == letters + 5


def test_a_worker_that_halted_may_go_on_itself_without_losing_what_it_had_polled(here):
    here.load([*RECORDS[:10], *BAD])
    worker = here.worker(batch=200, **LIMIT)
    for _ in range(2):
        with pytest.raises(TooManyRejected):
            worker.drain()
        assert not worker.engines  # what was folded is forgotten
    assert here.store.position(0) is None
    worker.close()


def test_few_bad_records_among_many_or_at_first_do_not_halt(here):
    here.load([*BAD[:19], *RECORDS[:200], *BAD[:19], *RECORDS[200:]])
    here.run(**LIMIT)
    assert len(here.read("dead_letters")) == 19 + 19 + 2


@pytest.mark.parametrize("batch", [1, 7])
def test_small_batches_halt_as_well(here, batch):
    """One bad record after the other, among good ones before: what was committed lately counts."""
    here.load([*RECORDS[:100], *BAD])
    with pytest.raises(TooManyRejected):
        here.run(batch=batch, **LIMIT)
    assert 20 <= len(here.read("dead_letters")) <= 60


def test_records_of_an_aborted_batch_are_counted_once(here):
    here.load([*BAD[:15], *RECORDS[:5]])
    here.killed("stored", **LIMIT)
    here.run(**LIMIT)
    assert len(here.read("dead_letters")) == 15


def test_old_records_do_not_count(here):
    here.load([*RECORDS[:10], *BAD[:15], *RECORDS[10:130], *BAD[:15], *RECORDS[130:]])
    here.run(kill_at("never"), batch=10, rejected_of=50, rejected_least=20, max_rejected=0.1)
    assert len(here.read("dead_letters")) == 32
