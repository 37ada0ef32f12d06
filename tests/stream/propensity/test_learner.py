"""The classifier: as good as a batch one, mergeable, and indifferent to how features are scaled."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from river import linear_model, optim
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from stream.preprocessing.pipeline import Preprocessing
from stream.preprocessing.settings import Measured
from stream.preprocessing.standardise import FrozenStandardise
from stream.propensity.classifiers.registry import KINDS
from stream.propensity.contribution import merge
from stream.propensity.learner import PropensityLearner
from stream.propensity.model import PropensityModel
from stream.propensity.online import OnlineClassifier
from stream.target import Target

TARGET = Target(name="buys", events=("Order Completed",))
NAMES = tuple("abcdef")


def shop(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Skewed features and labels whose log-odds are linear in their logarithms."""
    draw = np.random.default_rng(seed)
    rows = np.exp(draw.normal(size=(count, 6)))
    odds = np.log1p(rows) @ np.array([1.5, -1.0, 0.8, 0.0, 0.0, -0.5]) - 1.5
    return rows, draw.random(count) < 1 / (1 + np.exp(-odds))


def scaling(rows: np.ndarray) -> Preprocessing:
    return Preprocessing.fit(rows, [Measured(name=name, log=True) for name in NAMES])


def taught(rows: np.ndarray, labels: np.ndarray, scale: Preprocessing) -> PropensityLearner:
    learner = PropensityLearner(TARGET, NAMES, scale)
    for row, label in zip(rows, labels, strict=True):
        learner.learn(row.tolist(), bool(label))
    return learner


def test_as_good_as_batch() -> None:
    rows, labels = shop(4_000, 1)
    test, truth = shop(4_000, 2)
    scale = scaling(rows)
    model = PropensityModel.learnt(taught(rows, labels, scale).snapshot(), scale, NAMES, TARGET, rows)
    batch = LogisticRegression().fit(scale.standardise_many(rows), labels)
    ours = model.predict_proba_many(scale.standardise_many(test))
    theirs = batch.predict_proba(scale.standardise_many(test))[:, 1]
    assert roc_auc_score(truth, ours) >= roc_auc_score(truth, theirs) - 0.01
    assert abs(ours.mean() - truth.mean()) < 0.03


def test_terms_sum_to_the_log_odds() -> None:
    rows, labels = shop(500, 3)
    scale = scaling(rows)
    model = PropensityModel.learnt(taught(rows, labels, scale).snapshot(), scale, NAMES, TARGET, rows)
    standard = scale.standardise_many(rows[:20])
    for row, logit in zip(standard, model.predict_logit_many(standard), strict=True):
        assert model.contributions(row).sum() + model.base == pytest.approx(logit)


def test_four_partitions_are_as_good_as_one() -> None:
    """Four learners that take the merged model after each 250 examples, against one that sees all."""
    rows, labels = shop(8_000, 4)
    test, truth = shop(4_000, 5)
    scale = scaling(rows)
    one = PropensityModel.learnt(taught(rows, labels, scale).snapshot(), scale, NAMES, TARGET, rows)
    parts = [PropensityLearner(TARGET, NAMES, scale) for _ in range(4)]
    for start in range(0, 8_000, 1_000):
        for place in range(start, start + 1_000):
            parts[place % 4].learn(rows[place].tolist(), bool(labels[place]))
        merged = PropensityModel.learnt(merge([part.snapshot() for part in parts]), scale, NAMES, TARGET, rows)
        for part in parts:
            part.adopt(scale, merged)
    standard = scale.standardise_many(test)
    aucs = [roc_auc_score(truth, model.predict_proba_many(standard)) for model in (one, merged)]
    assert aucs[1] >= aucs[0] - 0.005
    assert merged.examples == one.examples == 8_000


def test_merging_is_associative_and_commutative() -> None:
    rows, labels = shop(300, 6)
    scale = scaling(rows)
    a, b, c = (taught(rows[n::3], labels[n::3], scale).snapshot() for n in range(3))
    results = [a.plus(b).plus(c), a.plus(b.plus(c)), c.plus(a).plus(b)]
    for other in results[1:]:
        np.testing.assert_allclose(other.part.mean.weights, results[0].part.mean.weights, rtol=1e-9)
        assert other.part.mean.intercept == pytest.approx(results[0].part.mean.intercept, rel=1e-9)
        assert (other.examples, other.positives) == (results[0].examples, results[0].positives)


