from __future__ import annotations

import gzip
import json
import math
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from producers.datasets.mapping import EXAMPLE, Mapping, load_mapping
from producers.datasets.report import LoadReport
from producers.datasets.table import events
from stream.errors import DataError, InputError

PLAIN: dict[str, Any] = {
    "customer": "who",
    "timestamp": "when",
    "event": {"constant": "Order Completed"},
    "properties": {"revenue": "amount", "note": "note"},
}
HEADER = "who,when,amount,note\n"
GOOD = "ann,2024-03-01T08:26:00Z,2.50,hello\n"


def mapping(**changes: Any) -> Mapping:
    return Mapping.model_validate(PLAIN | changes)


def test_a_cell_without_end_is_a_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(HEADER + GOOD + f"bob,2024-03-01,1,{'x' * 200_000}\n" + GOOD)
    told, report = load(path, mapping())
    assert [event["userId"] for event in told] == ["ann", "ann"]
    assert (report.rows, dict(report.dropped)) == (3, {"cell too long": 1})


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.csv"
    path.write_text("who,when,amount,note,who,other,other\n")
    with pytest.raises(DataError, match="more than one column 'who'"):
        load(path, mapping())
    path.write_text("who,when,amount,note,other,other\nann,2024-03-01,1,x,1,2\n")
    assert load(path, mapping())[1].total == 1


def load(path: Path, how: Mapping, **settings: Any) -> tuple[list[dict[str, Any]], LoadReport]:
    report = LoadReport()
    records = list(events(path, how, report, **settings))
    assert report.total == len(records)
    told = [json.loads(record.value) for record in records]
    for record, event in zip(records, told, strict=True):
        assert record.key.decode() == event.get("userId", event.get("anonymousId"))
        assert datetime.fromisoformat(event["timestamp"]).timestamp() * 1_000 == record.timestamp
    return told, report


def csv_file(tmp_path: Path, text: str, name: str = "sales.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


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
    ("name", "value", "hint"),
    [
        ("price", "10,50", '; say decimal = "," in the mapping if that is how your file writes them'),
        ("quantity", "x", ""),
        ("revenue", "about 3", ""),
        ("total", "1,234.50", '; say decimal = "," in the mapping if that is how your file writes them'),
    ],
)
def test_a_number_that_cannot_be_read_makes_a_bad_row(tmp_path, name, value, hint):
    """Its order would otherwise count as one of nothing."""
    path = csv_file(tmp_path, HEADER + GOOD + f'ann,2024-03-01,"{value}",x\nbob,2024-03-02,oops,x\n')
    told, report = load(path, mapping(properties={name: "amount"}))
    assert [one["properties"] for one in told] == [{name: 2.5}]
    assert report.dropped == {f"{name} is not a number": 2}
    assert report.first == {f"{name} is not a number": f"line 3: {value!r}{hint}"}
    how = mapping(properties={}, order={"by": "who", "products": {"product_id": "note", name: "amount"}})
    told, report = load(path, how)
    assert [one["properties"]["products"] for one in told] == [[{"product_id": "hello", name: 2.5}]]
    assert report.dropped.total() == 2
    with pytest.raises(DataError, match=rf"sales\.csv, line 3: {name} is not a number: '{value}'"):
        load(path, how.model_copy(update={"bad_rows": "stop"}))


@pytest.mark.parametrize(
    ("value", "number"),
    [("10,50", 10.5), ("-3", -3), ("1.234,5", 1234.5), ("1.234", 1234), ("10.50", None), ("1,2,3", None)],
)
def test_numbers_with_a_decimal_comma(tmp_path, value, number):
    path = csv_file(tmp_path, f"{HEADER.replace(',', ';')}ann;2024-03-01;{value};x\n")
    told, report = load(path, mapping(decimal=",", delimiter=";"))
    assert [one["properties"]["revenue"] for one in told] == ([] if number is None else [number])
    assert report.dropped.total() == (number is None)


def test_numbers_of_jsonl_that_are_none(tmp_path):
    lines = [json.dumps({"who": "ann", "when": "2024-03-01", "amount": value, "note": "x"}) for value in (True, [1])]
    _, report = load(csv_file(tmp_path, "\n".join(lines), "t.jsonl"), mapping())
    assert report.dropped == {"revenue is not a number": 2}


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


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("no customer", " ,2024-03-01,1,x"),
        ("bad timestamp", "ann,last week,1,x"),
        ("bad timestamp", "ann,,1,x"),
        ("bad timestamp", "ann,1969-12-31,1,x"),
        ("bad timestamp", "ann,9999-01-01,1,x"),
        ("malformed row", "ann,2024-03-01,1"),
        ("malformed row", "ann,2024-03-01,1,x,y"),
    ],
)
def test_bad_rows_are_counted_or_stop_the_load_by_setting(tmp_path, reason, line):
    path = csv_file(tmp_path, HEADER + GOOD + line + "\n" + GOOD)
    told, report = load(path, mapping())
    assert len(told) == 2
    assert report.dropped == {reason: 1}
    with pytest.raises(DataError, match=rf"sales\.csv, line 3: {reason}"):
        load(path, mapping(bad_rows="stop"))


