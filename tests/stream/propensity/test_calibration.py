"""Scores that come true: the curves that mend them, their data, and what they do to a model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from stream.propensity.calibration import BINS, HALF_LIFE, LIMIT, Calibration, Line, Outcomes, isotonic, platt

LOGITS = (np.arange(BINS) + 0.5) * (2 * LIMIT / BINS) - LIMIT


def chance(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


def outcomes(slope: float, shift: float, count: float = 1_000.0) -> np.ndarray:
    """What comes of scores whose log-odds are off by this line."""
    true = chance(slope * LOGITS + shift)
    return count * np.array([1 - true, true])


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (0.5, 0.0), (0.6, -1.0), (2.0, 1.5), (0.1, -2.0)])
def test_the_line_is_found(slope: float, shift: float) -> None:
    assert platt(outcomes(slope, shift)) == pytest.approx((slope, shift), abs=0.02)


def test_it_is_what_logistic_regression_finds() -> None:
    bins = np.random.default_rng(1).integers(0, 500, (2, BINS)).astype(float)
    X, y = np.repeat(LOGITS, 2)[:, None], np.tile([0, 1], BINS)
    theirs = LogisticRegression(C=1e9).fit(X, y, sample_weight=bins.T.ravel())
    ours = platt(bins)
    assert ours.slope == pytest.approx(max(theirs.coef_[0, 0], 0.0), abs=0.01)


def test_without_outcomes_scores_stay_as_they_are() -> None:
    assert platt(np.zeros((2, BINS))) == Line(1.0, 0.0)
    for method in ("platt", "isotonic", "none"):
        np.testing.assert_allclose(Calibration.learnt(np.zeros((2, BINS)), method).apply(LOGITS), LOGITS, atol=1e-12)


def test_scores_that_are_the_wrong_way_round_say_nothing() -> None:
    assert platt(outcomes(-1.0, 0.0)).slope == 0.0


def test_isotonic_follows_what_no_line_can() -> None:
    """Overconfident below, underconfident above: the curve is within .01 everywhere, the best line is not."""
    true = chance(np.where(LOGITS < 0, 0.3 * LOGITS, 2.0 * LOGITS))
    bins = 10_000 * np.array([1 - true, true])
    wrong = [np.abs(chance(Calibration.learnt(bins, way).apply(LOGITS)) - true).max() for way in ("isotonic", "platt")]
    assert wrong[0] < 0.01
    assert wrong[1] > 0.05


def test_isotonic_pools_as_scikit_learn_does() -> None:
    """With so many examples that beliefs do not matter; compared in the middles of pools, where both are the same."""
    draw = np.random.default_rng(2)
    bins = draw.integers(1, 40, (2, BINS)) * 1e6
    curve = isotonic(bins, Line())
    rate = bins[1] / bins.sum(axis=0)
    theirs = IsotonicRegression().fit(LOGITS, rate, sample_weight=bins.sum(axis=0))
    levels = np.unique(theirs.predict(LOGITS))
    np.testing.assert_allclose(chance(curve.values[1:-1]), levels, atol=1e-4)


@given(arrays(np.float64, (2, BINS), elements=st.floats(0, 1e6)))
def test_any_outcomes_give_a_rising_curve(bins: np.ndarray) -> None:
    line = platt(bins)
    assert line.slope >= 0.0
    assert np.isfinite(line).all()
    logits = np.sort(np.concatenate([LOGITS, [-1e300, -50.0, 0.0, 50.0, 1e300]]))
    for method in ("platt", "isotonic"):
        found = Calibration.learnt(bins, method).apply(logits)
        assert np.isfinite(found).all()
        assert (np.diff(found) >= -1e-9).all()


def test_a_curve_survives_being_stored() -> None:
    curve = Calibration.learnt(outcomes(0.7, 0.3), "isotonic")
    again = Calibration.from_dict(curve.to_dict())
    np.testing.assert_array_equal(again.apply(LOGITS), curve.apply(LOGITS))


def test_a_score_never_sees_its_neighbours() -> None:
    curve = Calibration.learnt(outcomes(0.7, 0.3), "isotonic")
    logits = np.random.default_rng(3).normal(size=500) * 6
    alone = [curve.apply(logits[place : place + 1])[0] for place in range(500)]
    np.testing.assert_array_equal(curve.apply(logits), alone)


def test_old_outcomes_fade() -> None:
    kept = Outcomes()
    kept.note_many(np.array([-1.0]), np.array([True]))
    kept.note_many(np.full(HALF_LIFE, 2.0), np.zeros(HALF_LIFE, dtype=bool))
    assert kept.bins[1].sum() == pytest.approx(0.5)
    assert kept.bins[0].sum() == pytest.approx(HALF_LIFE / np.log(2) / 2, rel=1e-3)


def test_extreme_scores_have_a_bin() -> None:
    kept = Outcomes()
    kept.note_many(np.array([1e300, -1e300]), np.array([True, False]))
    assert kept.bins[1, -1] == pytest.approx(1.0, rel=1e-3)
    assert kept.bins[0, 0] == 1.0


def test_log_odds_that_are_no_number_are_left_out() -> None:
    some, all_ = Outcomes(), Outcomes()
    some.note_many(np.array([np.nan, 1.0, np.inf]), np.array([False, True, True]))
    all_.note_many(np.array([1.0, LIMIT]), np.array([True, True]))
    np.testing.assert_array_equal(some.bins, all_.bins)