def test_what_was_learnt_since_the_contribution_survives_adoption() -> None:
    rows, labels = shop(400, 7)
    scale = scaling(rows)
    going, plain = PropensityLearner(TARGET, NAMES, scale), taught(rows, labels, scale)
    for place, row in enumerate(rows):
        if place == 200:
            contributed = going.snapshot()
        if place == 300:  # alone, the merged model is its own contribution
            going.adopt(scale, PropensityModel.learnt(contributed, scale, NAMES, TARGET, rows))
        going.learn(row.tolist(), bool(labels[place]))
    np.testing.assert_allclose(going.snapshot().part.mean.weights, plain.snapshot().part.mean.weights, rtol=1e-6)


def test_models_may_come_late() -> None:
    """Two contributions are under way when the model with the first is adopted, then that with the second."""
    rows, labels = shop(500, 11)
    scale = scaling(rows)
    going, plain = PropensityLearner(TARGET, NAMES, scale), taught(rows, labels, scale)
    contributed = []
    for place, row in enumerate(rows):
        if place in (100, 200):
            contributed.append(going.snapshot())
        if place in (300, 400):
            late = PropensityModel.learnt(contributed[place // 100 - 3], scale, NAMES, TARGET, rows)
            going.adopt(scale, late)
        going.learn(row.tolist(), bool(labels[place]))
    np.testing.assert_allclose(going.snapshot().part.mean.weights, plain.snapshot().part.mean.weights, rtol=1e-6)


def test_the_adopted_model_comes_once_more_after_many_contributions() -> None:
    """As when an operator renames a segment: the revised model holds the classifier that was adopted before."""
    rows, labels = shop(800, 14)
    scale = scaling(rows)
    going, plain = taught(rows[:200], labels[:200], scale), taught(rows, labels, scale)
    adopted = PropensityModel.learnt(going.snapshot(), scale, NAMES, TARGET, rows)
    going.adopt(scale, adopted)
    for start in range(200, 800, 50):
        going.learn_many(rows[start : start + 50], labels[start : start + 50])
        going.snapshot()
    going.adopt(scale, adopted)
    np.testing.assert_allclose(going.snapshot().part.mean.weights, plain.snapshot().part.mean.weights, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_another_kind_or_other_features_is_left_aside(kind: str) -> None:
    rows, labels = shop(300, 15)
    scale = scaling(rows)
    other = TARGET.model_copy(update={"classifier": KINDS[KINDS.index(kind) - 1]})
    learnt = PropensityModel.learnt(taught(rows, labels, scale).snapshot(), scale, NAMES, TARGET, rows)
    there = PropensityLearner(other, NAMES, scale)
    there.learn_many(rows, labels)
    strange = PropensityModel.learnt(there.snapshot(), scale, NAMES, other, rows)
    target = TARGET.model_copy(update={"classifier": kind})
    going, alone = (PropensityLearner(target, NAMES, scale) for _ in range(2))
    for each in (going, alone):
        each.learn_many(rows, labels)
    for model in (strange, dataclasses.replace(learnt, kind=kind, features=NAMES[::-1])):
        assert not model.fits(target, NAMES)
        going.adopt(scale, model)
        alone.adopt(scale, None)
        assert going.to_bytes() == alone.to_bytes()


def test_a_model_without_a_partition_in_it_takes_nothing_from_it() -> None:
    rows, labels = shop(500, 12)
    scale = scaling(rows)
    late, other = taught(rows[:100], labels[:100], scale), taught(rows[100:], labels[100:], scale)
    own = late.snapshot().part.mean
    theirs = other.snapshot()
    late.adopt(scale, PropensityModel.learnt(theirs, scale, NAMES, TARGET, rows))
    np.testing.assert_allclose(late.snapshot().part.mean.weights, own.weights + theirs.part.mean.weights, rtol=1e-9)


def test_it_is_rivers_logistic_regression() -> None:
    rows, labels = shop(2_000, 13)
    scale = scaling(rows)
    river = linear_model.LogisticRegression(optim.AdaGrad(TARGET.learning_rate))
    for row, label in zip(scale.standardise_many(rows).tolist(), labels.tolist(), strict=True):
        river.learn_one(dict(enumerate(row)), label)
    state = taught(rows, labels, scale).snapshot().part.freeze(scale)
    np.testing.assert_allclose(state.weights, [river.weights[place] for place in range(6)], atol=1e-12)
    assert state.base == pytest.approx(river.intercept, abs=1e-12)


def test_a_narrower_scaling_leaves_the_scores_as_they_are() -> None:
    rows, labels = shop(600, 8)
    scale = scaling(rows)
    other = dataclasses.replace(scale, standard=FrozenStandardise(scale.mean + 0.7, scale.std * 0.6))
    before, after = _before_and_after(rows, labels, scale, other)
    np.testing.assert_allclose(
        after.predict_logit_many(other.standardise_many(rows)),
        before.predict_logit_many(scale.standardise_many(rows)),
        rtol=1e-9,
    )


def test_where_a_feature_has_become_wider_a_deviation_counts_as_it_did() -> None:
    rows, labels = shop(600, 8)
    scale = scaling(rows)
    wider = np.where(np.arange(len(NAMES)) == 0, 100.0, 1.0)
    other = dataclasses.replace(scale, standard=FrozenStandardise(scale.mean, scale.std * wider))
    before, after = _before_and_after(rows, labels, scale, other)
    assert after.classifier.weights == pytest.approx(before.classifier.weights)  # in standard deviations, then and now
    assert after.classifier.base == pytest.approx(before.classifier.base)


def _before_and_after(rows, labels, scale, other) -> tuple[PropensityModel, PropensityModel]:
    learner = taught(rows, labels, scale)
    before = PropensityModel.learnt(learner.snapshot(), scale, NAMES, TARGET, rows)
    learner.adopt(other, before)
    return before, PropensityModel.learnt(learner.snapshot(), other, NAMES, TARGET, rows)


def test_a_column_that_comes_to_life_does_not_break_what_was_learnt() -> None:
    rng = np.random.default_rng(3)
    rows, truth = rng.normal(size=(8_000, 2)), rng.normal(size=8_000)
    happened = rows[:, 0] + truth > 1.0
    rows[:, 1] = np.where(np.arange(8_000) < 5_000, (np.arange(8_000) % 90 == 0) * 1.0, 50.0 + rows[:, 1])
    model = OnlineClassifier(features=2, calibration="none").learn_many(rows[:5_000], happened[:5_000])
    for start in range(5_000, 8_000, 500):
        scores = model.predict_proba_many(rows[start : start + 500])
        assert float(np.mean((scores - happened[start : start + 500]) ** 2)) < 0.16
        model.learn_many(rows[start : start + 500], happened[start : start + 500])


def test_a_restart_changes_nothing() -> None:
    rows, labels = shop(300, 9)
    scale = scaling(rows)
    learner = taught(rows[:200], labels[:200], scale)
    again = PropensityLearner.from_bytes(learner.to_bytes(), TARGET)
    for place in range(200, 300):
        for one in (learner, again):
            one.learn(rows[place].tolist(), bool(labels[place]))
    assert again.to_bytes() == learner.to_bytes()
    model = PropensityModel.learnt(learner.snapshot(), scale, NAMES, TARGET, rows)
    assert PropensityModel.from_dict(model.to_dict()).to_dict() == model.to_dict()


def test_a_wild_value_cannot_break_it() -> None:
    rows, labels = shop(300, 10)
    scale = scaling(rows)
    learner = taught(rows, labels, scale)
    for wild in (np.nan, np.inf, 1e300, -1e300):
        learner.learn([wild] * 6, True)
    weights = learner.snapshot().part.mean
    assert np.isfinite(weights.weights).all()
    assert np.isfinite(weights.intercept)


def test_many_partitions_forget_as_fast_as_one() -> None:
    """The world turns round after 6,000 examples: 3,000 later four partitions' calibration is as far as one's."""
    rows, labels = shop(9_000, 21)
    labels = np.where(np.arange(9_000) < 6_000, labels, np.random.default_rng(22).random(9_000) < 0.9)
    scale = scaling(rows)
    weights = []
    for count in (1, 4):
        parts = [PropensityLearner(TARGET, NAMES, scale) for _ in range(count)]
        for start in range(0, 9_000, 500):
            for place in range(start, start + 500):
                parts[place % count].learn(rows[place].tolist(), bool(labels[place]))
            together = merge([part.snapshot() for part in parts])
            model = PropensityModel.learnt(together, scale, NAMES, TARGET, rows[:100])
            for part in parts:
                part.adopt(scale, model)
        weights.append(together.outcomes.sum())
    assert weights[1] == pytest.approx(weights[0], rel=0.1)


def test_equal_scores_are_in_the_middle() -> None:
    rows = np.ones((300, 6))
    scale = scaling(rows)
    model = PropensityModel.learnt(PropensityLearner(TARGET, NAMES, scale).snapshot(), scale, NAMES, TARGET, rows)
    assert {model.decile(score) for score in model.predict_proba_many(scale.standardise_many(rows)).tolist()} <= {5, 6}
    assert (model.decile(0.01), model.decile(0.99)) == (1, 10)
