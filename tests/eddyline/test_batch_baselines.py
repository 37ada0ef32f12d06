"""Weekly factorisations on a shop of two groups whose customers order their own group's items only."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from eddyline import recommenders
from eddyline.batch import WEEK
from stream.durations import DAY
from stream.errors import InputError
from stream.evaluate.baselines import Baseline
from stream.recommend.component import NONE, Order, Query

ITEMS, CUSTOMERS = 200, 200
NAMES = ("weekly-als", "weekly-bpr")


def begun(name: str) -> Baseline:
    (baseline,) = recommenders.baselines(name).values()
    return baseline


def told(name: str) -> Baseline:
    """A week of orders: customer k has ordered fifteen of the hundred items of the group k % 2."""
    baseline, draw = begun(name), np.random.default_rng(3)
    baseline.reserve(ITEMS)
    baseline.advance(0)
    for customer in range(CUSTOMERS):
        items = draw.choice(100, 15, replace=False) + 100 * (customer % 2)
        baseline.learn(Order(customer, items), f"c{customer}")
    return baseline


def ask(baseline: Baseline, customer: str | None, basket=()) -> np.ndarray:
    return baseline.scores(Query(WEEK, None, NONE, np.array(basket, np.intp)), customer)


def share(scores: np.ndarray, group: int) -> float:
    """Of the 25 best that are of this group."""
    return float((np.argsort(-scores)[:25] // 100 == group).mean())


@pytest.mark.parametrize("name", NAMES)
def test_others_of_the_own_group_come_first(name) -> None:
    """Fifteen of the 25 are what the customer has ordered, ten are not."""
    baseline = told(name)
    baseline.advance(WEEK)
    assert np.mean([share(ask(baseline, f"c{customer}"), customer % 2) for customer in range(CUSTOMERS)]) > 0.95


@pytest.mark.parametrize("name", NAMES)
def test_a_basket_of_nobody_is_completed_from_its_group(name) -> None:
    baseline = told(name)
    baseline.advance(WEEK)
    assert share(ask(baseline, None, [111, 112, 113, 114]), 1) > 0.9


@pytest.mark.parametrize("name", NAMES)
def test_items_and_orders_count_from_the_weeks_end(name) -> None:
    baseline = told(name)
    assert not np.isfinite(ask(baseline, "c0")).any()  # nothing is known before the first rebuild
    baseline.advance(WEEK)
    baseline.reserve(ITEMS + 1)
    late = told(name)
    late.advance(WEEK)
    late.reserve(ITEMS + 1)
    for customer in range(20):  # learnt before the model is first asked, and yet not by it
        late.learn(Order(WEEK + DAY, np.array([3, ITEMS])), f"x{customer}")
    assert ask(baseline, "c0").tobytes() == ask(late, "c0").tobytes()
    assert ask(late, "c0")[ITEMS] == -np.inf
    late.advance(WEEK + 6 * DAY)
    assert ask(late, "c0")[ITEMS] == -np.inf
    late.advance(2 * WEEK)
    assert np.isfinite(ask(late, "c0")[ITEMS])


@pytest.mark.parametrize("name", NAMES)
def test_the_same_orders_give_the_same_bits(name) -> None:
    one, other = told(name), told(name)
    for baseline in (one, other):
        baseline.advance(WEEK)
    assert all(ask(one, f"c{k}").tobytes() == ask(other, f"c{k}").tobytes() for k in range(CUSTOMERS))


@pytest.mark.parametrize("name", NAMES)
def test_a_new_customer_has_what_is_popular_and_then_what_own_items_say(name) -> None:
    baseline = told(name)
    baseline.advance(WEEK)
    popular = ask(baseline, "new")
    assert (np.argsort(popular) == np.argsort(ask(baseline, None))).all()
    baseline.learn(Order(WEEK, np.arange(114, 118)), "new")
    assert share(ask(baseline, "new"), 1) > 0.9


@pytest.mark.parametrize("name", NAMES)
def test_without_the_package_the_error_says_what_to_install(name, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "implicit", None)
    with pytest.raises(InputError, match=rf"{name} needs the package implicit: pip install 'eddyline\[baselines\]'"):
        recommenders.baselines(name)


def test_they_are_in_the_document(eddyline, tmp_path) -> None:
    rows = ["o,c,sku,at,status"]
    for number in range(200):
        day, customer = divmod(number, 10)
        for place in range(4):
            rows.append(f"{number},c{customer},g{customer}-{place},2026-01-{day + 1:02d}T{customer:02d}:00:00,paid")
    (tmp_path / "orders.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "mapping.toml").write_text(
        'customer = "c"\ntimestamp = { column = "at" }\n'
        'event = { column = "status", names = { paid = "Order Completed" } }\nproperties = { order_id = "o" }\n'
        '[order]\nby = "o"\nproducts = { product_id = "sku" }\n'
    )
    done = eddyline(
        "evaluate",
        "recommend",
        f"csv:{tmp_path / 'orders.csv'}",
        "--map",
        str(tmp_path / "mapping.toml"),
        "--against",
        "popularity,weekly-als,weekly-bpr",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    components = json.loads(done.stdout)["protocols"]["repeats"]["components"]
    assert list(components)[-3:] == ["decayed_popularity", "weekly_als", "weekly_bpr"]
    # 150 trials; the first rebuild is on 1 January, the next on the 8th, which all but 20 come after
    assert components["weekly_als"]["hit_rate_at_10"] > 0.8 > components["decayed_popularity"]["hit_rate_at_10"]
