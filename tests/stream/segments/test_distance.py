"""Kernels: right, and bit for bit independent of the other rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.segments.distance import squared_distances
from stream.segments.lloyd import assign, best_of, lloyd, plusplus


@settings(max_examples=50)
@given(n=st.integers(1, 2_500), d=st.integers(1, 20), k=st.integers(1, 9), at=st.integers(0, 2_500))
def test_a_row_depends_on_itself_alone_to_the_last_bit(n: int, d: int, k: int, at: int) -> None:
    rng = np.random.default_rng([n, d, k])
    X, C, at = rng.random((n, d)), rng.random((k, d)), at % n
    every = squared_distances(X, C)
    assert every.flags.c_contiguous
    assert every[at].tobytes() == squared_distances(X[at : at + 1], C)[0].tobytes()
    labels, d2 = assign(X, C)
    assert labels[at] == every[at].argmin()
    assert d2[at] == every[at].min()


def test_distances_are_right() -> None:
    rng = np.random.default_rng(0)
    X, C = rng.random((100, 7)), rng.random((4, 7))
    assert squared_distances(X, C) == pytest.approx(((X[:, None] - C) ** 2).sum(axis=2))


def test_seeds_are_rows_far_apart_and_go_on_from_a_start() -> None:
    X = np.repeat([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], 50, axis=0)
    w, rng = np.ones(150), np.random.default_rng(3)
    assert {tuple(row) for row in plusplus(X, w, 3, rng).tolist()} == {(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)}
    start = np.array([[1.0, 0.0]])
    assert plusplus(X, w, 2, rng, start)[0].tolist() == [1.0, 0.0]
    assert len(plusplus(X, w, 7, rng)) == 7  # more than there are distinct rows


def test_a_weight_counts_as_that_many_rows() -> None:
    rng = np.random.default_rng(4)
    X, w = rng.random((200, 3)), rng.integers(1, 5, 200)
    start = X[:4]
    weighted = lloyd(X, w.astype(np.float64), start)
    repeated = lloyd(np.repeat(X, w, axis=0), np.ones(w.sum()), start)
    assert weighted.centres == pytest.approx(repeated.centres, abs=0.02)
    assert weighted.mass.sum() == w.sum()


def test_memory_holds_a_centre_back() -> None:
    X, w = np.full((10, 1), 1.0), np.ones(10)
    assert lloyd(X, w, np.array([[0.0]]), np.array([30.0]), iterations=1).centres.item() == pytest.approx(0.25)


def test_the_best_of_ten_prefers_clusters_above_the_floor() -> None:
    rng = np.random.default_rng(5)
    X = np.concatenate([rng.normal(0, 0.05, (500, 2)), rng.normal(1, 0.05, (500, 2)), [[9.0, 9.0]]])
    least = best_of(X, np.ones(1001), 3, np.random.default_rng(0))
    assert least.mass.min() == 1
    assert least.small(0.01).sum() == 1
