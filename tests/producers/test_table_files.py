"""Files that are no table for a mapping: refused at once, with what is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from producers.datasets.table import events
from stream.errors import DataError, InputError
from tests.producers.conftest import GOOD, HEADER, csv_file, load, mapping


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.csv"
    path.write_text("who,when,amount,note,who,other,other\n")
    with pytest.raises(DataError, match="more than one column 'who'"):
        load(path, mapping())
    path.write_text("who,when,amount,note,other,other\nann,2024-03-01,1,x,1,2\n")
    assert load(path, mapping())[1].total == 1


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
