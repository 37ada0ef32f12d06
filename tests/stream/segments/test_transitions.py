"""Hysteresis: a move needs its margin, and nobody flaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.segments.distance import squared_distances
from stream.segments.transitions import decide

CENTRES = np.random.default_rng(0).random((4, 3))
GAPS = squared_distances(CENTRES, CENTRES)
POINTS = st.lists(st.floats(0, 1), min_size=3, max_size=3).map(lambda row: np.array([row]))


@given(row=POINTS, current=st.one_of(st.none(), st.integers(0, 3)), hysteresis=st.floats(0, 0.9))
def test_a_move_goes_to_the_nearest_and_has_its_margin(row: np.ndarray, current: int | None, hysteresis: float) -> None:
    d2 = squared_distances(row, CENTRES)
    move = decide(current, d2[0], GAPS, hysteresis)
    best = int(d2[0].argmin())
    if move is None:
        assert current is not None
        assert best == current or d2[0, current] - d2[0, best] < max(hysteresis * GAPS[current, best], 1e-300)
        return
    to, other, margin = move
    assert to == best != current
    assert other == (current if current is not None else int(np.argsort(d2[0], kind="stable")[1]))
    assert margin == d2[0, other] - d2[0, to] >= 0
    assert current is None or margin >= hysteresis * GAPS[current, to]
    assert decide(to, d2[0], GAPS, hysteresis) is None  # once moved, the same row stays


@given(row=POINTS, hysteresis=st.floats(0.01, 0.9), noise=st.lists(st.floats(-1, 1), min_size=12, max_size=12))
def test_a_customer_who_trembles_less_than_the_band_moves_at_most_once(
    row: np.ndarray, hysteresis: float, noise: list[float]
) -> None:
    two, gaps = CENTRES[:2], GAPS[:2, :2]
    width = hysteresis * np.sqrt(gaps[0, 1]) / 2  # of the band between leaving one and leaving the other
    along = (two[1] - two[0]) / np.sqrt(gaps[0, 1])
    current, moves = 0, 0
    for step in noise:
        d2 = squared_distances(row + 0.49 * width * step * along, two)[0]
        move = decide(current, d2, gaps, hysteresis)
        if move is not None:
            current, moves = move[0], moves + 1
    assert moves <= 1


def test_without_a_segment_the_nearest_is_taken_and_the_runner_up_gives_the_margin() -> None:
    assert decide(None, np.array([0.5, 0.2, 0.3]), GAPS, 0.5) == (1, 2, pytest.approx(0.1))
    assert decide(None, np.array([0.5]), np.zeros((1, 1)), 0.5) == (0, 0, 0.0)


def test_a_tie_or_twin_centres_move_nobody() -> None:
    assert decide(1, np.array([0.5, 0.5]), np.zeros((2, 2)), 0.0) is None
