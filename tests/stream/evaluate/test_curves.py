"""Curves and decisions are those of scikit-learn, and add up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from stream.evaluate.curves import average_precision, calibration, deciles, precision_recall, roc
from stream.evaluate.decisions import confusion, decide
from stream.evaluate.histogram import Histogram
from stream.evaluate.outcomes import Outcomes

scored = st.lists(st.tuples(st.integers(0, 20).map(lambda n: n / 20), st.booleans()), min_size=1, max_size=60)
both = scored.filter(lambda examples: 0 < sum(happened for _, happened in examples) < len(examples))


@given(both)
def test_the_roc_curve_is_that_of_scikit_learn_and_its_area_the_auc(examples):
    scores, labels = zip(*examples, strict=True)
    outcomes = Outcomes.of(scores, labels)
    curve = roc(outcomes)
    false, true, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    np.testing.assert_allclose(curve.false_positive_rate, false)
    np.testing.assert_allclose(curve.true_positive_rate, true)
    assert np.trapezoid(curve.true_positive_rate, curve.false_positive_rate) == pytest.approx(outcomes.auc())


@given(scored.filter(lambda examples: any(happened for _, happened in examples)))
def test_precision_and_recall_are_those_of_scikit_learn(examples):
    scores, labels = zip(*examples, strict=True)
    curve = precision_recall(Outcomes.of(scores, labels))
    precision, recall, _ = metrics.precision_recall_curve(labels, scores)
    np.testing.assert_allclose(curve.precision[1:], precision[-2::-1])
    np.testing.assert_allclose(curve.recall[1:], recall[-2::-1])
    assert average_precision(Outcomes.of(scores, labels)) == pytest.approx(
        metrics.average_precision_score(labels, scores)
    )


@given(scored, st.integers(1, 19).map(lambda n: n / 20))
def test_decisions_are_those_of_scikit_learn(examples, threshold):
    scores, labels = zip(*examples, strict=True)
    said = [score >= threshold for score in scores]
    found = decide(Outcomes.of(scores, labels), threshold)
    assert found.accuracy == pytest.approx(metrics.accuracy_score(labels, said))
    assert (found.precision is None) == (not any(said))
    assert (found.recall is None) == (not any(labels))
    assert found.precision in (None, pytest.approx(metrics.precision_score(labels, said, zero_division=0)))
    assert found.recall in (None, pytest.approx(metrics.recall_score(labels, said, zero_division=0)))
    assert found.f1 in (None, pytest.approx(metrics.f1_score(labels, said, zero_division=0)))


def test_a_histogram_cuts_at_a_threshold_of_thousandths_exactly():
    histogram = Histogram()
    for thousandth in range(1_000):
        histogram.add(thousandth / 1_000 + 0.0005, thousandth % 2 == 0)
    for threshold in (0.001, 0.3, 0.5, 0.999):
        matrix = confusion(histogram.outcomes(), threshold)
        yes = matrix.true_positives(True) + matrix.false_positives(True)
        assert yes == round((1 - threshold) * 1_000)


@given(scored)
def test_calibration_bins_make_up_the_calibration_error(examples):
    outcomes = Outcomes.of(*zip(*examples, strict=True))
    bins = calibration(outcomes)
    assert sum(one.examples for one in bins) == len(examples)
    error = sum(one.examples * abs(one.score - one.rate) for one in bins) / len(examples)
    assert error == pytest.approx(outcomes.calibration_error())


@given(scored.filter(lambda examples: any(happened for _, happened in examples)))
def test_deciles_hold_all_positives_once(examples):
    outcomes = Outcomes.of(*zip(*examples, strict=True))
    found = deciles(outcomes)
    assert [one.decile for one in found] == list(range(10, 0, -1))
    assert sum(one.positives for one in found) == pytest.approx(outcomes.positives)
    assert np.mean([one.lift for one in found]) == pytest.approx(1)
    assert found[-1].gain == pytest.approx(1)
    assert np.all(np.diff([one.gain for one in found]) >= -1e-12)


def test_deciles_of_distinct_scores_are_counted():
    scores = np.arange(100) / 100
    happened = scores >= 0.95
    top, second, *_ = deciles(Outcomes.of(scores, happened))
    assert (top.positives, top.rate, top.lift, top.gain) == pytest.approx((5, 0.5, 10, 1))
    assert (second.positives, second.lift, second.gain) == pytest.approx((0, 0, 1))


def test_where_there_is_nothing_to_draw_there_is_no_curve():
    nothing = Outcomes.of([], [])
    assert (roc(nothing), precision_recall(nothing), average_precision(nothing)) == (None, None, None)
    assert (calibration(nothing), deciles(nothing)) == ((), ())
    assert decide(nothing, 0.5) == (None, None, None, None)
    one_class = Outcomes.of([0.2, 0.4], [False, False])
    assert (roc(one_class), precision_recall(one_class), deciles(one_class)) == (None, None, ())
