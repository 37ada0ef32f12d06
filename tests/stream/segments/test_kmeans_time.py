"""StreamKMeans that forgets by event time: late rows, any cut, merging."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stream.segments.kmeans import StreamKMeans
from stream.segments.times import seconds

Array = NDArray[np.float64]

HOUR = timedelta(hours=1)
START = datetime(2024, 3, 1, tzinfo=UTC)


def state(model: StreamKMeans) -> str:
    return json.dumps(model.to_dict())


def faded_mean(X: Array, hours: Array, half_life: float) -> Array:
    """Mean of rows that count half after each half-life, as of the latest one."""
    return np.average(X, axis=0, weights=2.0 ** ((hours - hours.max()) / half_life))


def stretch(rows: int, seed: int = 0) -> tuple[Array, Array]:
    """Rows, and the hours at which they happened; some come late."""
    rng = np.random.default_rng(seed)
    return rng.random((rows, 3)), np.arange(rows) / 10 - np.where(rng.random(rows) < 0.1, rng.exponential(20, rows), 0)


def one_cluster(X: Array, hours: Array) -> StreamKMeans:
    model = StreamKMeans(1, half_life=5 * HOUR, warm_up=20, chunk=10)
    model.learn_many(X, t=hours * 3600)
    return model


def test_a_row_counts_by_its_age_also_when_it_comes_late() -> None:
    X, hours = stretch(500)
    center = list(one_cluster(X, hours).centers[0].values())
    assert center == pytest.approx(faded_mean(X, hours, 5.0).tolist(), abs=1e-9)


def test_a_long_silence_forgets() -> None:
    model = StreamKMeans(1, half_life=HOUR, warm_up=10, chunk=10)
    model.learn_many(np.zeros((100, 1)), t=np.zeros(100))
    model.learn_many(np.ones((10, 1)), t=np.full(10, 20 * 3600.0))
    assert model.centers[0][0] == pytest.approx(1.0, abs=1e-4)
    assert model.weights[0] == pytest.approx(10, abs=1e-3)
    model.learn_many(np.zeros((10, 1)), t=np.full(10, 1e9))  # after which all that was before is nothing
    assert model.centers[0][0] == 0.0


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(0, 300), max_size=6), seed=st.integers(0, 3))
def test_any_cut_is_the_same_as_row_by_row(cuts: list[int], seed: int) -> None:
    X, hours = stretch(300, seed)
    when = [START + timedelta(hours=hour) for hour in hours.tolist()]
    params: dict[str, Any] = {"n_clusters": 3, "warm_up": 40, "chunk": 32, "half_life": 3 * HOUR}
    one, many = StreamKMeans(**params), StreamKMeans(**params)
    for row, moment in zip(X.tolist(), when, strict=True):
        one.learn_one(dict(enumerate(row)), t=moment)
    stamps = np.array([moment.replace(tzinfo=None) for moment in when], dtype="datetime64[us]")
    for start, end in pairwise([0, *sorted(cuts), 300]):
        many.learn_many(X[start:end], t=stamps[start:end])
    assert state(one) == state(many)


@pytest.mark.parametrize("half_life", [5 * HOUR, 50.0], ids=["time", "rows"])
def test_one_cluster_merged_of_many_is_the_mean_of_all(half_life: timedelta | float) -> None:
    X, hours = stretch(600)
    params: dict[str, Any] = {"n_clusters": 1, "warm_up": 20, "chunk": 10, "half_life": half_life}
    parts = [StreamKMeans(**params) for _ in range(3)]
    for part, model in enumerate(parts):
        model.learn_many(X[part::3], t=hours[part::3] * 3600)
    merged, other = parts[0].merge(parts[1]).merge(parts[2]), parts[2].merge(parts[0].merge(parts[1]))
    assert list(merged.centers[0].values()) == pytest.approx(list(other.centers[0].values()), abs=1e-9)
    if isinstance(half_life, timedelta):
        weight = float((2.0 ** ((hours - hours.max()) / 5.0)).sum())
    else:
        weight = 3 * float((2.0 ** (-np.arange(200) / 50)).sum())
    assert merged.weights[0] == pytest.approx(weight)


def test_a_saved_model_goes_on_exactly() -> None:
    X, hours = stretch(333)
    model = StreamKMeans(3, half_life=HOUR, warm_up=60, chunk=50)
    model.learn_many(X[:100], t=hours[:100] * 3600)
    again = StreamKMeans.from_dict(json.loads(state(model)))
    assert again.half_life == HOUR
    for either in (model, again):
        either.learn_many(X[100:], t=hours[100:] * 3600)
    assert state(model) == state(again)


@pytest.mark.parametrize(
    ("t", "says"),
    [
        (None, "needs its time"),
        (float("nan"), "finite"),
        (np.datetime64("NaT"), "finite"),
        ("2024-03-01", "datetimes or seconds"),
        ([1.0, 2.0], "shape"),
    ],
)
def test_a_bad_time_is_refused_and_nothing_learnt(t: Any, says: str) -> None:
    model = StreamKMeans(half_life=HOUR)
    before = state(model)
    with pytest.raises(ValueError, match=says):
        model.learn_one({"x": 1.0}, t=t)
    with pytest.raises(ValueError, match=says):
        model.learn_many(np.ones((3, 1)), t=None if t is None else [t, t, t])
    assert state(model) == before


def test_rows_need_no_time_where_they_are_counted() -> None:
    model, timed = StreamKMeans(1, warm_up=5), StreamKMeans(1, warm_up=5)
    model.learn_many(np.arange(10.0)[:, None])
    timed.learn_many(np.arange(10.0)[:, None], t=["whatever"] * 10)
    assert state(model) == state(timed)


def test_a_time_without_a_zone_is_utc_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/Lima")
    time.tzset()
    try:
        lima = timezone(timedelta(hours=-5))
        values = [datetime(2024, 3, 1, 5), datetime(2024, 3, 1, tzinfo=lima), datetime(2024, 3, 1, 5, tzinfo=UTC)]
        assert len(set(seconds(values).tolist())) == 1
    finally:
        monkeypatch.undo()
        time.tzset()
