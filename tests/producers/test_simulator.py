from __future__ import annotations

import hashlib
import itertools
import os
import subprocess
import sys
from collections import Counter, defaultdict
from functools import cache
from statistics import mean

import pytest

from producers.simulator import KINDS, Shop
from stream.config import EventsConfig
from stream.durations import DAY
from stream.entries import Event, Rejected
from stream.errors import InputError
from stream.events import CustomerEvent, decode
from stream.products import products_of, revenue
from stream.records import Outgoing, Record

SHOP = Shop(seed=3, customers=800, days=120)


@cache
def records() -> list[Outgoing]:
    return list(SHOP.events())


def entry(number: int, record: Outgoing) -> Event | Rejected:
    return decode(Record(record.topic, 0, number, record.timestamp or 0, record.key, record.value), EventsConfig())


@cache
def entries() -> list[Event | Rejected]:
    return [entry(number, record) for number, record in enumerate(records())]


@cache
def events() -> list[Event]:
    """Each event once, in order of time."""
    first_seen = {one.message_id: one for one in reversed(entries()) if isinstance(one, Event)}
    return sorted(first_seen.values(), key=lambda one: one.time)


def fingerprint(records: list[Outgoing]) -> str:
    return hashlib.sha256(repr(records).encode()).hexdigest()


def test_same_seed_same_bytes_whatever_the_hash_seed():
    program = (
        "import hashlib\nfrom producers.simulator import Shop\nshop = Shop(seed=5, customers=60, days=40)\n"
        "print(hashlib.sha256(repr((list(shop.events()), dict(shop.truth()))).encode()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "4711")
    }
    assert len(found) == 1
    shop = Shop(seed=5, customers=60, days=40)
    assert fingerprint(list(shop.events())) == fingerprint(list(shop.events()))
    assert fingerprint(list(shop.events())) != fingerprint(list(Shop(seed=6, customers=60, days=40).events()))


def test_malformed_records_are_those_planned_and_of_many_kinds():
    rejected = [one for one in entries() if isinstance(one, Rejected)]
    assert len(rejected) == SHOP.plan().malformed == 10
    assert len({one.code for one in rejected}) >= 7


def test_repeated_records_are_those_planned():
    ids = Counter(one.message_id for one in entries() if isinstance(one, Event))
    assert sum(count - 1 for count in ids.values()) == SHOP.plan().duplicates == 20
    values = defaultdict(set)
    for record, one in zip(records(), entries(), strict=True):
        if isinstance(one, Event):
            values[one.message_id].add((record.key, record.value))
    assert all(len(same) == 1 for same in values.values())


def test_records_arrive_in_order_and_only_the_planned_ones_late():
    arrivals = [record.timestamp for record in records()]
    assert arrivals == sorted(arrivals)
    seen: set[str] = set()
    late = 0
    for record, one in zip(records(), entries(), strict=True):
        if isinstance(one, Event) and one.message_id not in seen:
            seen.add(one.message_id)
            assert record.timestamp >= one.time
            late += record.timestamp != one.time
    assert late == SHOP.plan().late == 80


def test_good_records_follow_the_published_contract():
    for record, one in zip(records()[:3_000], entries(), strict=False):
        if isinstance(one, Event):
            event = CustomerEvent.model_validate_json(record.value)
            assert record.key.decode() == (event.user_id or event.anonymous_id)
            assert SHOP.start <= one.time < SHOP.start + 120 * DAY


def test_truth_is_of_those_who_came_and_holds_every_kind():
    truth = SHOP.truth()
    assert set(truth) == {one.customer for one in events() if one.known}
    shares = Counter(truth.values())
    assert set(shares) == {kind.name for kind in KINDS}
    for kind in KINDS:
        assert shares[kind.name] / 800 == pytest.approx(kind.share, abs=0.06)


def test_a_customer_is_introduced_before_anything_else():
    # In order of event time: a late introduction still happened first.
    first = {}
    for one in events():
        if one.known:
            first.setdefault(one.customer, one)
    assert {one.kind for one in first.values()} == {"identify"}
    assert all(one.traits["country"] for one in first.values())


