"""Measures of ranked lists, against values worked out by hand."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest

from stream.evaluate.ranking import ListTally, gini, list_measures, pessimistic_top


def flags(*places: int) -> np.ndarray:
    hits = np.zeros(20, np.bool_)
    hits[[place - 1 for place in places]] = True
    return hits


def test_measures_of_one_list() -> None:
    found = {name: float(value) for name, value in list_measures(flags(2, 5, 15), np.array(4)).items()}
    ideal = 1 + 1 / log2(3) + 1 / log2(4) + 1 / log2(5)
    assert found == pytest.approx(
        {
            "hit_rate_at_10": 1.0,
            "recall_at_10": 2 / 4,
            "precision_at_10": 2 / 10,
            "mrr_at_10": 1 / 2,
            "ndcg_at_10": (1 / log2(3) + 1 / log2(6)) / ideal,
            "hit_rate_at_20": 1.0,
            "recall_at_20": 3 / 4,
            "precision_at_20": 3 / 20,
            "mrr_at_20": 1 / 2,
            "ndcg_at_20": (1 / log2(3) + 1 / log2(6) + 1 / log2(16)) / ideal,
        }
    )


def test_a_hit_after_the_tenth_counts_at_twenty_only() -> None:
    found = list_measures(flags(11), np.array(1))
    assert [found[f"{name}_at_10"] for name in ("hit_rate", "recall", "precision", "mrr", "ndcg")] == [0.0] * 5
    assert float(found["mrr_at_20"]) == pytest.approx(1 / 11)
    assert float(found["ndcg_at_20"]) == pytest.approx(1 / log2(12))


def test_a_list_with_nothing_but_hits_is_perfect_however_many_are_wanted() -> None:
    found = list_measures(flags(*range(1, 21)), np.array(50))
    assert [float(found["ndcg_at_10"]), float(found["ndcg_at_20"])] == pytest.approx([1.0, 1.0])
    assert float(found["recall_at_20"]) == pytest.approx(20 / 50)


def test_equal_scores_gain_nothing() -> None:
    wanted = np.arange(50) < 10
    assert not wanted[pessimistic_top(np.zeros(50), wanted, 20)].any()
    assert not wanted[pessimistic_top(np.zeros(50), np.arange(50) >= 40, 20)].all()
    scores = np.where(np.arange(50) == 3, 1.0, 0.0)
    assert pessimistic_top(scores, wanted, 1).tolist() == [3]


def test_what_is_hidden_is_in_no_list() -> None:
    scores = np.array([-np.inf, 1.0, -np.inf, 2.0])
    assert pessimistic_top(scores, np.ones(4, np.bool_), 10).tolist() == [3, 1]


def test_a_list_is_the_sorted_head() -> None:
    scores = np.random.default_rng(1).random(500)
    assert pessimistic_top(scores, np.zeros(500, np.bool_), 20).tolist() == np.argsort(-scores)[:20].tolist()


@pytest.mark.parametrize(
    ("exposures", "expected"), [([3, 3], 0.0), ([0, 1], 0.5), ([1, 3], 0.25), ([0, 0], 0.0), ([0, 0, 0, 0, 9], 0.8)]
)
def test_gini(exposures: list[float], expected: float) -> None:
    assert gini(np.array(exposures, float)) == pytest.approx(expected)


def test_a_tally_adds_up() -> None:
    """Two rankings, two trials: one shows item 0 and then nothing more, the other items 0 and 1, then 2 and 3."""
    tally = ListTally(("narrow", "wide"))
    for shown in ((0, 1), (2, 3)):
        lists = np.full((2, 20), -1)
        lists[0, 0], lists[1, :2] = 0, shown
        shares = np.where(lists >= 0, 0.25, 1.0)
        tally.add(lists, (lists == 1), shares, 1)
    found = tally.measures(8)
    assert tally.trials == 2
    assert (found["narrow"]["hit_rate_at_10"], found["wide"]["hit_rate_at_10"]) == (0.0, 0.5)
    assert found["wide"]["mrr_at_10"] == 0.25
    assert (found["narrow"]["coverage"], found["wide"]["coverage"]) == (1 / 8, 4 / 8)
    assert (found["narrow"]["gini"], found["wide"]["gini"]) == pytest.approx((7 / 8, 0.5))
    assert (found["narrow"]["novelty"], found["wide"]["novelty"]) == (2.0, 2.0)


def test_a_tally_does_not_depend_on_when_it_settles() -> None:
    rng = np.random.default_rng(2)
    tally, summed = ListTally(("one",)), 0
    for _ in range(1_003):
        hits = rng.random((1, 20)) < 0.1
        summed += bool(hits[0, :10].any())
        tally.add(rng.permutation(30)[None, :20], hits, np.full((1, 20), 0.5), 7)
    assert tally.measures(30)["one"]["hit_rate_at_10"] == pytest.approx(summed / 1_003)
