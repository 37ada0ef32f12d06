"""Histograms measure what scikit-learn measures, within the stated bounds."""

from __future__ import annotations

import random
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from stream.evaluate.histogram import BINS, Histogram

probabilities = st.one_of(
    st.floats(0, 1), st.integers(0, 1000).map(lambda n: n / 1000), st.sampled_from([0.0, 0.5, 1.0])
)
scored = st.lists(st.tuples(probabilities, st.booleans()), max_size=40)


def histogram_of(examples) -> Histogram:
    histogram = Histogram()
    for probability, happened in examples:
        histogram.add(probability, happened)
    return histogram


def pairs_in_one_bin(examples) -> float:
    """Share of (positive, negative) pairs that binning cannot tell apart, counted pair by pair."""
    bins = [(min(int(p * BINS), BINS - 1), happened) for p, happened in examples]
    positive = [b for b, happened in bins if happened]
    negative = [b for b, happened in bins if not happened]
    return sum(p == n for p in positive for n in negative) / (len(positive) * len(negative))


@given(scored)
def test_auc_is_within_the_stated_bound_of_scikit_learn(examples):
    outcomes = histogram_of(examples).outcomes()
    if outcomes.positives in (0, outcomes.examples):
        assert outcomes.auc() is None
        assert outcomes.auc_bound() is None
        return
    scores, labels = zip(*examples, strict=True)
    assert outcomes.auc_bound() == pytest.approx(pairs_in_one_bin(examples) / 2)
    assert abs(outcomes.auc() - roc_auc_score(labels, scores)) <= outcomes.auc_bound() + 1e-12
    assert outcomes.auc() == pytest.approx(
        roc_auc_score(labels, [min(int(p * BINS), BINS - 1) for p in scores]), abs=1e-12
    )


def test_measures_of_realistic_scores():
    draw = random.Random(7)
    examples = [(p, draw.random() < p) for p in (draw.betavariate(2, 5) for _ in range(5_000))]
    scores, labels = zip(*examples, strict=True)
    outcomes = reduce(Histogram.merge, [histogram_of(examples[start::4]) for start in range(4)]).outcomes()
    assert outcomes.auc() == pytest.approx(roc_auc_score(labels, scores), abs=0.001)
    assert outcomes.brier() == pytest.approx(brier_score_loss(labels, scores), abs=0.001)
    assert outcomes.log_loss() == pytest.approx(log_loss(labels, scores), abs=0.001)


@given(scored.filter(bool))
def test_brier_and_log_loss_are_those_of_the_bins_middles(examples):
    scores, labels = zip(*examples, strict=True)
    outcomes = histogram_of(examples).outcomes()
    middles = [(min(int(p * BINS), BINS - 1) + 0.5) / BINS for p in scores]
    brier = sum((m - y) ** 2 for m, y in zip(middles, labels, strict=True)) / len(labels)
    assert outcomes.brier() == pytest.approx(brier)
    assert abs(outcomes.brier() - sum((p - y) ** 2 for p, y in examples) / len(labels)) < 0.001
    assert outcomes.log_loss() == pytest.approx(log_loss(labels, middles, labels=[False, True]))


def test_a_perfect_a_reversed_and_a_blind_score():
    assert histogram_of([(1.0, True), (0.0, False)]).outcomes().auc() == 1.0
    assert histogram_of([(0.0, True), (1.0, False)]).outcomes().auc() == 0.0
    assert histogram_of([(0.5, True), (0.5, False), (0.5, False)]).outcomes().auc() == 0.5


def test_there_is_nothing_to_measure_at_first():
    outcomes = Histogram().outcomes()
    assert (outcomes.auc(), outcomes.brier(), outcomes.log_loss(), outcomes.calibration_error()) == (None,) * 4
    assert (outcomes.examples, outcomes.positives, outcomes.rate) == (0, 0, None)


def test_calibration_error_is_how_far_scores_are_from_outcomes():
    examples = [(said, bool(happened)) for said in (0.2505, 0.8505) for happened in (1, 0, 0, 0)]
    # the first bin is nearly right; in the other, .8505 was said where .25 came true
    assert histogram_of(examples).outcomes().calibration_error() == pytest.approx((0.0005 + 0.6005) / 2)
