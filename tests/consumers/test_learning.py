"""Models: learnt from what partitions contribute, adopted at boundaries, journaled and published."""

from __future__ import annotations

import pytest

from consumers.models import ModelLog
from stream.errors import Mismatch
from stream.evaluate.measure import metrics
from stream.updates import MetricsMeasured
from tests.consumers.world import RECORDS, journal
from tests.stream import fold


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
    told = [MetricsMeasured.model_validate_json(record.value) for record in world.read("metrics")]
    assert told == [metrics(models(entry.version, entry.digest)) for entry in entries]
    assert told[-1].recommendations.since_start.trials > 0


def test_large_models_are_written_in_parts(here, monkeypatch):
    monkeypatch.setattr("consumers.models._PART", 1_000)
    here.load(RECORDS)
    here.run()
    last = journal(here)[-1]
    assert len(here.read("models")) > 12
    assert all(len(record.value) <= 1_000 for record in here.read("models"))
    assert ModelLog(here.log.reader(), here.topics)(last.version, last.digest).digest == last.digest


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
