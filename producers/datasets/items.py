"""Anyone's table of items as events of the catalogue: CSV, JSONL or Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator

from producers.datasets.files import columns
from producers.datasets.report import LoadReport
from producers.datasets.rows import format_of, rows
from producers.items import item_event
from stream.config import load_toml
from stream.errors import ConfigError, DataError
from stream.explain import explain
from stream.items import UPDATED, ItemProperties, read_item
from stream.records import Outgoing
from stream.section import Section

PROPERTIES = tuple(ItemProperties.model_fields)
"""What can be told of an item, its id first."""

_ID = PROPERTIES[0]


class ItemMapping(Section):
    """Which column is which property; by default those of the properties' own names."""

    properties: dict[str, str] = Field(min_length=1, description="Property -> column")
    delimiter: str = Field(",", min_length=1, max_length=1, description="Between the columns of a CSV file")
    bad_rows: Literal["drop", "stop"] = Field("drop", description="Count rows that are no items, or stop at the first")

    @field_validator("properties")
    @classmethod
    def _known(cls, properties: dict[str, str]) -> dict[str, str]:
        unknown = sorted(set(properties) - set(PROPERTIES))
        if unknown:
            raise ValueError(f"there is no property {unknown[0]!r}; there are {', '.join(PROPERTIES)}")
        if _ID not in properties:
            raise ValueError(f"say which column is the {_ID}")
        return properties


def load_item_mapping(path: Path) -> ItemMapping:
    """The mapping in a TOML file.

    Raises
    ------
    ConfigError
        When the file cannot be read or is no TOML, or naming the setting that is unknown, missing or wrong.
    """
    try:
        return ItemMapping.model_validate(load_toml(path))
    except ValidationError as error:
        raise ConfigError(f"{path}: {explain(error, ItemMapping)}") from error


def events(
    path: Path,
    time: int,
    mapping: ItemMapping | None = None,
    report: LoadReport | None = None,
    *,
    event: str = UPDATED,
    topic: str = "events",
) -> Iterator[Outgoing]:
    """A record for each item of a table, to be sent through `broadcast`.

    Parameters
    ----------
    path
        CSV or JSONL (either gzipped or not), or Parquet; its name says which.
    time
        Event time of all, in ms.
    mapping
        Which column is which property; without it, columns have the properties' names, and others are passed over.
        Empty cells are left out, and JSON's null clears.
    report
        Filled while the events are read.
    event
        What is told of the items.
    topic
        Where the records go.

    Raises
    ------
    DataError
        At once when the file is missing, empty or lacks a column; while reading when it is damaged, or at a bad row
        if the mapping says stop.
    InputError
        When the format is unknown, or its library is not installed.
    """
    form = format_of(path)
    delimiter = "," if mapping is None else mapping.delimiter
    if mapping is not None:
        names = mapping.properties
    else:
        given = columns(path, delimiter) if form == "csv" else PROPERTIES
        names = {name: name for name in PROPERTIES if name == _ID or name in given}
    needed = list(names.values()) if mapping is not None or form == "csv" else [names[_ID]]
    found = rows(path, form, needed, delimiter)
    stops = mapping is not None and mapping.bad_rows == "stop"
    return _read(path, found, names, time, stops, report if report is not None else LoadReport(), event, topic)


def _read(
    path: Path,
    found: Iterator[tuple[int, dict[str, object] | str]],
    names: dict[str, str],
    time: int,
    stops: bool,
    report: LoadReport,
    event: str,
    topic: str,
) -> Iterator[Outgoing]:
    prefix = path.name.split(".")[0][:40]
    for number, values in found:
        report.rows += 1
        reason = values if isinstance(values, str) else ""
        properties: dict[str, object] = {}
        if not isinstance(values, str):
            given = {name: values[column] for name, column in names.items() if column in values}
            try:
                properties = read_item({name: value for name, value in given.items() if value != ""})
            except ValueError as error:
                reason = str(error).removeprefix("properties.").removesuffix(".")
        if reason:
            if stops:
                raise DataError(f"{path}, line {number}: {reason}")
            report.drop(reason, f"line {number}")
            continue
        record = item_event(properties, time, f"{prefix}-{time}-{number}", event, topic=topic)
        report.events[event] += 1
        report.largest = max(report.largest, len(record.value or b""))
        yield record