def test_some_visitors_are_anonymous():
    anonymous = [one for one in events() if not one.known]
    assert 0.01 < len(anonymous) / len(events()) < 0.1
    assert "Product Viewed" in {one.kind for one in anonymous}


def test_carts_and_orders_agree():
    """What is ordered was added before, what is removed is not ordered, what is refunded was ordered at that price."""
    added, ordered = Counter(), {}
    for one in events():
        for product in products_of(one):
            if one.kind == "Product Added":
                added[one.customer, product.id] += product.quantity
            elif one.kind in ("Order Completed", "Product Removed"):
                added[one.customer, product.id] -= product.quantity
                assert added[one.customer, product.id] >= 0
        if one.kind == "Order Completed":
            ordered[one.customer, one.properties["order_id"]] = one
            total = sum(product.price * product.quantity for product in products_of(one))
            assert revenue(one) == pytest.approx(total, abs=0.01)
        elif one.kind == "Order Refunded":
            order = ordered[one.customer, one.properties["order_id"]]
            assert set(products_of(one)) <= set(products_of(order))
            assert 0 < revenue(one) <= revenue(order)


def test_kinds_behave_as_they_are_called():
    truth = SHOP.truth()
    count = defaultdict(Counter)
    money = defaultdict(float)
    for one in events():
        if one.known:
            count[truth[one.customer]][one.kind] += 1
            if one.kind == "Order Completed":
                money[truth[one.customer]] += revenue(one)
    people = Counter(truth.values())

    def each(kind: str, name: str) -> float:
        return count[kind][name] / people[kind]

    def order_value(kind: str) -> float:
        return money[kind] / count[kind]["Order Completed"]

    names = [kind.name for kind in KINDS]
    orders = {name: each(name, "Order Completed") for name in names}
    assert max(orders, key=orders.get) == "loyal"
    assert orders["browser"] < 0.5 < orders["lapsed"]
    assert max(names, key=order_value) == "big_spender"
    assert min(names, key=order_value) == "bargain_hunter"
    assert (
        max(names, key=lambda name: count[name]["Order Refunded"] / count[name]["Order Completed"]) == "bargain_hunter"
    )


def test_some_customers_go_quiet_and_end_as_lapsed():
    truth = SHOP.truth()
    orders, last = Counter(), {}
    for one in events():
        orders[one.customer] += one.kind == "Order Completed"
        last[one.customer] = one.time
    quiet = [
        customer
        for customer, kind in truth.items()
        if kind == "lapsed" and orders[customer] >= 3 and last[customer] < SHOP.start + 90 * DAY
    ]
    assert len(quiet) >= 3


def test_items_of_a_group_are_bought_together():
    """Two items of one order are of one group far more often than two items of different customers are."""
    orders = [products_of(one) for one in events() if one.kind == "Order Completed"]
    within = [a.category == b.category for lines in orders for a, b in itertools.pairwise(lines)]
    across = [a[0].category == b[0].category for a, b in itertools.pairwise(orders)]
    assert mean(within) > 0.6
    assert mean(across) < 0.2


def test_popularity_is_skewed_yet_nothing_dominates():
    sold = Counter(product.id for one in events() if one.kind == "Order Completed" for product in products_of(one))
    ranked = [count for _, count in sold.most_common()]
    top = sum(ranked[:10]) / sum(ranked)
    assert 10 / 300 * 2 < top < 0.25


def test_size_and_start_are_settings():
    shop = Shop(seed=1, customers=20, items=12, days=30, start=86_400_000, topic="clicks")
    records = list(shop.events())
    assert {record.topic for record in records} == {"clicks"}
    assert len(shop.truth()) == 20
    events = [one for one in map(entry, range(len(records)), records) if isinstance(one, Event)]
    assert min(one.time for one in events) >= 86_400_000
    items = {product.id for one in events for product in products_of(one)}
    assert 0 < len(items) <= 12


@pytest.mark.parametrize("setting", [{"customers": 9}, {"items": 9}, {"days": 9}, {"seed": -1}])
def test_a_shop_that_is_too_small_is_refused(setting):
    with pytest.raises(InputError):
        Shop(**setting)


def test_the_default_shop_has_the_volume_that_is_documented():
    assert 90_000 < sum(1 for _ in Shop().events()) < 110_000
