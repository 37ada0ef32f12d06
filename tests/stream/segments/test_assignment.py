"""Pairs of least cost: the same ones as SciPy's, also where several would be as good."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from stream.segments.assignment import assign_pairs


@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize("kind", ["ties", "counts", "distances", "shut"])
def test_as_scipy(kind, maximize):
    draw = np.random.default_rng(5)
    for _ in range(400):
        shape = tuple(draw.integers(0, 12, 2))
        cost = {
            "ties": draw.integers(0, 3, shape),
            "counts": draw.integers(-1, 500, shape),
            "distances": draw.normal(size=shape) ** 2,
            "shut": np.where(draw.random(shape) < 0.7, -1, draw.integers(0, 40, shape)),
        }[kind]
        found, expected = assign_pairs(cost, maximize=maximize), linear_sum_assignment(cost, maximize=maximize)
        assert [places.tolist() for places in found] == [places.tolist() for places in expected], cost
