"""Estimates of another ranking's clicks, on logs of which the truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.evaluate.counterfactual import LEAST_CLICKS, Shown, estimate
from stream.evaluate.examination import examined

LOOKS = np.array([1.0, 0.7, 0.5, 0.35, 0.25, 0.2])
PLACES = len(LOOKS)

NAMES = [f"i{number}" for number in range(12)]
LISTS = st.lists(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=PLACES, unique=True).flatmap(
        lambda items: st.builds(Shown, st.just(tuple(items)), st.frozensets(st.sampled_from(items)))
    ),
    min_size=1,
    max_size=30,
)


def simulated(seed: int, lists: int = 1_500, unseen: int = 0):
    """A log whose ranking is rather wrong, a new one that is right, and the latter's true clicks ÷ items."""
    draw = np.random.default_rng(seed)
    appeal = draw.beta(1.5, 6.0, (lists, PLACES + unseen))
    guess = draw.normal(0, 0.3, (lists, PLACES)) - appeal[:, :PLACES]
    logged, rankings, truth = [], [], 0.0
    for row in range(lists):
        shown = np.argsort(-guess[row])
        clicked = shown[draw.random(PLACES) < LOOKS * appeal[row, shown]]
        new = np.argsort(-appeal[row])[:PLACES]
        logged.append(Shown([f"{row}-{item}" for item in shown], frozenset(f"{row}-{item}" for item in clicked)))
        rankings.append([f"{row}-{item}" for item in new])
        truth += float((LOOKS * appeal[row, new]).sum())
    return logged, rankings, truth / (lists * PLACES)


@given(LISTS)
def test_the_same_ranking_is_what_was_observed(logged) -> None:
    found = estimate(logged, [one.items for one in logged], LOOKS)
    items = sum(len(one.items) for one in logged)
    clicks = sum(len(one.clicked) for one in logged)
    assert found.observed.value == found.ips.value == pytest.approx(clicks / items)
    assert found.snips.value == pytest.approx(clicks / items)
    assert found.effective == pytest.approx(items)
    assert (found.unsupported, found.clipped, found.clicks, found.items) == (0.0, 0.0, clicks, items)
    assert (found.ips.low is None) == (clicks < LEAST_CLICKS or len(logged) < 2)


@given(LISTS, st.randoms(use_true_random=False))
def test_any_ranking_of_what_was_shown(logged, random) -> None:
    """Both estimates agree without clipping; the order of lists and repeated items tell nothing."""
    rankings = [random.sample(list(one.items), len(one.items)) for one in logged]
    found = estimate(logged, rankings, LOOKS, clip=1e9)
    assert found.snips.value == pytest.approx(found.ips.value)
    assert found.unsupported == pytest.approx(0.0, abs=1e-12)
    assert found.effective <= found.items * (1 + 1e-9)
    again = estimate(logged[::-1], [ranking * 2 for ranking in rankings[::-1]], LOOKS, clip=1e9)
    assert again.ips.value == pytest.approx(found.ips.value)


@given(LISTS)
def test_what_was_never_shown_has_no_support(logged) -> None:
    found = estimate(logged, [["x", "y"]] * len(logged), LOOKS)
    assert (found.ips.value, found.ips.low, found.snips) == (0.0, None, None)
    assert (found.unsupported, found.clicks, found.effective) == (1.0, 0, 0.0)


def test_the_truth_is_within_the_interval_as_often_as_it_says() -> None:
    within, better = 0, 0
    for seed in range(80):
        logged, rankings, truth = simulated(seed, lists=400)
        found = estimate(logged, rankings, LOOKS)
        within += found.ips.low <= truth <= found.ips.high
        better += found.ips.value > found.observed.value
    assert 70 <= within <= 80  # 76 are expected
    assert better == 80


def test_unseen_items_make_ips_a_lower_bound() -> None:
    logged, rankings, truth = simulated(5, unseen=3)
    found = estimate(logged, rankings, LOOKS)
    assert 0.2 < found.unsupported < 0.5
    assert found.ips.high < truth
    assert abs(found.snips.value - truth) < abs(found.ips.value - truth)


def test_clipping_lowers_the_estimate_and_narrows_the_interval() -> None:
    logged, rankings, _ = simulated(5)
    free, cut = (estimate(logged, rankings, LOOKS, clip) for clip in (100.0, 1.0))
    assert (free.clipped, cut.clipped > 0.1) == (0.0, True)
    assert cut.ips.value < free.ips.value
    assert cut.ips.high - cut.ips.low < free.ips.high - free.ips.low
    assert cut.effective > free.effective


def test_places_are_learnt_from_items_that_move() -> None:
    draw = np.random.default_rng(11)
    appeal = draw.beta(2.0, 4.0, 40)
    logged = []
    for _ in range(8_000):
        shown = draw.choice(40, PLACES, replace=False, p=appeal / appeal.sum())
        clicked = shown[draw.random(PLACES) < LOOKS * appeal[shown]]
        logged.append(Shown([str(item) for item in shown], frozenset(str(item) for item in clicked)))
    assert examined(logged) == pytest.approx(LOOKS, abs=0.04)


def test_nothing_shown() -> None:
    assert len(examined([])) == 0
    assert examined([Shown(("a", "b"), frozenset())]).tolist() == pytest.approx([1.0, 1.0], abs=1e-6)
    found = estimate([], [], LOOKS)
    assert (found.lists, found.observed, found.ips, found.unsupported) == (0, None, None, 0.0)
