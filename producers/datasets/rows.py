"""Rows of CSV, JSONL and Parquet files, all alike: where each is, and its values by column."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from producers.datasets.files import columns, open_text, require
from stream.errors import DataError, InputError

Row = tuple[int, dict[str, Any] | str]
"""Line (CSV, JSONL) or row (Parquet), from 1, and the values by column, or why there are none."""

_LOOK = 1_000  # JSONL has no header: a column must appear in as many rows
_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}


def format_of(path: Path) -> str:
    """`csv`, `jsonl` or `parquet`, by the file's name; a `.gz` at its end does not count.

    Raises
    ------
    InputError
        When the name says neither.

    >>> format_of(Path("visits.jsonl.gz"))
    'jsonl'
    """
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    found = _SUFFIXES.get(suffixes[-1]) if suffixes else None
    if found is None:
        raise InputError(f"cannot tell the format of {path.name}; say csv, jsonl or parquet")
    return found


def rows(path: Path, form: str, needed: list[str], delimiter: str = ",") -> Iterator[Row]:
    """The rows of a file. It is looked at at once, and read while the rows are taken.

    Raises
    ------
    DataError
        When the file is missing, damaged or empty, or lacks a column.
    InputError
        When the format is unknown, or its library is not installed.
    """
    readers: dict[str, Callable[[], Iterator[Row]]] = {
        "csv": lambda: _csv(path, needed, delimiter),
        "jsonl": lambda: _jsonl(path, needed),
        "parquet": lambda: _parquet(path, needed),
    }
    if form not in readers:
        raise InputError(f"there is no format {form!r}; say csv, jsonl or parquet")
    return readers[form]()


def _csv(path: Path, needed: list[str], delimiter: str) -> Iterator[Row]:
    header = columns(path, delimiter)
    require(path, needed, header)
    twice = [name for name in needed if header.count(name) > 1]
    if twice:
        raise DataError(f"{path} has more than one column {twice[0]!r}: rename one, so that it is clear which is meant")
    places = [(name, header.index(name)) for name in needed]

    def read() -> Iterator[Row]:
        with open_text(path) as file:
            reader = csv.reader(file, delimiter=delimiter)
            next(reader)
            while True:
                try:
                    values = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    if "field limit" not in str(error):
                        raise
                    yield reader.line_num, "cell too long"
                    continue
                if len(values) == len(header):
                    yield reader.line_num, {name: values[place] for name, place in places}
                elif values:  # else a blank line
                    yield reader.line_num, "malformed row"

    return read()


def _jsonl(path: Path, needed: list[str]) -> Iterator[Row]:
    def read() -> Iterator[Row]:
        with open_text(path) as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    value = json.loads(line)
                except (ValueError, RecursionError):
                    yield number, "not JSON"
                    continue
                yield number, value if isinstance(value, dict) else "not an object"

    present: dict[str, None] = {}
    for _, values in islice(read(), _LOOK):
        if isinstance(values, dict):
            present.update(dict.fromkeys(values))
    if not present:
        raise DataError(f"{path} has no JSON objects; there must be one a line")
    require(path, needed, list(present))
    return read()


def _parquet(path: Path, needed: list[str]) -> Iterator[Row]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise InputError("reading Parquet needs pyarrow: pip install 'eddyline[parquet]'") from None
    try:
        file = parquet.ParquetFile(path)
    except FileNotFoundError:
        raise DataError(f"there is no file {path}") from None
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path} is not a readable Parquet file: {error}") from error
    require(path, needed, list(file.schema_arrow.names))

    def read() -> Iterator[Row]:
        number = 0
        try:
            for batch in file.iter_batches(batch_size=4_096, columns=needed):
                for values in batch.to_pylist():
                    number += 1
                    yield number, values
        except (pyarrow.ArrowException, OSError) as error:
            raise DataError(f"{path} is damaged after row {number}: {error}") from error

    return read()
