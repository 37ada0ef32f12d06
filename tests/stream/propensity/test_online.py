"""The classifier that stands alone: what it promises of blocks, merging and bad rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from stream.propensity.online import OnlineClassifier


def drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    rows = draw.normal(size=(count, 4))
    return rows, draw.random(count) < 1 / (1 + np.exp(1.0 - rows @ np.array([1.5, -1.0, 0.5, 0.0])))


def test_how_examples_are_cut_changes_nothing() -> None:
    rows, labels = drawn(1_500, 1)
    whole = OnlineClassifier(features=4, block=300).learn_many(rows, labels)
    pieces = OnlineClassifier(features=4, block=300)
    start = 0
    for size in (1, 299, 7, 593, 600):
        pieces.learn_many(rows[start : start + size], labels[start : start + size])
        start += size
    np.testing.assert_array_equal(whole.predict_proba_many(rows), pieces.predict_proba_many(rows))


def test_four_merged_are_as_good_as_one() -> None:
    rows, labels = drawn(6_000, 2)
    test, truth = drawn(3_000, 3)
    one = OnlineClassifier(features=4).learn_many(rows, labels)
    merged, *others = (OnlineClassifier(features=4).learn_many(rows[n::4], labels[n::4]) for n in range(4))
    for other in others:
        merged = merged.merge(other)
    aucs = [roc_auc_score(truth, model.predict_proba_many(test)) for model in (one, merged)]
    assert aucs[1] >= aucs[0] - 0.005
    assert merged.model is not None
    assert merged.model.examples == 6_000


def test_merging_leaves_both_as_they_were() -> None:
    rows, labels = drawn(1_300, 4)
    one = OnlineClassifier(features=4).learn_many(rows[:700], labels[:700])
    two = OnlineClassifier(features=4).learn_many(rows[700:], labels[700:])
    before = one.predict_proba_many(rows), two.predict_proba_many(rows)
    merged, turned = one.merge(two), two.merge(one)
    np.testing.assert_allclose(merged.predict_proba_many(rows), turned.predict_proba_many(rows), atol=1e-9)
    merged.learn_many(rows, labels)
    np.testing.assert_array_equal(one.predict_proba_many(rows), before[0])
    np.testing.assert_array_equal(two.predict_proba_many(rows), before[1])


def test_merging_with_one_that_has_seen_nothing_or_little() -> None:
    rows, labels = drawn(600, 5)
    taught, fresh = OnlineClassifier(features=4).learn_many(rows, labels), OnlineClassifier(features=4)
    little = OnlineClassifier(features=4).learn_many(rows[:50], labels[:50])
    for merged in (taught.merge(fresh), fresh.merge(taught)):
        assert merged.model is not None
        assert merged.model.examples == 600
    both = fresh.merge(little)
    assert both.model is not None
    assert both.model.examples == 50
    assert fresh.merge(fresh).predict_proba_many(rows).tolist() == [0.5] * 600


def test_rows_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="4 features"):
        OnlineClassifier(features=4).predict_proba_many(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="same settings"):
        OnlineClassifier(features=4).merge(OnlineClassifier(features=4, learning_rate=0.2))


def test_deciles_are_even_tenths() -> None:
    rows, labels = drawn(2_000, 6)
    online = OnlineClassifier(features=4).learn_many(rows, labels)
    assert online.model is not None
    counts = np.bincount([online.model.decile(score) for score in online.predict_proba_many(rows).tolist()])[1:]
    assert len(counts) == 10
    assert counts.min() > 130
