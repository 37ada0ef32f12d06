"""Rows that cannot be read: counted by reason, or the end of the load, by setting."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stream.errors import DataError
from tests.producers.conftest import GOOD, HEADER, csv_file, load, mapping


def test_a_cell_without_end_is_a_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(HEADER + GOOD + f"bob,2024-03-01,1,{'x' * 200_000}\n" + GOOD)
    told, report = load(path, mapping())
    assert [event["userId"] for event in told] == ["ann", "ann"]
    assert (report.rows, dict(report.dropped)) == (3, {"cell too long": 1})


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


def test_numbers_of_jsonl_that_are_none(tmp_path):
    lines = [json.dumps({"who": "ann", "when": "2024-03-01", "amount": value, "note": "x"}) for value in (True, [1])]
    _, report = load(csv_file(tmp_path, "\n".join(lines), "t.jsonl"), mapping())
    assert report.dropped == {"revenue is not a number": 2}


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


def test_rows_of_an_order_without_a_product_are_dropped(tmp_path):
    how = mapping(properties={}, order={"by": "amount", "products": {"product_id": "note"}})
    path = csv_file(
        tmp_path, HEADER + "ann,2024-03-01,1,a\nann,2024-03-01,1,\nann,2024-03-01,1,b\nbob,2024-03-01,1,c\n"
    )
    told, report = load(path, how)
    assert [[one["product_id"] for one in event["properties"]["products"]] for event in told] == [["a", "b"], ["c"]]
    assert report.dropped == {"no product": 1}
