"""Events as a table: the engine's own examples, whose outcomes are known a horizon later."""

from __future__ import annotations

import numpy as np
import pytest

from eddyline.compare import online
from eddyline.compare.comparison import compare
from eddyline.compare.history import read_history
from eddyline.compare.rows import Rows
from eddyline.compare.table import Table
from producers.simulator import Shop
from stream.config import EngineConfig, preset
from stream.errors import DataError, InputError
from stream.propensity.online import OnlineClassifier


def config(horizon: str = "14d") -> EngineConfig:
    target = {"name": "orders", "events": ["Order Completed"], "horizon": horizon, "min_examples": 10}
    return preset("shop", learning={"every": 500}, segments={"warm_up": 40}, targets=[target])


@pytest.fixture(scope="module")
def table() -> Table:
    return read_history(Shop(3, customers=200, days=120).events(), config(), partitions=2)


def test_rows_are_examples_in_order_of_time(table):
    assert table.dated
    assert table.delay == 14
    assert table.times is not None
    assert (np.diff(table.times) >= 0).all()
    assert {"recency", "frequency"} <= {column.name for column in table.columns}
    assert 0.05 < table.labels.mean() < 0.95
    assert table.published is not None
    assert np.isfinite(table.published[len(table) // 2 :]).all()


def test_nothing_is_learnt_before_it_is_known(table):
    rows = Rows.of(table, 7)
    assert rows.times is not None
    known = rows.known
    for place in range(0, len(table), 50):
        assert (rows.times[: known[place]] + 14 <= rows.times[place]).all()
    middle = len(table) // 2
    start = int(known[middle])

    def said(labels):
        model = OnlineClassifier("logistic", features=rows.encoder.measured, block=20)
        return online.one_pass(model, rows.raw, labels, rows.past, block=20, known=known).prequential

    other = rows.labels.copy()
    other[start:] ^= True
    end = middle // 20 * 20 + 20
    np.testing.assert_array_equal(said(rows.labels)[:end], said(other)[:end])


def test_what_was_published_stands_beside_the_others(table):
    found = compare(table, ["logistic"])
    assert [(one.name, one.kind) for one in found.models] == [
        ("published", "online"),
        ("logistic", "online"),
        ("logistic (frozen)", "online"),
        ("logistic", "batch"),
    ]
    assert found.models[0].to_dict()["freshness"] is None
    (note,) = (one for one in found.warnings if "'published'" in one)
    assert "what the engine itself said" in note

    online_, batch = found.models[1].freshness, found.models[3].freshness
    assert online_ is not None
    assert batch is not None
    assert online_.days is not None
    assert batch.days is not None
    assert 14 < online_.days < batch.days


def test_histories_that_tell_nothing_are_refused():
    records = list(Shop(3, customers=30, days=20).events())
    with pytest.raises(DataError, match="0 examples are known, a horizon of 60 days"):
        read_history(records, config("60d"), partitions=1)
    with pytest.raises(InputError, match="declare no target 'cancels'; there are orders"):
        read_history(records, config(), "cancels")
    with pytest.raises(InputError, match="no target 'Order'; did you mean 'orders'"):
        read_history(records, config(), "Order")
    with pytest.raises(InputError, match="--target"):
        read_history(records, preset("shop"))
