"""A shop's table of items as events of the catalogue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from producers.datasets.items import ItemMapping, events, load_item_mapping
from producers.datasets.report import LoadReport
from stream.config import EventsConfig
from stream.entries import Event
from stream.errors import ConfigError, DataError
from stream.events import decode
from stream.items import WITHDRAWN
from stream.records import Outgoing, Record

TIME = 1_700_000_000_000


def read(path: Path, **options: Any) -> list[dict[str, Any]]:
    return [json.loads(record.value or b"")["properties"] for record in events(path, TIME, **options)]


def test_columns_of_the_properties_own_names_and_empty_cells_left_out(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("product_id,name,price,stock,hidden,colour\n7,Tea,2.50,,true,red\n8,,,0,,\n")
    assert read(path) == [
        {"product_id": "7", "name": "Tea", "price": 2.5, "hidden": True},
        {"product_id": "8", "stock": 0.0},
    ]


def test_null_clears_in_jsonl(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text('{"product_id": 7, "brand": null}\n{"product_id": "8", "adult": true}\n')
    assert read(path) == [{"product_id": "7", "brand": None}, {"product_id": "8", "adult": True}]


def test_a_mapping_names_the_columns(tmp_path: Path) -> None:
    path, mapping = tmp_path / "feed.csv", tmp_path / "items.toml"
    path.write_text("sku;what\n7;Tea\n")
    mapping.write_text('delimiter = ";"\n[properties]\nproduct_id = "sku"\nname = "what"\n')
    assert read(path, mapping=load_item_mapping(mapping)) == [{"product_id": "7", "name": "Tea"}]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[properties]\nname = "a"', "product_id"),
        ('[properties]\nproduct_id = "a"\ncolour = "b"', "colour"),
        ('propertys = { product_id = "a" }', "propertys"),
    ],
)
def test_a_wrong_mapping_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "items.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=says):
        load_item_mapping(path)


def test_bad_rows_are_counted_with_what_is_wrong_or_stop(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("product_id,price\n7,cheap\n,1\n8,2\n")
    report = LoadReport()
    assert [one["product_id"] for one in read(path, report=report)] == ["8"]
    assert report.dropped.total() == 2
    assert any(reason.startswith("price:") for reason in report.dropped)
    stops = ItemMapping(properties={"product_id": "product_id", "price": "price"}, bad_rows="stop")
    with pytest.raises(DataError, match="line 2: price"):
        read(path, mapping=stops)


def test_a_file_that_is_loaded_again_is_told_again(tmp_path: Path) -> None:
    """Its messages are others, or a second night's load would be dropped as a duplicate."""
    path = tmp_path / "items.csv"
    path.write_text("product_id\n7\n")
    first, second = (next(events(path, time)) for time in (TIME, TIME + 1))
    assert json.loads(first.value or b"")["messageId"] != json.loads(second.value or b"")["messageId"]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("product_id,name\n7,Tea ☕\n")
    record: Outgoing = next(events(path, TIME, event=WITHDRAWN))
    event = decode(Record("events", 0, 0, TIME, record.key, record.value), EventsConfig())
    assert isinstance(event, Event)
    assert (event.kind, event.properties) == (WITHDRAWN, {"product_id": "7", "name": "Tea ☕"})
