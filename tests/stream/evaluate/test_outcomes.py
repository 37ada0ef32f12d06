"""Outcomes of plain arrays are measured exactly as scikit-learn does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from river import metrics
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from stream.evaluate.decisions import confusion, decide
from stream.evaluate.outcomes import Outcomes

scored = st.lists(st.tuples(st.floats(0.001, 0.999), st.booleans()), min_size=1, max_size=40)


@given(scored)
def test_measures_are_those_of_scikit_learn(examples):
    scores, labels = zip(*examples, strict=True)
    outcomes = Outcomes.of(scores, labels)
    assert outcomes.brier() == pytest.approx(brier_score_loss(labels, scores))
    assert outcomes.log_loss() == pytest.approx(log_loss(labels, scores, labels=[False, True]))
    if 0 < sum(labels) < len(labels):
        assert outcomes.auc() == pytest.approx(roc_auc_score(labels, scores))
    assert outcomes.rate == pytest.approx(np.mean(labels))


@given(scored)
def test_decisions_and_loss_are_those_of_river_example_by_example(examples):
    running = metrics.LogLoss() + metrics.Accuracy() + metrics.F1() + metrics.MCC()
    for score, label in examples:
        running[0].update(label, score)
        for one in running[1:]:
            one.update(label, score >= 0.3)
    loss, accuracy, f1, mcc = running.get()
    outcomes = Outcomes.of(*zip(*examples, strict=True))
    found = decide(outcomes, 0.3)
    assert outcomes.log_loss() == pytest.approx(loss)
    assert found.accuracy == pytest.approx(accuracy)
    assert found.f1 in (None, pytest.approx(f1))
    assert metrics.MCC(cm=confusion(outcomes, 0.3)).get() == pytest.approx(mcc)


def test_a_wrong_certainty_does_not_decide_alone():
    assert Outcomes.of([1.0], [False]).log_loss() == pytest.approx(7.6, abs=0.01)


@pytest.mark.parametrize(
    ("scores", "happened", "said"),
    [
        ([0.5, 0.5], [True], "outcomes"),
        ([[0.5]], [[True]], "outcomes"),
        ([1.5], [True], "in .0, 1."),
        ([float("nan")], [True], "in .0, 1."),
    ],
)
def test_what_cannot_be_measured_is_refused(scores, happened, said):
    with pytest.raises(ValueError, match=said):
        Outcomes.of(scores, happened)
