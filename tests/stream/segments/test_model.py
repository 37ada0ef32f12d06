"""How rows are measured by segments of one prototype, of several, and of outliers."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.preprocessing.pipeline import Preprocessing
from stream.preprocessing.settings import Measured
from stream.segments.drift import Drift
from stream.segments.model import SegmentsModel

D = 4


def model(owners: list[int], noise: float | None = None, seed: int = 0) -> SegmentsModel:
    """Segments with these prototypes, at random places; with outliers, one place more than the owners say."""
    points = np.random.default_rng(seed).random((len(owners), D))
    k = max(len(set(owners)) + (noise is not None), max(owners, default=-1) + 1)
    return SegmentsModel(
        features=tuple("abcd"),
        scaling=Preprocessing.fit(points, [Measured(name=name) for name in "abcd"]),
        centres=np.full((k, D), 0.5),
        points=points,
        owners=np.array(owners, dtype=np.intp),
        noise=noise,
        weights=np.ones(k),
        ids=tuple(f"s{place + 1}" for place in range(k)),
        names=tuple(f"n{place}" for place in range(k)),
        marks=((),) * k,
        sizes=(1,) * k,
        shares=(1 / k,) * k,
        sse=0.0,
        next_id=k + 1,
        learnt=1,
        retired={},
        drift=Drift.begin(np.zeros((1, D))),
        why="Learnt.",
    )


MODELS = [
    model([0, 1, 2]),
    model([0, 0, 0, 1, 2, 2]),
    model([0, 1, 1], noise=0.05),  # as many prototypes as segments
    model([1, 1, 2], noise=0.05),  # outliers come first
    model([0, 2], noise=0.3),
    model([], noise=0.1),
]


def plain(segments: SegmentsModel, row: np.ndarray) -> list[float]:
    """The definition, spelled out."""
    out = []
    for place in range(len(segments.ids)):
        own = segments.points[segments.owners == place]
        out.append(min((float(((row - point) ** 2).sum()) for point in own), default=segments.noise))
    return out


@pytest.mark.parametrize("segments", MODELS)
def test_a_row_is_as_far_as_the_nearest_prototype(segments: SegmentsModel) -> None:
    rows = np.random.default_rng(1).random((3_000, D))
    d2 = segments.measure(rows)
    assert d2[:50] == pytest.approx(np.array([plain(segments, row) for row in rows[:50]]), abs=1e-12)
    one_by_one = np.concatenate([segments.measure(row[None]) for row in rows[:100]])
    assert one_by_one.tobytes() == d2[:100].tobytes()
    assert segments.measure(rows[1_000:]).tobytes() == d2[1_000:].tobytes()


@pytest.mark.parametrize("segments", MODELS)
@given(row=st.lists(st.floats(0, 1), min_size=D, max_size=D).map(np.array), data=st.data())
def test_contributions_sum_to_the_margin(segments: SegmentsModel, row: np.ndarray, data: st.DataObject) -> None:
    a, b = (data.draw(st.integers(0, len(segments.ids) - 1)) for _ in range(2))
    d2 = segments.measure(row[None])[0]
    assert segments.contributions(row, a, b).sum() == pytest.approx(d2[b] - d2[a], abs=1e-12)


def test_gaps_lie_between_the_nearest_prototypes() -> None:
    segments = model([1, 1, 2], noise=0.07)
    between = min(float(((segments.points[2] - point) ** 2).sum()) for point in segments.points[:2])
    assert segments.gaps() == pytest.approx(np.array([[0, 0.07, 0.07], [0.07, 0, between], [0.07, between, 0]]))


def test_a_row_far_from_all_prototypes_is_an_outlier() -> None:
    segments = model([0, 0, 2], noise=0.01)
    assert segments.outliers == 1
    assert segments.measure(segments.points).argmin(axis=1).tolist() == [0, 0, 2]
    assert segments.measure(np.full((1, D), 9.0)).argmin() == 1


@pytest.mark.parametrize("segments", MODELS)
def test_survives_json(segments: SegmentsModel) -> None:
    again = SegmentsModel.from_dict(json.loads(json.dumps(segments.to_dict())))
    assert again.to_dict() == segments.to_dict()
    rows = np.random.default_rng(2).random((20, D))
    assert again.measure(rows).tobytes() == segments.measure(rows).tobytes()
    with pytest.raises(ValueError, match="read-only"):
        again.owners[:] = 0
    assert dataclasses.replace(again, noise=again.noise).outliers == segments.outliers
