"""The whole of the recommender: what the ranker learns, and what the list holds."""

from __future__ import annotations

import random

import numpy as np
import pytest

from stream.durations import DAY
from stream.recommend.blend import Blend, best
from stream.recommend.catalogue import History
from stream.recommend.component import NONE, Numbers, Order, Query
from stream.recommend.ranker import EVEN, Ranker

START = 1_700_000_000_000
SIZE = 40


def lists(count: int, seed: int, by: int) -> list[tuple[np.ndarray, Numbers]]:
    """Candidates of which those are ordered that have most of signal `by`."""
    draw = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        features = draw.uniform(0, 5, (30, 3))
        chance = np.exp(2 * features[:, by])
        made.append((features, draw.choice(30, 1, p=chance / chance.sum()).astype(np.intp)))
    return made


def taught(examples: list[tuple[np.ndarray, Numbers]], half_life: float = 1_500.0) -> Ranker:
    ranker = Ranker(3, half_life)
    for features, wanted in examples:
        ranker.learn(features, wanted)
        ranker.settle()
    return ranker


def test_all_signals_count_alike_at_first() -> None:
    assert Ranker(3).weights.tolist() == [EVEN] * 3


def test_it_finds_the_weights_that_customers_choose_by() -> None:
    weights = taught(lists(1_500, 1, by=1)).weights
    assert weights[1] == pytest.approx(2.0, abs=0.25)
    assert np.abs(weights[[0, 2]]).max() < 0.15


def test_it_follows_a_change() -> None:
    weights = taught([*lists(600, 1, by=1), *lists(600, 2, by=2)], half_life=100.0).weights
    assert weights[2] > 1.0 > 0.3 > abs(weights[1])


def test_merged_it_has_learnt_what_all_have() -> None:
    parts = [taught(lists(500, seed, by=0)) for seed in range(3)]
    merged = parts[0].merge(parts[1:])
    assert merged.weights[0] == pytest.approx(2.0, abs=0.25)
    assert merged.weights == pytest.approx(parts[2].merge([parts[1], parts[0]]).weights)
    assert merged.seen == pytest.approx(sum(part.seen for part in parts))


def test_of_equal_scores_the_first_is_first() -> None:
    assert best(np.array([1.0, 3.0, 3.0, 0.0, 3.0]), 2).tolist() == [1, 2]
    assert best(np.array([1.0, 2.0]), 10).tolist() == [1, 0]


def orders(count: int) -> list[tuple[int, Order, History]]:
    """Each customer orders their own item again and again, and what goes with it; now and then something else."""
    draw, histories = random.Random(4), [History() for _ in range(12)]
    last: list[Numbers] = [NONE] * 12
    made = []
    for place in range(count):
        customer = draw.randrange(12)
        items = np.array([customer, 12 + customer, draw.randrange(24, SIZE)], np.intp)
        order = Order(START + place * DAY // 10, items, last[customer])
        made.append((customer, order, histories[customer]))
        last[customer] = items
    return made


def run(blend: Blend, count: int = 300) -> list[tuple[int, list[int]]]:
    """Rank, teach, learn; what was shown before each order of somebody known."""
    blend.reserve(SIZE)
    shown = []
    for customer, order, history in orders(count):
        if history:
            found = blend.candidates(Query(order.time, history.own(), history.last), NONE)
            shown.append((customer, found.items[blend.rank(found, "next", 2)].tolist()))
            blend.teach(found, "next", order.items)
            blend.rankers["next"].settle()
        blend.learn(order)
        history.add(order.items, order.time)
    return shown


def test_it_learns_what_each_customer_comes_back_for() -> None:
    late = run(Blend(60 * DAY))[-100:]
    assert sum(sorted(items) == [customer, 12 + customer] for customer, items in late) > 95


def test_what_is_excluded_is_no_candidate() -> None:
    blend = Blend(60 * DAY)
    run(blend)
    hidden = np.array([3, 15, 24], np.intp)
    history = History()
    history.add(np.array([3, 15], np.intp), START)
    found = blend.candidates(Query(START + DAY, history.own(), history.last), hidden)
    assert len(found.items) > 10
    assert not set(found.items.tolist()) & {3, 15, 24}


def test_partitions_that_are_merged_know_what_one_knows() -> None:
    whole, parts = Blend(60 * DAY), [Blend(60 * DAY) for _ in range(2)]
    for blend in (whole, *parts):
        blend.reserve(SIZE)
    for customer, order, history in orders(300):
        if history:
            asked = Query(order.time, history.own(), history.last)
            for blend in (whole, parts[customer % 2]):
                blend.teach(blend.candidates(asked, NONE), "next", order.items)
        for blend in (whole, parts[customer % 2]):
            blend.learn(order)
        history.add(order.items, order.time)
    whole.rankers["next"].settle()
    merged = parts[0].merge(parts[1:], [np.arange(SIZE)] * 2, SIZE)
    history = History()
    history.add(np.array([5], np.intp), START + 28 * DAY)
    asked = Query(START + 30 * DAY, history.own(), history.last)
    lists = [
        found.items[blend.rank(found, "next", 2)]
        for blend in (whole, merged)
        if (found := blend.candidates(asked, NONE))
    ]
    assert lists[0].tolist() == lists[1].tolist()
    assert sorted(lists[0].tolist()) == [5, 17]
