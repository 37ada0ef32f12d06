"""`eddyline evaluate recommend` on small shops of which the right answers are known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import pytest

from producers.datasets.baskets import of_online_retail

GROUPS, CUSTOMERS, TIMES = 20, 20, 10
MAPPING = """
customer = "client"
anonymous = "order_no"
timestamp = { column = "at" }
event = { column = "status", names = { paid = "Order Completed", returned = "Order Refunded" } }
properties = { order_id = "order_no" }
[order]
by = "order_no"
products = { product_id = "sku", quantity = "qty", price = "price" }
"""
HEAD = "order_no,client,sku,qty,price,at,status\n"


def order(number: int, client: str, group: int, hours: float) -> Iterator[str]:
    at = (datetime(2026, 1, 1) + timedelta(hours=hours)).isoformat()
    for place in range(4):
        yield f"{number},{client},g{group}-{place},1,2.5,{at},paid\n"


def walk(group_of) -> str:
    """Each customer orders once a day a group of four items that are always together."""
    rows = []
    for time in range(TIMES):
        for customer in range(CUSTOMERS):
            number = time * CUSTOMERS + customer
            rows.extend(order(number, f"c{customer}", group_of(customer, time), 24 * time + customer / 2))
    return HEAD + "".join(rows)


@pytest.fixture
def evaluated(eddyline, tmp_path):
    def run(rows: str, *arguments: str):
        (tmp_path / "orders.csv").write_text(rows)
        (tmp_path / "mapping.toml").write_text(MAPPING)
        return eddyline(
            "evaluate",
            "recommend",
            f"csv:{tmp_path / 'orders.csv'}",
            "--map",
            str(tmp_path / "mapping.toml"),
            *arguments,
        )

    return run


def hits(document, protocol: str) -> dict[str, float]:
    return {name: one["hit_rate_at_10"] for name, one in document["protocols"][protocol]["components"].items()}


def test_customers_who_order_the_same_again(evaluated) -> None:
    done = evaluated(walk(lambda customer, time: customer), "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["orders"], document["items"]) == (200, 80)
    assert {name: one["n"] for name, one in document["protocols"].items()} == {"repeats": 150, "new": 0, "basket": 150}
    repeats = document["protocols"]["repeats"]["components"]
    assert repeats["whole"]["hit_rate_at_10"] == repeats["buy_again"]["hit_rate_at_10"] == 1.0
    assert repeats["buy_again"]["recall_at_10"] == repeats["buy_again"]["ndcg_at_10"] == 1.0
    assert repeats["buy_again"]["precision_at_10"] == 0.4
    assert repeats["decayed_popularity"]["hit_rate_at_10"] < 0.1  # what others ordered lately is never what is next
    assert repeats["whole"]["coverage"] == 1.0
    basket = document["protocols"]["basket"]["components"]
    assert basket["item_neighbours"]["recall_at_10"] == basket["nightly_itemknn"]["recall_at_10"] == 1.0
    assert basket["item_neighbours"]["mrr_at_10"] == 1.0


def test_customers_who_walk_on(evaluated) -> None:
    """One group follows another, and nothing is ever ordered twice."""
    document = json.loads(evaluated(walk(lambda customer, time: (customer + time) % GROUPS), "--json").stdout)
    repeats, new = hits(document, "repeats"), hits(document, "new")
    assert (repeats["sequences"], new["sequences"], repeats["buy_again"]) == (1.0, 1.0, 0.0)
    assert new["whole"] > 0.9
    assert document["protocols"]["new"]["n"] == 150


def test_the_document(evaluated) -> None:
    document = json.loads(evaluated(walk(lambda customer, time: customer), "--against", "popularity", "--json").stdout)
    components = document["protocols"]["repeats"]["components"]
    ours = ["whole", "popularity", "buy_again", "item_neighbours", "sequences", "similar_customers"]
    assert list(components) == [*ours, "decayed_popularity"]
    assert list(document["protocols"]) == ["repeats", "new", "basket"]
    measures = [f"{name}_at_{k}" for k in (10, 20) for name in ("hit_rate", "recall", "ndcg", "mrr", "precision")]
    assert set(components["whole"]) == {*measures, "coverage", "gini", "novelty"}
    assert all(0 <= components["whole"][name] <= 1 for name in measures)


def test_cold_customers_are_misses_of_all_and_have_baskets(evaluated) -> None:
    """Fifty orders without a customer come last: no trials of repeats; their baskets are known, but not their past."""
    rows = walk(lambda customer, time: customer)
    rows += "".join(line for one in range(50) for line in order(1_000 + one, "", one % GROUPS, 241 + one))
    protocols = json.loads(evaluated(rows, "--json").stdout)["protocols"]
    repeats, basket = protocols["repeats"], protocols["basket"]
    assert (repeats["n"], repeats["all"]["n"]) == (138, 188)  # 62 of 250 warmed up
    assert repeats["all"]["hit_rate_at_10"]["whole"] == pytest.approx(138 / 188, abs=1e-6)
    assert (basket["n"], basket["known"]["n"]) == (188, 138)


def test_lines_that_are_no_sale_do_not_count(evaluated) -> None:
    rows = walk(lambda customer, time: customer)
    at = "2026-03-01T00:00:00"
    rows += f"900,c1,free,1,0,{at},paid\n901,c1,none,0,5,{at},paid\n902,c1,back,1,5,{at},returned\n"
    document = json.loads(evaluated(rows, "--json").stdout)
    assert (document["orders"], document["items"]) == (200, 80)


def test_a_table(evaluated) -> None:
    done = evaluated(walk(lambda customer, time: customer))
    assert done.returncode == 0
    assert "200 orders of 80 items" in done.stdout
    assert "repeats: a known customer's next order (150)" in done.stdout
    assert "nightly_itemknn" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["csv:orders.csv"], "say which column is what: --map FILE"),
        (["orders.csv"], "'orders.csv' is no source; say one of online-retail:FILE, csv:FILE"),
        (["online-retail:none.csv"], "there is no file none.csv"),
        (["online-retail:none.csv", "--map", "mapping.toml"], "needs no --map"),
        (["online-retail:none.csv", "--against", "popularity,best"], "there is no baseline 'best'; --against takes"),
    ],
)
def test_what_cannot_be_done(eddyline, arguments, said) -> None:
    done = eddyline("evaluate", "recommend", *arguments)
    assert done.returncode != 0
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_too_few_orders(evaluated) -> None:
    done = evaluated(HEAD + "".join(order(1, "ann", 1, 0)))
    assert done.returncode != 0
    assert "has 1 order of products" in " ".join(done.stderr.split())


def test_online_retail_is_cleaned(tmp_path) -> None:
    path = tmp_path / "retail.csv"
    path.write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "2,85a,tea,1,2010-12-02 08:00:00,2.5,17850.0,UK\n"
        "1,POST,postage,1,2010-12-01 08:00:00,15,,UK\n"
        "2,85A,tea,3,2010-12-02 08:01:00,2.5,17850.0,UK\n"
        "2,85a,tea,3,2010-12-02 08:01:00,2.5,17850.0,UK\n"
        "C3,85A,tea,-1,2010-12-02 08:00:00,2.5,17850.0,UK\n"
        "4,85A,tea,1,2010-12-02 08:00:00,0,17850.0,UK\n"
        "5,85A,tea,-2,2010-12-02 08:00:00,1,17850.0,UK\n"
    )
    found = [(one.customer, one.items) for one in of_online_retail(path)]
    assert found == [(None, ("POST",)), ("17850", ("85a", "85A"))]
    assert np.all(np.diff([one.time for one in of_online_retail(path)]) > 0)
