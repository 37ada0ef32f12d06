"""Votes of trees: what they say and why, how trees grow, and what merging many of them comes to."""

from __future__ import annotations

import numpy as np

from stream.preprocessing.pipeline import Preprocessing
from stream.preprocessing.settings import Measured
from stream.propensity.classifiers.forest import ForestLearner
from stream.propensity.classifiers.tree import LEAVES, TreeLearner
from stream.propensity.classifiers.trees import VOTERS, Tree, TreesPart, vote
from stream.propensity.contribution import merge
from stream.propensity.learner import PropensityLearner
from stream.target import Target

DRAW = np.random.default_rng(1)
ROWS = DRAW.normal(size=(3_000, 3)) * [1.0, 10.0, 0.1] + [0.0, 5.0, -2.0]
LABELS = DRAW.random(3_000) < np.where(ROWS[:, 0] > 0.5, 0.9, np.where(ROWS[:, 1] > 5.0, 0.5, 0.1))
NAMES = ("a", "b", "c")
SCALING = Preprocessing.fit(ROWS, [Measured(name=name) for name in NAMES])
STANDARD = SCALING.standardise_many(ROWS)


def stump(feature: int, threshold: float, left: float, right: float) -> Tree:
    """A tree of one question, of 1,000 examples on either side."""
    mass = np.array([[2.0 - left - right, left + right], [1 - left, left], [1 - right, right]]) * 1_000.0
    nodes = np.array([feature, -1, -1], dtype=np.int32)
    following = np.array([[1, 0, 0], [2, 0, 0]], dtype=np.int32)
    return Tree.grown(nodes, np.array([threshold, 0.0, 0.0]), following[0], following[1], mass)


def test_a_vote_is_the_weighted_mean_and_its_reasons_are_the_questions() -> None:
    found = vote([stump(0, 0.5, 0.1, 0.9), stump(1, 5.0, 0.2, 0.4)], np.array([0.75, 0.25]), SCALING)
    row = SCALING.standardise_many(np.array([[1.0, 0.0, -2.0]]))
    chance = 1 / (1 + np.exp(-found.logits_many(row)[0]))
    assert abs(chance - (0.75 * 0.9 + 0.25 * 0.2)) < 0.005
    terms = found.terms(row[0])
    assert terms[0] > 0 > terms[1]
    assert terms[2] == 0.0


def test_the_hoeffding_tree_finds_the_questions_and_stops_growing() -> None:
    learner = TreeLearner(Target(name="t", events=("a",)), SCALING)
    for start in range(0, 3_000, 250):
        learner.learn_many(STANDARD[start : start + 250], LABELS[start : start + 250])
    tree = learner.contribute().freeze(SCALING).tree
    assert tree.feature[0] == 0
    assert abs(tree.threshold[0] * SCALING.std[0] + SCALING.mean[0] - 0.5) < 0.3
    assert (tree.feature < 0).sum() <= LEAVES


def test_a_hoeffding_tree_of_noise_stays_small() -> None:
    draw = np.random.default_rng(2)
    learner = TreeLearner(Target(name="t", events=("a",)), SCALING)
    for _ in range(10):
        learner.learn_many(draw.normal(size=(250, 3)), draw.random(250) < 0.3)
    assert len(learner.contribute().freeze(SCALING).tree.feature) < 20


def test_a_forest_follows_what_changes() -> None:
    """What was a yes becomes a no: after a window's worth of the new, the forest says no."""
    learner = ForestLearner(Target(name="t", events=("a",)), SCALING)
    for turn in range(16):
        yes = STANDARD[:, 0] > 0 if turn < 4 else STANDARD[:, 0] <= 0
        learner.learn_many(STANDARD[:1_000], yes[:1_000])
    logits = learner.contribute().freeze(SCALING).logits_many(STANDARD)
    assert ((logits > 0) == (STANDARD[:, 0] <= 0)).mean() > 0.95


def test_a_forest_of_many_partitions_is_bounded() -> None:
    target = Target(name="t", events=("a",), classifier="forest")
    contributions = []
    for part in range(5):
        learner = PropensityLearner(target, NAMES, SCALING)
        learner.learn_many(ROWS[part::5], LABELS[part::5])
        contributions.append(learner.snapshot())
    merged = merge(contributions).part
    assert isinstance(merged, TreesPart)
    found = merged.freeze(SCALING)
    assert VOTERS - 5 < len(found.roots) <= VOTERS
    assert abs(found.weights.sum() - 1.0) < 1e-12