@pytest.mark.parametrize(("form", "value"), [("s", "nan"), ("ms", "1e400"), ("ms", "-1"), ("%Y", "24")])
def test_bad_timestamps_of_other_formats(tmp_path, form, value):
    how = mapping(timestamp={"column": "when", "format": form})
    _, report = load(csv_file(tmp_path, f"{HEADER}ann,{value},1,x\n"), how)
    assert report.dropped == {"bad timestamp": 1}


def test_bad_lines_of_jsonl(tmp_path):
    good = '{"who": "ann", "when": "2024-03-01", "amount": 1, "note": "x"}'
    path = csv_file(tmp_path, f"{good}\n{{oops\n[1]\n\n{good}\n", "t.jsonl")
    told, report = load(path, mapping())
    assert [one["messageId"] for one in told] == ["t-1", "t-5"]
    assert report.dropped == {"not JSON": 1, "not an object": 1}


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


def test_rows_of_an_order_without_a_product_are_dropped(tmp_path):
    how = mapping(properties={}, order={"by": "amount", "products": {"product_id": "note"}})
    path = csv_file(
        tmp_path, HEADER + "ann,2024-03-01,1,a\nann,2024-03-01,1,\nann,2024-03-01,1,b\nbob,2024-03-01,1,c\n"
    )
    told, report = load(path, how)
    assert [[one["product_id"] for one in event["properties"]["products"]] for event in told] == [["a", "b"], ["c"]]
    assert report.dropped == {"no product": 1}


def test_a_huge_order_fits(tmp_path):
    how = mapping(properties={}, order={"by": "amount", "products": {"product_id": "note"}})
    path = csv_file(tmp_path, HEADER + "".join(f"ann,2024-03-01,1,item-{n}\n" for n in range(10_000)))
    (event,), report = load(path, how)
    assert report.largest <= 32 * 1024
    assert len(event["properties"]["products"]) + event["properties"]["products_left_out"] == 10_000
    assert report.shortened.total() == event["properties"]["products_left_out"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", "", "empty"),
        ("t.csv", "who,when,amount\n", "no column 'note'; there are 'who', 'when', 'amount'"),
        ("t.csv", "who;when;amount;note\n", "separated by ';'"),
        ("t.jsonl", "", "no JSON objects"),
        ("t.jsonl", '{"who": 1, "when": 2}\n', "no column 'amount', 'note'; there are 'who', 'when'"),
        ("t.parquet", "PAR1 it is not", "not a readable Parquet file"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_at_once(tmp_path, name, content, said):
    with pytest.raises(DataError, match=said):
        events(csv_file(tmp_path, content, name), mapping())


def test_a_parquet_column_that_is_missing_is_named(tmp_path):
    parquet.write_table(pa.table({"who": ["ann"], "when": ["2024-03-01"]}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="no column 'amount', 'note'; there are 'who', 'when'"):
        events(tmp_path / "t.parquet", mapping())


@pytest.mark.parametrize("name", ["none.csv", "none.jsonl", "none.parquet"])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(DataError, match=f"there is no file .*{name}"):
        events(tmp_path / name, mapping())


def test_the_format_is_known_by_name_or_said(tmp_path):
    path = csv_file(tmp_path, HEADER + GOOD, "export")
    with pytest.raises(InputError, match="cannot tell the format of export"):
        events(path, mapping())
    with pytest.raises(InputError, match="no format 'xlsx'"):
        events(path, mapping(), form="xlsx")
    assert len(load(path, mapping(), form="csv")[0]) == 1


def test_without_pyarrow_the_extra_is_named(tmp_path):
    program = """
import sys
sys.modules["pyarrow"] = None  # as if it were not installed
from pathlib import Path
from producers.datasets.mapping import Mapping
from producers.datasets.table import events
from stream.errors import InputError
try:
    events(Path("t.parquet"), Mapping(customer="a", timestamp="b", event="c"))
except InputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install 'eddyline[parquet]'" in done.stdout
