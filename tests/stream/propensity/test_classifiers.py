"""What every classifier promises: one suite for all kinds."""

from __future__ import annotations

import dataclasses
import itertools

import msgpack
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from stream.preprocessing.pipeline import Preprocessing
from stream.preprocessing.settings import CleanStep, ImputeStep, Measured, MinMaxStep
from stream.preprocessing.standardise import FrozenStandardise
from stream.propensity.classifiers.registry import KINDS
from stream.propensity.contribution import Contribution, merge
from stream.propensity.learner import BLOCK, PropensityLearner
from stream.propensity.model import PropensityModel
from stream.target import Target

NAMES = tuple("abcde")
WIDTH = len(NAMES)

pytestmark = pytest.mark.parametrize("kind", KINDS)


def target(kind: str, **settings: object) -> Target:
    return Target.model_validate({"name": "buys", "events": ["Order Completed"], "classifier": kind, **settings})


def drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three features that matter, one of them 0 or 1, one that does not, and one that never changes."""
    draw = np.random.default_rng(seed)
    rows = draw.normal(size=(count, WIDTH))
    rows[:, 2] = rows[:, 2] > 0
    rows[:, 4] = 3.0
    odds = 2.0 * rows[:, 0] - 1.5 * rows[:, 1] + 2.0 * rows[:, 2] - 2.0
    return rows, draw.random(count) < 1 / (1 + np.exp(-odds))


def scaling(rows: np.ndarray) -> Preprocessing:
    return Preprocessing.fit(rows, [Measured(name=name) for name in NAMES])


SAMPLE = drawn(1_000, 0)[0]
SCALING = scaling(SAMPLE)


def taught(kind: str, rows: np.ndarray, labels: np.ndarray, **settings: object) -> PropensityLearner:
    learner = PropensityLearner(target(kind, **settings), NAMES, SCALING)
    learner.learn_many(rows, labels)
    return learner


def frozen(kind: str, *learners: PropensityLearner, **settings: object) -> PropensityModel:
    merged = merge([learner.snapshot() for learner in learners])
    return PropensityModel.learnt(merged, SCALING, NAMES, target(kind, **settings), SAMPLE)


def test_it_learns(kind: str) -> None:
    model = frozen(kind, taught(kind, *drawn(3_000, 1)))
    rows, labels = drawn(3_000, 2)
    scores = model.predict_proba_many(SCALING.standardise_many(rows))
    assert roc_auc_score(labels, scores) > 0.8
    assert abs(scores.mean() - labels.mean()) < 0.04
    assert (model.examples, model.positives) == (3_000, int(drawn(3_000, 1)[1].sum()))


def test_four_partitions_are_nearly_as_good_as_one(kind: str) -> None:
    rows, labels = drawn(4_000, 3)
    one = frozen(kind, taught(kind, rows, labels))
    four = frozen(kind, *(taught(kind, rows[n::4], labels[n::4]) for n in range(4)))
    test, truth = drawn(3_000, 4)
    aucs = [roc_auc_score(truth, model.predict_proba_many(SCALING.standardise_many(test))) for model in (one, four)]
    assert aucs[1] > aucs[0] - 0.04
    assert four.examples == 4_000


def test_the_order_of_merging_does_not_matter(kind: str) -> None:
    rows, labels = drawn(900, 5)
    parts = [taught(kind, rows[n::3], labels[n::3]).snapshot() for n in range(3)]
    standard = SCALING.standardise_many(rows)
    merged = [merge([parts[n] for n in order]) for order in itertools.permutations(range(3))]
    merged.append(parts[0].plus(parts[1].plus(parts[2])))
    models = [PropensityModel.learnt(one, SCALING, NAMES, target(kind), SAMPLE) for one in merged]
    for model in models[1:]:
        np.testing.assert_allclose(
            model.predict_logit_many(standard), models[0].predict_logit_many(standard), rtol=1e-9, atol=1e-9
        )


def test_a_row_never_sees_its_neighbours(kind: str) -> None:
    model = frozen(kind, *(taught(kind, *drawn(600, seed)) for seed in (6, 7)))
    standard = SCALING.standardise_many(drawn(300, 8)[0])
    whole = model.predict_proba_many(standard)
    alone = [model.predict_proba_many(standard[place : place + 1])[0] for place in range(300)]
    pieces = np.concatenate([model.predict_proba_many(standard[:7]), model.predict_proba_many(standard[7:])])
    np.testing.assert_array_equal(whole, alone)
    np.testing.assert_array_equal(whole, pieces)


@pytest.mark.parametrize("calibration", ["platt", "isotonic", "none"])
def test_reasons_sum_to_the_log_odds(kind: str, calibration: str) -> None:
    model = frozen(kind, *(taught(kind, *drawn(700, seed)) for seed in (9, 10)), calibration=calibration)
    standard = SCALING.standardise_many(drawn(20, 11)[0])
    logits = model.predict_logit_many(standard)
    for row, logit in zip(standard, logits.tolist(), strict=True):
        terms = model.contributions(row)
        assert terms.sum() + model.base == pytest.approx(logit, abs=1e-9)
        assert terms[4] == 0.0  # what never changes decides nothing
    assert np.abs(model.contributions(standard[0])).max() > 0.05


def test_a_restart_changes_nothing(kind: str) -> None:
    """Saved and loaded in the middle of a block, with a contribution and an adoption later."""
    rows, labels = drawn(3 * BLOCK, 12)
    first = BLOCK + 100
    going = taught(kind, rows[:first], labels[:first])
    again = PropensityLearner.from_bytes(going.to_bytes(), target(kind))
    assert again.to_bytes() == going.to_bytes()
    for one in (going, again):
        one.learn_many(rows[first:600], labels[first:600])
        one.adopt(SCALING, frozen(kind, one))
        for row, label in zip(rows[600:].tolist(), labels[600:].tolist(), strict=True):
            one.learn(row, label)
    assert again.to_bytes() == going.to_bytes()
    assert again.snapshot().pack() == going.snapshot().pack()


def test_saving_at_any_time_changes_nothing(kind: str) -> None:
    rows, labels = drawn(400, 13)
    quiet, saved = (PropensityLearner(target(kind), NAMES, SCALING) for _ in range(2))
    for place in range(0, 400, 50):
        for one in (quiet, saved):
            one.learn_many(rows[place : place + 50], labels[place : place + 50])
        saved.to_bytes()
    assert quiet.to_bytes() == saved.to_bytes()


def test_models_and_contributions_survive_being_stored(kind: str) -> None:
    contribution = taught(kind, *drawn(500, 14)).snapshot()
    assert Contribution.unpack(contribution.pack()).pack() == contribution.pack()
    model = PropensityModel.learnt(contribution, SCALING, NAMES, target(kind), SAMPLE)
    again = PropensityModel.from_dict(msgpack.unpackb(msgpack.packb(model.to_dict())))
    assert again.to_dict() == model.to_dict()
    standard = SCALING.standardise_many(drawn(50, 15)[0])
    np.testing.assert_array_equal(again.predict_proba_many(standard), model.predict_proba_many(standard))


def test_another_scaling_leaves_the_scores_as_they_are(kind: str) -> None:
    rows, labels = drawn(800, 16)
    other = dataclasses.replace(SCALING, standard=FrozenStandardise(SCALING.mean + 0.7, SCALING.std * 0.6))
    learner = taught(kind, rows, labels)
    before = frozen(kind, learner)
    learner.adopt(other, before)
    after = PropensityModel.learnt(learner.snapshot(), other, NAMES, target(kind), SAMPLE)
    np.testing.assert_allclose(
        after.predict_logit_many(other.standardise_many(rows)),
        before.predict_logit_many(SCALING.standardise_many(rows)),
        rtol=1e-6,
        atol=1e-9,
    )


def test_learning_from_a_tenth_of_the_negatives_keeps_the_probabilities(kind: str) -> None:
    rows, labels = drawn(9_000, 17)
    rare = labels & (np.arange(9_000) % 5 == 0)  # some 9 % positives
    settings = {"negatives": 0.2, "calibration": "none"}
    model = frozen(kind, taught(kind, rows, rare, **settings), **settings)
    assert model.examples == 9_000
    scores = model.predict_proba_many(SCALING.standardise_many(rows))
    assert scores.mean() == pytest.approx(rare.mean(), abs=0.02)


def test_a_block_of_negatives_that_are_all_left_out(kind: str) -> None:
    learner = taught(kind, drawn(20, 22)[0], np.zeros(20, dtype=bool), negatives=0.01)
    assert learner.snapshot().examples == 20
    learner.learn_many(*drawn(300, 22))
    assert frozen(kind, learner, negatives=0.01).examples == 320


@pytest.mark.parametrize("only", [True, False])
def test_one_class_only(kind: str, only: bool) -> None:
    rows = drawn(400, 18)[0]
    model = frozen(kind, taught(kind, rows, np.full(400, only)))
    scores = model.predict_proba_many(SCALING.standardise_many(rows))
    assert ((scores > 0.8) if only else (scores < 0.2)).all()
    assert np.isfinite(model.contributions(SCALING.standardise_many(rows[:1])[0])).all()


def test_no_examples(kind: str) -> None:
    model = frozen(kind, PropensityLearner(target(kind), NAMES, SCALING))
    standard = SCALING.standardise_many(drawn(5, 19)[0])
    assert model.predict_proba_many(standard) == pytest.approx(0.5, abs=0.3)
    assert np.isfinite(model.contributions(standard[0])).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("wild", [np.nan, np.inf, -np.inf, 1e300, -1e300, 0.0])
def test_wild_values_cannot_break_it(kind: str, wild: float) -> None:
    """Half of one column is wild, also in the sample that is scaled by, and one row in ten throughout."""
    rows, labels = drawn(600, 20)
    rows[::2, 0] = wild
    rows[::10] = wild
    scale = scaling(rows)
    learner = PropensityLearner(target(kind), NAMES, scale)
    learner.learn_many(rows, labels)
    model = PropensityModel.learnt(learner.snapshot(), scale, NAMES, target(kind), rows)
    standard = scale.standardise_many(np.concatenate([rows, np.full((1, WIDTH), wild), np.zeros((1, WIDTH))]))
    scores = model.predict_proba_many(standard)
    assert ((scores >= 0.0) & (scores <= 1.0)).all()
    assert all(np.isfinite(model.contributions(row)).all() for row in standard[-2:])
    assert (np.diff(model.deciles) >= 0).all()


@pytest.mark.filterwarnings("error")
def test_a_spread_that_swings_by_powers_of_ten_cannot_break_it(kind: str) -> None:
    """A decaying count between rare visits: each model is scaled by another sample, and partitions take it late."""
    rows, labels = drawn(4_000, 21)
    powers = np.array([0.0, -8.0, -146.0, -9.5, 150.0, -20.0, -3.0, -160.0])
    rows[:, -1] = np.random.default_rng(22).random(4_000) * 10.0 ** np.repeat(powers, 500)
    bare = (CleanStep(), ImputeStep(), MinMaxStep())
    measured = [Measured(name=name) for name in NAMES]
    scales = [Preprocessing.fit(rows[start : start + 500], measured, bare) for start in range(0, 4_000, 500)]
    parts = [PropensityLearner(target(kind), NAMES, scales[0]) for _ in range(2)]
    for number, scale in enumerate(scales):
        for place, part in enumerate(parts):
            own = slice(500 * number + 250 * place, 500 * number + 250 * (place + 1))
            part.learn_many(rows[own], labels[own])
        model = PropensityModel.learnt(merge([part.snapshot() for part in parts]), scale, NAMES, target(kind), rows)
        parts[number % 2].adopt(scale, model)
        logits = model.predict_logit_many(scale.standardise_many(rows))
        assert np.isfinite(logits).all()
        assert np.isfinite(model.contributions(scale.standardise_many(rows[-1:])[0])).all()
    sober = scales[0].standardise_many(rows[:500])
    last = PropensityModel.learnt(merge([part.snapshot() for part in parts]), scales[0], NAMES, target(kind), rows)
    assert roc_auc_score(labels[:500], last.predict_proba_many(sober)) > 0.8
