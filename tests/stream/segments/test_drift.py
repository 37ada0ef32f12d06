"""Drift: errors that grow are seen, as River's ADWIN sees them."""

from __future__ import annotations

import numpy as np
import pytest
from river.drift import ADWIN

from stream.segments.drift import Drift


def by_river(errors: list[float]) -> bool:
    """The last change that it finds is upwards."""
    watch, grown = ADWIN(delta=0.002), False
    for error in errors:
        before = watch.estimation
        watch.update(error)
        if watch.drift_detected:
            grown = watch.estimation > before
    return grown


@pytest.mark.parametrize(
    ("levels", "grown"),
    [((1.0,), False), ((1.0, 3.0), True), ((3.0, 1.0), False), ((1.0, 3.0, 1.0), False), ((1.0, 3.0, 1.5, 4.0), True)],
)
def test_growth_is_what_adwin_says(levels, grown):
    draw = np.random.default_rng(3)
    rows = draw.normal(size=(200, 2))
    drift, said = Drift.begin(rows), []
    for level in levels:
        for _ in range(6):
            drift = drift.after(rows, level + 0.3 * draw.normal(size=200))
            said.append(drift.grown)
            assert drift.grown == by_river(drift.errors.tolist())
    assert said[-1] == grown
    assert not said[0]
