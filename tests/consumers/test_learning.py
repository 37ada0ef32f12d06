"""Models: learnt from what partitions contribute, adopted at boundaries, journaled and published."""

from __future__ import annotations

import pytest

from consumers.models import ModelLog
from stream.errors import Mismatch, Unreachable
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


def test_similar_items_are_in_the_store(world):
    world.load(RECORDS)
    worker = world.worker()
    worker.drain()
    similar = worker.engines[0].model.items.neighbours
    assert similar
    for item, near in similar.items():
        assert dict(world.store.similar(item, 100)) == pytest.approx(dict(near))
    worker.close()


def test_popular_items_are_in_the_store(world):
    world.load(RECORDS)
    worker = world.worker()
    worker.drain()
    popular = worker.engines[0].model.items.popular
    assert len(popular) > 10
    assert world.store.popular(100) == sorted(popular, key=lambda pair: (pair[1], pair[0]), reverse=True)
    assert world.store.popular(3) == world.store.popular(100)[:3]
    worker.close()


@pytest.mark.parametrize("after", [False, True])
def test_similar_items_are_all_there_after_the_store_broke_while_they_were_written(world, monkeypatch, after):
    """Each time: no item stays as an older model had it, also where later models say the same of it."""
    publish, calls = world.store.publish_similar, []

    def breaking(neighbours):
        calls.append(neighbours)
        if len(calls) % 2:
            publish(neighbours if after else dict(list(neighbours.items())[:3]))
            raise Unreachable("the store does not answer")
        publish(neighbours)

    monkeypatch.setattr(world.store, "publish_similar", breaking)
    world.load(RECORDS)
    worker = world.worker()
    worker.drain()
    similar = worker.engines[0].model.items.neighbours
    everything = {item for neighbours in calls for item in neighbours}
    for item in everything:
        assert dict(world.store.similar(item, 100)) == pytest.approx(dict(similar.get(item, {})))
    worker.close()


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
