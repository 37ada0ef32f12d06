"""What every component of the recommender keeps to, and what each is for."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.durations import DAY
from stream.recommend.again import BuyAgain
from stream.recommend.catalogue import REMEMBERED, History
from stream.recommend.component import NONE, Component, Numbers, Offers, Order, Own, Query
from stream.recommend.customers import SimilarCustomers
from stream.recommend.neighbours import ItemNeighbours
from stream.recommend.popularity import Popularity
from stream.recommend.sequences import Sequences

START = 1_700_000_000_000
SIZE = 30
NOBODY = History().own()
MADE = {
    "popularity": Popularity,
    "again": BuyAgain,
    "neighbours": lambda: ItemNeighbours(60 * DAY),
    "sequences": lambda: Sequences(60 * DAY),
    "customers": SimilarCustomers,
}


def numbers(*items: int) -> Numbers:
    return np.array(items, np.intp)


def shop(count: int, seed: int = 1) -> list[Order]:
    """Orders of a few customers, one of them after the other."""
    draw, last = random.Random(seed), dict[int, Numbers]()
    orders = []
    for place in range(count):
        customer = draw.randrange(8)
        items = numbers(*draw.sample(range(SIZE), draw.randint(1, 6)))
        orders.append(Order(START + place * DAY // 4, items, last.get(customer, NONE)))
        last[customer] = items
    return orders


def told(component: Component, orders: list[Order], size: int = SIZE) -> Component:
    component.reserve(size)
    for order in orders:
        component.learn(order)
    return component


def query(*last: int, basket: tuple[int, ...] = (), at: int = START + 400 * DAY) -> Query:
    history = History()
    if last:
        history.add(numbers(*last), at - 3 * DAY)
    return Query(at, history.own(), numbers(*last), numbers(*basket))


def scores(component: Component, asked: Query) -> list[list[float]]:
    """Of each signal, relative to its highest."""
    found = [one.scores(SIZE) for one in component.score(asked)]
    return [(values / max(values.max(), 1e-300)).tolist() for values in found]


@pytest.mark.parametrize("name", MADE)
def test_three_that_are_merged_offer_what_one_offers_that_saw_all(name: str) -> None:
    """Whatever numbers each of them knows its items by; weights of pairs are held with 24 bits."""
    orders, draw = shop(150), random.Random(3)
    whole = told(MADE[name](), orders)
    parts, meant = [], []
    for place in range(3):
        names = draw.sample(range(SIZE), SIZE)
        own = np.argsort(names)
        parts.append(told(MADE[name](), [Order(one.time, own[one.items], own[one.before]) for one in orders[place::3]]))
        meant.append(np.array(names, np.intp))
    merged = parts[0].merge(parts[1:], meant, SIZE)
    for asked in (query(3, 7), query(1, basket=(4, 9)), query()):
        for one, other in zip(scores(whole, asked), scores(merged, asked), strict=True):
            assert one == pytest.approx(other, abs=1e-6)


@pytest.mark.parametrize("name", ["popularity", "neighbours", "sequences"])
def test_late_orders_count_at_their_own_time(name: str) -> None:
    orders = shop(60)
    late = orders.copy()
    random.Random(5).shuffle(late)
    asked = query(3, 7, basket=(2,))
    for one, other in zip(
        scores(told(MADE[name](), orders), asked), scores(told(MADE[name](), late), asked), strict=True
    ):
        assert one == pytest.approx(other, abs=1e-6)


@pytest.mark.parametrize("name", ["neighbours", "sequences", "popularity"])
def test_a_gap_of_many_half_lives_is_no_trouble(name: str) -> None:
    """Weights are shifted to a later block; what is long ago counts nothing beside what is new."""
    component = told(MADE[name](), shop(50))
    years = START + 60 * 365 * DAY
    for place in range(3):
        component.learn(Order(years + place, numbers(1, 2), numbers(5)))
    for one in component.score(query(5, basket=(1,), at=years + DAY)):
        assert np.isfinite(one.values).all()
    best = component.score(query(5, basket=(1,), at=years + DAY))[0].scores(SIZE)
    assert int(np.argmax(best)) in (1, 2)


@pytest.mark.parametrize("name", MADE)
def test_who_is_unknown_is_offered_what_is_popular_and_nothing_else(name: str) -> None:
    offered = told(MADE[name](), shop(50)).score(query())
    assert all(len(one.items) == 0 or one.scores(SIZE).max() == 0 for one in offered) == (name != "popularity")


@pytest.mark.parametrize("name", MADE)
def test_nothing_was_learnt(name: str) -> None:
    for one in told(MADE[name](), []).score(query(3, basket=(1,))):
        if name != "again":
            assert one.scores(SIZE).max() == 0


@pytest.mark.parametrize("name", ["neighbours", "sequences", "customers"])
def test_without_its_seed_an_item_loses_what_the_seed_gave(name: str) -> None:
    """The reason is true: it is the seed that counted most."""
    component = told(MADE[name](), shop(150))
    offers = component.score(query(3, 7, 11, 20))[1 if name == "neighbours" else 0]
    whole = offers.scores(SIZE)
    item = int(np.argmax(whole))
    seed = offers.because(item)
    if name == "customers":
        assert seed == -1, "orders speak, not one item"
        return
    left = [one for one in (3, 7, 11, 20) if one != seed]
    losses = {}
    for gone in (3, 7, 11, 20):
        rest = component.score(query(*(one for one in (3, 7, 11, 20) if one != gone)))[1 if name == "neighbours" else 0]
        losses[gone] = whole[item] - rest.scores(SIZE)[item]
    assert seed not in left
    assert max(losses, key=lambda one: losses[one]) == seed
    assert losses[seed] > 0


def test_popular_is_what_is_ordered_most_and_half_lives_differ() -> None:
    orders = [Order(START + day * DAY, numbers(1), NONE) for day in range(100)]
    orders += [Order(START + (95 + day) * DAY, numbers(2), NONE) for day in range(5) for _ in range(2)]
    short, _, long = scores(told(Popularity(), orders), query(at=START + 100 * DAY))
    assert short[2] > short[1]
    assert long[1] > long[2]


def test_an_own_item_comes_again_when_its_gap_has_passed() -> None:
    days = np.array([float(START + day * DAY) for day in (0, 60)])
    own = Own(numbers(4, 5), np.array([3.0, 3.0]), days - 20 * DAY * np.array([1, 3]), days)
    signals = dict(zip(BuyAgain.signals, BuyAgain().score(Query(START + 90 * DAY, own)), strict=True))
    assert signals["rhythm"].values.tolist() == pytest.approx([3 * 10 / 90, 3.0])
    assert signals["lately"].values[1] > signals["lately"].values[0]


def test_neighbours_are_what_is_ordered_together_and_long_orders_say_less() -> None:
    orders = [Order(START, numbers(1, 2), NONE), Order(START, numbers(1, *range(3, 30)), NONE)] * 5
    near = scores(told(ItemNeighbours(60 * DAY), orders), query(basket=(1,)))[0]
    assert near[2] == 1.0
    assert max(near[3:]) < 0.5
    assert near[1] == 0.0


def test_sequences_have_a_direction() -> None:
    component = told(Sequences(60 * DAY), [Order(START, numbers(2), numbers(1))] * 5)
    assert scores(component, query(1))[0][2] == 1.0
    assert max(scores(component, query(2))[0]) == 0.0


def test_similar_customers_tell_what_followed() -> None:
    orders = [Order(START, numbers(9), numbers(1, 2, 3))] * 3 + [Order(START, numbers(8), numbers(1, 5))] * 3
    followed, alike = scores(told(SimilarCustomers(), orders), query(1, 2, 3))
    assert followed[9] == 1.0
    assert 0 < followed[8] < 1.0
    assert max(alike) == 0.0


def test_only_the_newest_orders_are_remembered() -> None:
    component = told(SimilarCustomers(orders=4), [Order(START, numbers(9), numbers(1))] * 3)
    for _ in range(4):
        component.learn(Order(START + DAY, numbers(8), numbers(2)))
    assert [len(one.items) for one in component.score(query(1))] == [0, 0]
    assert component.score(query(2))[0].items.tolist() == [8] * 4


def test_an_item_keeps_a_bounded_number_of_others_and_a_newcomer_can_rise() -> None:
    component, draw = ItemNeighbours(60 * DAY, cap=10), random.Random(2)
    component.reserve(500)
    for place in range(2_000):
        component.learn(Order(START + place, numbers(0, draw.randrange(1, 400)), NONE))
    for place in range(60):
        component.learn(Order(START + 3_000 + place, numbers(0, 450), NONE))
    near = component.score(query(basket=(0,)))[0]
    assert len(near.items) <= 20
    assert near.items[np.argmax(near.values)] == 450


def test_an_order_of_ten_thousand_items_makes_a_bounded_number_of_pairs_always_the_same_ones() -> None:
    def learnt(time: int) -> Offers:
        component = ItemNeighbours(60 * DAY, pair_items=50)
        component.reserve(10_000)
        component.learn(Order(time, np.arange(10_000), NONE))
        found = [component.score(query(basket=(item,)))[0] for item in range(10_000)]
        return Offers(*(np.concatenate([one[place] for one in found]) for place in range(3)))

    once, again, later = learnt(START), learnt(START), learnt(START + 1)
    assert len(once.items) == 50 * 49
    assert once.items.tolist() == again.items.tolist()
    assert once.items.tolist() != later.items.tolist()


def test_an_item_alone_or_the_same_one_a_thousand_times_has_no_neighbour() -> None:
    component = told(ItemNeighbours(60 * DAY), [Order(START, numbers(3), NONE)] * 1_000)
    assert len(component.score(query(basket=(3,)))[0].items) == 0


@given(st.lists(st.lists(st.integers(0, 2_000), min_size=1, max_size=400, unique=True), max_size=12))
def test_a_history_is_bounded_and_keeps_the_last(orders: list[list[int]]) -> None:
    history, seen = History(), dict[int, int]()
    for place, items in enumerate(orders):
        history.add(numbers(*items), START + place)
        for item in items:
            seen.pop(item, None)
            seen[item] = place
    own = history.own()
    assert own.items.tolist() == list(seen)[-REMEMBERED:]
    assert own.last.tolist() == [START + seen[item] for item in own.items.tolist()]
    assert (own.first <= own.last).all()
