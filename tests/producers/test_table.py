"""Rows of a table, in any format, become the events that a mapping says."""

from __future__ import annotations

import gzip
import json
import math
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from producers.datasets.mapping import EXAMPLE, load_mapping
from producers.datasets.table import events
from tests.producers.conftest import GOOD, HEADER, csv_file, load, mapping


def test_a_row_is_an_event(tmp_path):
    told, report = load(csv_file(tmp_path, HEADER + GOOD), mapping())
    assert told == [
        {
            "type": "track",
            "event": "Order Completed",
            "messageId": "sales-2",
            "userId": "ann",
            "timestamp": "2024-03-01T08:26:00.000Z",
            "properties": {"revenue": 2.5, "note": "hello"},
        }
    ]
    assert (report.rows, report.dropped) == (1, {})


def test_the_example_mapping_works_on_its_own_table(tmp_path):
    lines = [line[6:] for line in EXAMPLE.read_text().splitlines() if line.startswith("#     ") and "," in line]
    second = "1001,2,71053,Metal lantern,lanterns,1,3.39,2024-03-01 08:26:00,ann,,paid,France"
    back = "1002,1,71053,Metal lantern,lanterns,1,3.39,2024-03-04 10:00:00,ann,,returned,France"
    visitor = "1003,1,1,Mug,mugs,1,3.00,2024-03-05 10:00:00,,v-9,paid,France"
    path = csv_file(tmp_path, "\n".join([*lines, second, back, visitor]))
    told, _ = load(path, load_mapping(EXAMPLE))
    assert [one.get("event", one["type"]) for one in told] == [
        "identify",
        "Order Completed",
        "Order Refunded",
        "Order Completed",
    ]
    assert told[0]["traits"] == {"country": "France"}
    assert told[1]["properties"]["order_id"] == "1001"
    assert told[1]["properties"]["products"] == [
        {"product_id": "85123A", "name": "White lantern", "category": "lanterns", "quantity": 6.0, "price": 2.55},
        {"product_id": "71053", "name": "Metal lantern", "category": "lanterns", "quantity": 1.0, "price": 3.39},
    ]
    assert told[3]["anonymousId"] == "v-9"
    assert len({one["messageId"] for one in told}) == 4


def test_formats_agree(tmp_path):
    rows = [{"who": "ann", "when": "2024-03-01 08:26:00", "amount": 2.5, "note": "é"}]
    rows += [{"who": "bob", "when": "2024-03-02 08:26:00", "amount": 3.5, "note": None}]
    plain = csv_file(tmp_path, HEADER + "ann,2024-03-01 08:26:00,2.5,é\nbob,2024-03-02 08:26:00,3.5,\n")
    zipped = tmp_path / "sales.csv.gz"
    zipped.write_bytes(gzip.compress(plain.read_bytes()))
    lines = csv_file(tmp_path, "\n".join(json.dumps(row) for row in rows), "sales.jsonl")
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "sales.parquet")

    def without_ids(path: Path) -> list[dict[str, Any]]:
        return [{**one, "messageId": None} for one in load(path, mapping())[0]]

    first = without_ids(plain)
    assert [one["userId"] for one in first] == ["ann", "bob"]
    assert first == without_ids(zipped) == without_ids(lines) == without_ids(tmp_path / "sales.parquet")


def test_parquet_types_become_json(tmp_path):
    when = datetime(2024, 3, 1, 8, 26, tzinfo=UTC)
    rows = [
        {"who": 17850.0, "when": when, "amount": Decimal("2.50"), "note": {"tags": ["a", "b"], "day": when.date()}},
        {"who": 17851.0, "when": when, "amount": Decimal("1.00"), "note": None},
        {"who": math.nan, "when": when, "amount": Decimal("1.00"), "note": None},
    ]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    told, report = load(tmp_path / "t.parquet", mapping())
    assert told[0]["userId"] == "17850"
    assert told[0]["properties"] == {"revenue": 2.5, "note": {"tags": ["a", "b"], "day": "2024-03-01"}}
    assert told[1]["properties"] == {"revenue": 1.0}
    assert report.dropped == {"no customer": 1}


