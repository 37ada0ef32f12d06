"""The sample that judges clusters: fair, forgetful, mergeable."""

from __future__ import annotations

import numpy as np
import pytest

from stream.segments.reservoir import Reservoir


def drawn(log_weights: np.ndarray, size: int, seed: int) -> np.ndarray:
    """Which rows are in the sample."""
    rng, sample = np.random.default_rng(seed), Reservoir.empty(size).widened([], ["row"])
    for rows in np.array_split(np.arange(len(log_weights)), 7):
        sample = sample.add(rows[:, None].astype(float), log_weights[rows] + rng.gumbel(size=len(rows)))
    return sample.rows[:, 0].astype(int)


def test_a_row_of_weight_4_is_in_it_four_times_as_often() -> None:
    weights = np.where(np.arange(2_000) % 2 == 0, 4.0, 1.0)
    heavy = np.mean([np.mean(drawn(np.log(weights), 40, seed) % 2 == 0) for seed in range(30)])
    assert heavy == pytest.approx(0.8, abs=0.03)


def test_it_forgets_by_halves() -> None:
    ages = np.arange(2_000)[::-1] / 500  # in half-lives, four at most
    recent = np.mean([np.mean(drawn(-np.log(2) * ages, 40, seed) >= 1_500) for seed in range(30)])
    assert recent == pytest.approx(0.5 / (1 - 2.0**-4), abs=0.03)


def test_the_sample_of_parts_is_the_sample_of_all() -> None:
    rng = np.random.default_rng(0)
    X, priorities = rng.random((300, 2)), rng.gumbel(size=300)
    whole = Reservoir.empty(50).widened([], [0, 1]).add(X, priorities)
    parts = [Reservoir.empty(50).widened([], [0, 1]).add(X[part::3], priorities[part::3]) for part in range(3)]
    for merged in (parts[0].merge(parts[1]).merge(parts[2]), parts[2].merge(parts[0].merge(parts[1]))):
        assert merged.rows.tolist() == whole.rows.tolist()
        assert merged.priorities.tolist() == whole.priorities.tolist()
