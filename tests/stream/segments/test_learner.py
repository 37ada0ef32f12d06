"""Segments learnt from samples: good, alive, durable, and the same for any order of rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise

import msgpack
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from stream.config import EngineConfig
from stream.segments.algorithms.base import FLOOR
from stream.segments.learner import learn
from stream.segments.model import SegmentsModel

Array = NDArray[np.float64]
Make = Callable[..., Array]
Config = Callable[..., EngineConfig]


def learn_all(samples: list[Array], config: EngineConfig) -> list[SegmentsModel]:
    models: list[SegmentsModel] = []
    for rows in samples:
        model = learn(rows, config, models[-1] if models else None)
        assert model is not None
        models.append(model)
    return models


def batch_error(model: SegmentsModel, rows: Array) -> float:
    X = model.scaling.transform_many(rows)
    return float(KMeans(len(model.ids), n_init=10, random_state=0).fit(X).inertia_)


def test_there_are_no_segments_before_enough_customers(customers: Make, config: Config) -> None:
    assert learn(customers(249), config(), None) is None
    assert learn(customers(250), config(), None) is not None
    assert learn(customers(250), config(k=20, sample=250), None) is not None  # no sample can be larger


@pytest.mark.parametrize("seed", range(4))
def test_skewed_customers_give_live_segments_near_batch_kmeans(seed: int, customers: Make, config: Config) -> None:
    rows = customers(4_000, seed)
    model = learn(rows, config(), None)
    assert model is not None
    assert model.ids == ("s1", "s2", "s3", "s4", "s5")
    assert list(model.sizes) == sorted(model.sizes, reverse=True)
    assert sum(model.sizes) == 4_000
    assert min(model.shares) >= FLOOR
    assert model.sse <= 1.02 * batch_error(model, rows)
    best, d2 = model.predict_many(rows)
    assert np.bincount(best).tolist() == list(model.sizes)
    assert d2.min(axis=1).sum() == pytest.approx(model.sse)


def test_a_handful_of_outliers_is_no_segment(config: Config) -> None:
    rng = np.random.default_rng(0)
    rows = np.column_stack([rng.random((1_000, 4)), np.zeros(1_000)])
    rows[:9] += 0.9
    model = learn(rows, config(k=8), None)
    assert model is not None
    assert len(model.ids) == 8
    assert min(model.shares) >= FLOOR


def test_the_order_of_rows_does_not_matter(customers: Make, config: Config) -> None:
    rows, later = customers(1_000), customers(1_200)
    one = learn_all([rows, later], config())[-1]
    two = learn_all([rows[::-1], later[np.random.default_rng(0).permutation(1_200)]], config())[-1]
    assert one.to_dict() == two.to_dict()


def test_without_drift_ids_and_names_stay(customers: Make, config: Config) -> None:
    models = learn_all([customers(2_000, seed) for seed in range(20)], config())
    renamed = sum(
        before.name(segment) != after.name(segment) for before, after in pairwise(models[2:]) for segment in after.ids
    )
    assert {model.ids for model in models[2:]} == {models[2].ids}
    assert renamed <= 0.1 * 17 * 5
    assert all(len(set(model.names)) == 5 for model in models)
    assert all(min(model.shares) >= FLOOR for model in models)


def test_learning_again_from_the_same_sample_changes_nobody(customers: Make, config: Config) -> None:
    rows = customers(2_000)
    first, second = learn_all([rows, rows], config())
    assert (first.predict_many(rows)[0] == second.predict_many(rows)[0]).mean() > 0.99


def test_centres_follow_a_drift_and_keep_their_ids(customers: Make, config: Config) -> None:
    def later(step: int) -> Array:
        rows = customers(2_000, step)
        rows[:, 2] *= 1.1**step  # prices rise
        return rows

    models = learn_all([later(step) for step in range(12)], config(seed=1))
    assert models[-1].ids == models[3].ids
    assert models[-1].sse <= 1.08 * batch_error(models[-1], later(11))


def test_a_kind_that_vanishes_dies_and_a_new_one_is_born(config: Config) -> None:
    rng = np.random.default_rng(0)

    def kinds(middles: list[float]) -> Array:
        rows = np.repeat(middles, 300)[:, None] + rng.normal(0, 0.1, (300 * len(middles), 1))
        return np.column_stack([np.zeros((len(rows), 4)), rows])

    settings = config(k=3, half_life=0.5)
    before, *_, after = learn_all([kinds([0, 2, 10])] + [kinds([0, 5.5, 10])] * 8, settings)
    gone = [segment for segment in before.ids if segment not in after.ids]
    assert len(gone) == 1
    assert after.name(gone[0]) == before.name(gone[0])  # receipts can still say it
    assert [segment for segment in after.ids if segment not in before.ids] == [f"s{after.next_id - 1}"]
    middles = np.sort(after.scaling.inverse(after.centres)[:, 4])
    assert middles == pytest.approx([0, 5.5, 10], abs=0.2)


def test_a_better_solution_is_taken_when_the_old_one_is_stuck(blobs: Make, config: Config) -> None:
    rows = np.column_stack([blobs(2_000, 0.03, d=4, k=5), np.zeros(2_000)])
    good = learn(rows, config(), None)
    assert good is not None
    values = good.to_dict()
    values["centres"] = (np.array(values["centres"])[[0, 0, 0, 1, 2]] + np.linspace(0, 0.01, 5)[:, None]).tolist()
    values["points"] = values["centres"]
    stuck = SegmentsModel.from_dict(values)
    again = learn(rows, config(half_life=100.0), stuck)
    assert again is not None
    assert again.sse <= 1.02 * good.sse
    assert again.next_id > stuck.next_id


@pytest.mark.parametrize(("k", "then"), [(3, 6), (6, 3)])
def test_another_k_keeps_the_ids_it_can(k: int, then: int, customers: Make, config: Config) -> None:
    rows = customers(2_000)
    first = learn(rows, config(k=k), None)
    second = learn(rows, config(k=then), first)
    assert second is not None
    assert len(second.ids) == then
    assert second.next_id >= k + 1
    assert set(second.ids) & set(first.ids if first else ())


def test_other_features_start_afresh_with_new_ids(customers: Make, config: Config) -> None:
    rows, settings = customers(500), config()
    first = learn(rows, settings, None)
    fewer = EngineConfig(features=settings.features[:4], segments=settings.segments)
    second = learn(rows[:, :4], fewer, first)
    assert second is not None
    assert second.ids == ("s6", "s7", "s8", "s9", "s10")


def test_fewer_distinct_customers_give_fewer_segments(config: Config) -> None:
    rows = np.repeat([[1.0, 1, 10, 3, 0], [300.0, 1, 10, 3, 0], [1.0, 30, 900, 3, 0]], 100, axis=0)
    first = learn(rows, config(), None)
    assert first is not None
    assert first.sizes == (100, 100, 100)
    second = learn(rows, config(), first)
    assert second is not None
    assert second.ids == first.ids


@pytest.mark.parametrize("value", [np.nan, 1.0])
def test_customers_who_are_all_the_same_are_one_segment(value: float, config: Config) -> None:
    model = learn(np.full((300, 5), value), config(), None)
    assert model is not None
    assert (model.ids, model.names, model.sizes, model.sse) == (("s1",), ("Average",), (300,), 0.0)


def test_contributions_sum_to_the_margin(customers: Make, config: Config) -> None:
    rows = customers(500)
    model = learn(rows, config(), None)
    assert model is not None
    _, d2 = model.predict_many(rows)
    scaled = model.scaling.transform_many(rows)
    for row in range(20):
        assert model.contributions(scaled[row], 1, 3).sum() == pytest.approx(d2[row, 3] - d2[row, 1], abs=1e-12)


def test_a_model_is_frozen_and_survives_json_and_msgpack(customers: Make, config: Config) -> None:
    model = learn_all([customers(500), customers(600)], config())[-1]
    for values in (json.loads(json.dumps(model.to_dict())), msgpack.unpackb(msgpack.packb(model.to_dict()))):
        again = SegmentsModel.from_dict(values)
        assert again.to_dict() == model.to_dict()
        assert again.predict_many(customers(50))[1].tobytes() == model.predict_many(customers(50))[1].tobytes()
    with pytest.raises(ValueError, match="read-only"):
        model.centres[0, 0] = 1.0
