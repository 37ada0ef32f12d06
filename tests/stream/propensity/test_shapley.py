"""Reasons by sampled Shapley values: how far they are from those of all subsets."""

from __future__ import annotations

import numpy as np

from stream.propensity.classifiers.shapley import exact, sampled
from stream.propensity.online import OnlineClassifier


def test_exact_values_of_a_game_worked_out_by_hand() -> None:
    """Two that must both be there for 6, one that adds 1 alone: (Shapley, 1953) symmetry, dummy and efficiency."""
    values = exact(lambda rows: 6.0 * (rows[:, 0] * rows[:, 1]) + rows[:, 2], np.ones(4))
    np.testing.assert_allclose(values, [3.0, 3.0, 1.0, 0.0], atol=1e-12)


def test_sampled_values_of_a_network_are_near_the_exact_ones() -> None:
    """Mean error relative to the size of the values, of 50 rows of 8 features that interact."""
    draw = np.random.default_rng(1)
    rows = draw.normal(size=(4_000, 8))
    odds = 2.0 * rows[:, 0] * rows[:, 1] + 1.5 * np.maximum(rows[:, 2], rows[:, 3]) - rows[:, 4]
    labels = draw.random(4_000) < 1 / (1 + np.exp(-odds))
    online = OnlineClassifier("network", features=8).learn_many(rows, labels)
    assert online.model is not None
    assert online.scaling is not None
    network, standard = online.model.classifier, online.scaling.standardise_many(rows[:50])
    wrong, size = 0.0, 0.0
    for row in standard:
        truth, estimate = exact(network.logits_many, row), network.terms(row)
        wrong += np.abs(estimate - truth).sum()
        size += np.abs(truth).sum()
        assert abs(estimate.sum() - truth.sum()) < 1e-9
    print(f"error of sampled Shapley values: {wrong / size:.3f}")
    assert wrong / size < 0.05


def test_the_same_row_has_the_same_reasons() -> None:
    row = np.array([1.0, -2.0, 0.5])
    both = [sampled(lambda rows: np.tanh(rows.prod(axis=1) + rows[:, 0]), row) for _ in range(2)]
    np.testing.assert_array_equal(*both)