def test_numbers_that_json_lacks_are_left_out(tmp_path):
    path = csv_file(tmp_path, HEADER + "ann,2024-03-01,nan,x\nann,2024-03-01,inf,x\n")
    told, _ = load(path, mapping())
    assert [one["properties"].get("revenue") for one in told] == [None, None]


@pytest.mark.parametrize(
    ("value", "number"),
    [("10,50", 10.5), ("-3", -3), ("1.234,5", 1234.5), ("1.234", 1234), ("10.50", None), ("1,2,3", None)],
)
def test_numbers_with_a_decimal_comma(tmp_path, value, number):
    path = csv_file(tmp_path, f"{HEADER.replace(',', ';')}ann;2024-03-01;{value};x\n")
    told, report = load(path, mapping(decimal=",", delimiter=";"))
    assert [one["properties"]["revenue"] for one in told] == ([] if number is None else [number])
    assert report.dropped.total() == (number is None)


def test_deeply_nested_values_are_left_out(tmp_path):
    bomb = "[" * 900 + "]" * 900
    path = csv_file(tmp_path, f'{{"who":"ann","when":"2024-03-01","amount":1,"note":{bomb}}}\n', "t.jsonl")
    told, _ = load(path, mapping())
    assert told[0]["properties"]["revenue"] == 1


@pytest.mark.parametrize(
    ("form", "value", "ms"),
    [
        ("iso", "2024-03-01T08:26:00+01:00", 1_709_277_960_000),
        ("iso", "2024-03-01", 1_709_251_200_000),
        ("s", "1709251200.5", 1_709_251_200_500),
        ("ms", "1709251200123", 1_709_251_200_123),
        ("%d/%m/%Y %H.%M", "1/3/2024 8.26", 1_709_281_560_000),
    ],
)
def test_timestamps_in_any_format(tmp_path, form, value, ms):
    how = mapping(timestamp={"column": "when", "format": form})
    (record,) = events(csv_file(tmp_path, f"{HEADER}ann,{value},1,x\n"), how)
    assert record.timestamp == ms


def test_event_names_and_message_ids_from_columns(tmp_path):
    how = mapping(event={"column": "note", "names": {"buy": "Order Completed"}}, message_id="amount", properties={})
    path = csv_file(tmp_path, HEADER + "ann,2024-03-01,m1,buy\nann,2024-03-01,m2,Searched\nann,2024-03-01,m3,\n"
                    "ann,2024-03-01,,buy\n")  # fmt: skip
    told, report = load(path, how)
    assert [(one["messageId"], one["event"]) for one in told] == [("m1", "Order Completed"), ("m2", "Searched")]
    assert report.dropped == {"no event name": 1, "no message id": 1}


def test_traits_are_told_when_they_are_new(tmp_path):
    path = csv_file(tmp_path, HEADER + "".join(f"{who},2024-03-01,1,{note}\n" for who, note in
                    [("ann", "gold"), ("ann", "gold"), ("bob", ""), ("ann", "lead")]))  # fmt: skip
    told, _ = load(path, mapping(properties={}, traits={"tier": "note"}))
    assert [(one["messageId"], one["traits"]) for one in told if one["type"] == "identify"] == [
        ("sales-2-identify", {"tier": "gold"}),
        ("sales-5-identify", {"tier": "lead"}),
    ]


def test_a_huge_order_fits(tmp_path):
    how = mapping(properties={}, order={"by": "amount", "products": {"product_id": "note"}})
    path = csv_file(tmp_path, HEADER + "".join(f"ann,2024-03-01,1,item-{n}\n" for n in range(10_000)))
    (event,), report = load(path, how)
    assert report.largest <= 32 * 1024
    assert len(event["properties"]["products"]) + event["properties"]["products_left_out"] == 10_000
    assert report.shortened.total() == event["properties"]["products_left_out"]
