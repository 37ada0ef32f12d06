"""The adjusted Rand index equals scikit-learn's, and does not care about names or order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from stream.evaluate.clustering import adjusted_rand_index

labellings = st.integers(0, 60).flatmap(
    lambda n: st.tuples(*(st.lists(st.integers(0, 5), min_size=n, max_size=n) for _ in range(2)))
)


@given(labellings)
def test_equals_scikit_learn(pair):
    assert adjusted_rand_index(*pair) == pytest.approx(adjusted_rand_score(*pair), abs=1e-12)


@given(labellings)
def test_is_symmetric_and_blind_to_names(pair):
    truth, found = pair
    renamed = [f"segment {5 - label}" for label in found]
    assert adjusted_rand_index(truth, found) == adjusted_rand_index(renamed, truth)


def test_many_customers_do_not_overflow():
    truth = [i % 5 for i in range(200_000)]
    assert adjusted_rand_index(truth, truth) == 1.0


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="3 labels on one side and 2"):
        adjusted_rand_index([1, 2, 3], [1, 2])
