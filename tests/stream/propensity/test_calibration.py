"""Scores that come true: the line that mends them, its data, and what it does to a model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.linear_model import LogisticRegression

from stream.propensity.calibration import BINS, HALF_LIFE, Line, Outcomes, platt

SCORES = (np.arange(BINS) + 0.5) / BINS
LOGITS = np.log(SCORES / (1 - SCORES))


def outcomes(slope: float, shift: float, count: float = 1_000.0) -> np.ndarray:
    """What comes of scores whose log-odds are off by this line."""
    chance = 1 / (1 + np.exp(-slope * LOGITS - shift))
    return count * np.array([1 - chance, chance])


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (0.5, 0.0), (0.6, -1.0), (2.0, 1.5), (0.1, -2.0)])
def test_the_line_is_found(slope: float, shift: float) -> None:
    assert platt(outcomes(slope, shift)) == pytest.approx((slope, shift), abs=0.01)


def test_it_is_what_logistic_regression_finds() -> None:
    bins = np.random.default_rng(1).integers(0, 500, (2, BINS)).astype(float)
    X, y = np.repeat(LOGITS, 2)[:, None], np.tile([0, 1], BINS)
    theirs = LogisticRegression(C=1e9).fit(X, y, sample_weight=bins.T.ravel())
    ours = platt(bins)
    assert ours.slope == pytest.approx(max(theirs.coef_[0, 0], 0.0), abs=0.01)


def test_without_outcomes_scores_stay_as_they_are() -> None:
    assert platt(np.zeros((2, BINS))) == Line(1.0, 0.0)


def test_scores_that_are_the_wrong_way_round_say_nothing() -> None:
    line = platt(outcomes(-1.0, 0.0))
    assert line.slope == 0.0


@given(arrays(np.float64, (2, BINS), elements=st.floats(0, 1e6)))
def test_any_outcomes_give_a_line(bins: np.ndarray) -> None:
    line = platt(bins)
    assert line.slope >= 0.0
    assert np.isfinite(line).all()


def test_old_outcomes_fade() -> None:
    kept = Outcomes()
    kept.note(0.3, True)
    for _ in range(HALF_LIFE):
        kept.note(0.9, False)
    assert kept.bins[1, 30] == pytest.approx(0.5)
    assert kept.bins[0, 90] == pytest.approx(HALF_LIFE / np.log(2) / 2, rel=1e-3)


def test_certain_scores_have_a_bin() -> None:
    kept = Outcomes()
    kept.note(1.0, True)
    kept.note(0.0, False)
    assert kept.bins[1, -1] == pytest.approx(1.0, rel=1e-3)
    assert kept.bins[0, 0] == 1.0
