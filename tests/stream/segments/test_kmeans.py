"""StreamKMeans: River's conventions, cuts, merging, drift, and how near it is to batch k-means."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from river import checks, compose, datasets, preprocessing
from river.checks import common
from sklearn.cluster import KMeans

from stream.preprocessing.pipeline import Preprocessing
from stream.preprocessing.settings import Measured
from stream.segments.kmeans import StreamKMeans
from stream.segments.lloyd import assign

Array = NDArray[np.float64]

# What River runs on data sets for every estimator; it has no data set of its own for clusterers.
ON_DATA = [
    common.check_learn_one,
    common.check_pickling,
    common.check_shuffle_features_no_impact,
    common.check_emerging_features,
    common.check_disappearing_features,
    common.check_radically_disappearing_features,
    common.check_no_state_aliasing_with_input,
    common.check_clone_is_independent,
    common.check_seeding_is_idempotent,
    common.check_bounded_memory_growth,
    common.check_predict_one_before_any_learn,
    common.check_predict_one_pure,
]


def centres(model: StreamKMeans) -> Array:
    return np.array([list(center.values()) for center in model.centers.values()])


def ratio(X: Array, model: StreamKMeans) -> float:
    """Sum of squared errors, relative to batch k-means on the same rows."""
    best = KMeans(model.n_clusters, n_init=10, random_state=0).fit(X).inertia_
    return float(assign(X, centres(model))[1].sum() / best)


def learnt(X: Array, **params: Any) -> StreamKMeans:
    model = StreamKMeans(**params)
    model.learn_many(X)
    return model


def state(model: StreamKMeans) -> str:
    return json.dumps(model.to_dict())


def test_rivers_checks_pass() -> None:
    checks.check_estimator(StreamKMeans())


@pytest.mark.parametrize("check", ON_DATA, ids=lambda check: check.__name__)
def test_rivers_checks_on_data_pass(check: Callable[..., None]) -> None:
    rows = list(datasets.Phishing().take(1_000))
    check(StreamKMeans(n_clusters=3, warm_up=20, chunk=8), rows)


def test_rivers_check_of_batches_passes() -> None:
    pytest.importorskip("pandas")
    common.check_learn_many_matches_learn_one(
        StreamKMeans(n_clusters=3, warm_up=20, chunk=8), list(datasets.Phishing().take(60))
    )


def test_it_ends_a_river_pipeline() -> None:
    pipeline = compose.Pipeline(preprocessing.MinMaxScaler(), StreamKMeans(n_clusters=3, warm_up=50))
    labels = []
    for x, _ in datasets.Phishing().take(300):
        labels.append(pipeline.predict_one(x))
        pipeline.learn_one(x)
    assert labels[0] == -1
    assert set(labels[100:]) == {0, 1, 2}


@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(0, 400), max_size=8), data=st.data())
def test_any_cut_is_the_same_as_row_by_row(cuts: list[int], data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 5)))
    X, w = rng.random((400, 3)), rng.random(400)
    X[rng.random(X.shape) < 0.1] = np.nan
    params: dict[str, Any] = {"n_clusters": 3, "warm_up": 40, "chunk": 32, "half_life": 100.0}
    one, many = StreamKMeans(**params), StreamKMeans(**params)
    for row, weight in zip(X.tolist(), w.tolist(), strict=True):
        one.learn_one(dict(enumerate(row)), weight)
    bounds = [0, *sorted(cuts), 400]
    for start, end in pairwise(bounds):
        if data.draw(st.booleans()):
            many.learn_many(X[start:end], w[start:end])
        else:
            many.learn_many([dict(enumerate(row)) for row in X[start:end].tolist()], w[start:end])
    assert state(one) == state(many)
    assert many.predict_many(X).tolist() == [one.predict_one(dict(enumerate(row))) for row in X.tolist()]


def test_a_frame_is_read_by_its_columns() -> None:
    class Frame:
        columns = ("b", "a")

        def __len__(self) -> int:
            return 60

        def to_numpy(self) -> Array:
            return np.random.default_rng(0).random((60, 2))

    frame, model = Frame(), StreamKMeans(n_clusters=2, warm_up=60)
    model.learn_many(frame)
    twin = StreamKMeans(n_clusters=2, warm_up=60)
    twin.learn_many([{"a": a, "b": b} for b, a in frame.to_numpy().tolist()])
    assert state(model) == state(twin)
    assert model.predict_many(frame).tolist() == [model.predict_one({"b": b, "a": a}) for b, a in frame.to_numpy()]


@pytest.mark.parametrize("shape", ["blobs", "overlapping", "skewed"])
def test_it_is_within_2_per_cent_of_batch_kmeans(
    shape: str, blobs: Callable[..., Array], customers: Callable[..., Array]
) -> None:
    if shape == "skewed":
        rows = customers(10_000)
        X = Preprocessing.fit(rows, [Measured(name=name, log=name != "e") for name in "abcde"]).transform_many(rows)
    else:
        X = blobs(10_000, 0.05 if shape == "blobs" else 0.25)
    model = learnt(X)
    assert ratio(X, model) <= 1.02
    assert min(model.weights.values()) > 0.01 * np.mean(list(model.weights.values()))


def test_four_merged_are_as_good_as_one(blobs: Callable[..., Array]) -> None:
    X = blobs(8_000, 0.25)
    one, *others = [learnt(X[part::4]) for part in range(4)]
    for other in others:
        one = one.merge(other)
    assert ratio(X, one) <= 1.02 * ratio(X, learnt(X))


@pytest.mark.parametrize("rows", [30, 70, 1_000])
def test_merging_is_associative_and_commutative(rows: int, blobs: Callable[..., Array]) -> None:
    a, b, c = (learnt(blobs(rows, 0.1, d=3, seed=seed), n_clusters=3, warm_up=100, chunk=64) for seed in range(3))
    before = state(a)
    one, two, three = a.merge(b).merge(c), c.merge(a).merge(b), a.merge(b.merge(c))
    assert state(a) == before
    for other in (two, three):
        assert centres(one) == pytest.approx(centres(other), abs=1e-9)
        one.learn_many(blobs(200, 0.1, d=3))
        other.learn_many(blobs(200, 0.1, d=3))
        assert centres(one) == pytest.approx(centres(other), abs=1e-9)
        one = a.merge(b).merge(c)


def test_only_like_models_merge() -> None:
    with pytest.raises(ValueError, match="same parameters"):
        StreamKMeans(seed=1).merge(StreamKMeans(seed=2))


def test_merging_models_of_other_features_knows_both() -> None:
    rng = np.random.default_rng(0)
    one = learnt(rng.random((100, 2)), n_clusters=2, warm_up=50)
    two = StreamKMeans(n_clusters=2, warm_up=50)
    two.learn_many([{1: x, 2: y} for x, y in rng.random((100, 2)).tolist()])
    merged = one.merge(two)
    assert list(merged.centers[0]) == [0, 1, 2]
    assert np.isfinite(centres(merged)).all()


def test_it_follows_a_drift(blobs: Callable[..., Array]) -> None:
    X = 0.5 * blobs(20_000, 0.05)
    X[:, 0] += np.linspace(0, 0.5, len(X))
    X[:, 1] += np.where(np.arange(len(X)) > 10_000, 0.3, 0.0)
    recent = X[-2_000:]
    assert ratio(recent, learnt(X, half_life=1_000.0)) <= 1.08
    assert ratio(recent, learnt(X, half_life=None)) > 1.2


def test_a_cluster_that_nobody_joins_any_more_starts_anew() -> None:
    rng = np.random.default_rng(0)
    kinds = np.array([[0.1, 0.1], [0.9, 0.1], [0.1, 0.9]])
    first = kinds[rng.integers(0, 3, 600)] + rng.normal(0, 0.02, (600, 2))
    then = np.array([[0.1, 0.1], [0.9, 0.1], [0.9, 0.5]])[rng.integers(0, 3, 6_000)] + rng.normal(0, 0.02, (6_000, 2))
    model = learnt(np.concatenate([first, then]), n_clusters=3, half_life=300.0)
    assert min(model.weights.values()) > 0.25 * max(model.weights.values())
    assert ratio(then, model) <= 1.02


@pytest.mark.parametrize("value", [np.nan, None, np.inf, -np.inf, 1e300])
def test_what_is_no_number_is_missing(value: float | None) -> None:
    model = learnt(np.random.default_rng(0).random((600, 2)))
    for _ in range(300):
        model.learn_one({0: value, 1: 0.5})
    assert ((centres(model) >= 0) & (centres(model) <= 1)).all()
    assert model.predict_one({0: value, 1: 0.5}) == model.predict_one({1: 0.5})


def test_a_row_of_weight_3_is_three_rows() -> None:
    X = np.random.default_rng(0).random((50, 2))
    heavy = StreamKMeans(n_clusters=1, warm_up=50, half_life=None)
    heavy.learn_many(X, np.where(X[:, 0] > 0.5, 3.0, 1.0))
    expected = np.average(X, axis=0, weights=np.where(X[:, 0] > 0.5, 3.0, 1.0))
    assert centres(heavy)[0] == pytest.approx(expected)


def test_a_row_of_weight_0_changes_nothing() -> None:
    model = StreamKMeans()
    before = state(model)
    model.learn_one({"x": 1.0}, 0.0)
    model.learn_many(np.ones((3, 2)), [0.0, 0.0, 0.0])
    assert state(model) == before


@pytest.mark.parametrize("w", [-1.0, np.nan, np.inf])
def test_bad_weights_are_refused(w: float) -> None:
    with pytest.raises(ValueError, match="weights"):
        StreamKMeans().learn_one({"x": 1.0}, w)
    with pytest.raises(ValueError, match="weights"):
        StreamKMeans().learn_many(np.ones((2, 1)), [1.0, w])


@pytest.mark.parametrize("params", [{"n_clusters": 0}, {"half_life": 0.0}, {"warm_up": 0}, {"chunk": 0}])
def test_bad_parameters_are_refused(params: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        StreamKMeans(**params)


@pytest.mark.parametrize("rows", [10, 100, 333])
def test_a_saved_model_goes_on_exactly(rows: int, blobs: Callable[..., Array]) -> None:
    X = blobs(1_000, 0.1)
    model = learnt(X[:rows], n_clusters=3, warm_up=60, chunk=50)
    again = StreamKMeans.from_dict(json.loads(state(model)))
    model.learn_many(X[rows:])
    again.learn_many(X[rows:])
    assert state(model) == state(again)
