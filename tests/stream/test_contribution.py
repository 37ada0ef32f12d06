"""Models are mergeable: partitions together know what one partition would."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from stream.config import EngineConfig
from stream.contribution import Contribution, merge
from stream.engine import Engine
from stream.entries import Event, ModelAdopted, Tick
from stream.model import Model, learn
from stream.profiles.sample import priority
from tests.stream.fold import config, events
from tests.stream.merging import ItemsMerger

SETTINGS = config(learning={"every": 100})
PARTITIONS = 4


@cache
def shop() -> tuple[Event, ...]:
    return tuple(entry for entry in events(2_000, customers=120, seed=3) if isinstance(entry, Event))


@cache
def run(partitions: int, settings: EngineConfig = SETTINGS) -> tuple[Model, list[Engine], list[Contribution]]:
    """The shop over some partitions, a model learnt and adopted each 200 events, and read at one common clock."""
    engines = [Engine(settings) for _ in range(partitions)]
    merger, model = ItemsMerger(settings.recommend), Model()
    packed: list[bytes | None] = [None] * partitions
    for start in range(0, len(shop()), 200):
        for number, engine in enumerate(engines):
            part = [event for event in shop()[start : start + 200] if priority(event.customer) % partitions == number]
            for event in part:
                _, delta = engine.apply([event])
                packed[number] = delta.scalars.get("contribution", packed[number])
        known = [one for one in packed if one is not None]
        if known:
            counts = [engine.recommender.rows() for engine in engines]
            together = merge([Contribution.unpack(one) for one in known])
            items = merger.merge(counts, model.items, together.rankers)
            model = learn(together, items, model, settings)
            for engine in engines:
                engine.apply([ModelAdopted(model)])
    clock = max(engine.clock for engine in engines)
    for engine in engines:
        engine.apply([Tick(clock)])
    return model, engines, [engine.contribution() for engine in engines]


def test_four_partitions_sample_the_customers_that_one_does() -> None:
    """Exactly: same customers, same rows, at the same clock."""
    alone, together = run(1)[2][0], merge(run(PARTITIONS)[2])
    assert together.customers == alone.customers > SETTINGS.segments.sample
    assert together.priorities.tolist() == alone.priorities.tolist()
    assert together.ids == alone.ids
    assert [priority(customer) for customer in together.ids] == together.priorities.tolist()
    np.testing.assert_array_equal(together.rows, alone.rows)
    assert together.entries == alone.entries


def test_four_partitions_learn_the_segments_that_one_does() -> None:
    """From the same sample, the same segments."""
    alone, together = (learn(merge(run(count)[2]), None, Model(), SETTINGS).segments for count in (1, PARTITIONS))
    assert alone is not None
    assert together is not None
    np.testing.assert_array_equal(alone.centres, together.centres)
    assert alone.names == together.names


def test_four_partitions_score_as_one_does() -> None:
    """Classifiers are averaged, so they agree within a tolerance: rank correlation at least .8."""
    (one, engines, _), (four, _, _) = run(1), run(PARTITIONS)
    rows = engines[0].customers.read(list(engines[0].customers), engines[0].clock)
    scores = []
    for model in (one, four):
        assert model.segments is not None
        scores.append(
            model.propensity["orders_again"].predict_proba_many(model.segments.scaling.standardise_many(rows))
        )
    ranks = [np.argsort(np.argsort(score)) for score in scores]
    assert np.corrcoef(ranks[0], ranks[1])[0, 1] >= 0.8


def test_four_partitions_count_the_pairs_that_one_does() -> None:
    neighbours = []
    for count in (1, PARTITIONS):
        engines = run(count)[1]
        counts = [engine.recommender.rows() for engine in engines]
        neighbours.append(ItemsMerger(SETTINGS.recommend).merge(counts, None).neighbours)
    one, four = neighbours
    assert one.keys() == four.keys()
    for item, near in one.items():
        assert dict(four[item]) == pytest.approx(dict(near), rel=1e-5)


def test_merging_is_associative_and_commutative() -> None:
    a, b, c, d = run(PARTITIONS)[2]
    results = [merge([a, b, c, d]), merge([d, b, a, c]), a.merge(b).merge(c.merge(d))]
    for other in results[1:]:
        assert other.priorities.tolist() == results[0].priorities.tolist()
        np.testing.assert_array_equal(other.rows, results[0].rows)
        assert (other.clock, other.entries, other.customers) == (
            results[0].clock,
            results[0].entries,
            results[0].customers,
        )
        assert other.tally.pack() == results[0].tally.pack()
        ours, theirs = (one.propensity["orders_again"].part.mean.weights for one in (other, results[0]))
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_a_contribution_survives_packing() -> None:
    one = run(1)[2][0]
    assert Contribution.unpack(one.pack()).pack() == one.pack()
