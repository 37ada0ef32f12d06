"""Anyone's table as events: CSV, JSONL or Parquet, by a mapping of its columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from itertools import groupby
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from producers.customer_event import customer_event
from producers.datasets.mapping import Mapping
from producers.datasets.orders import TOO_LARGE, fitted
from producers.datasets.report import LoadReport
from producers.datasets.rows import format_of, rows
from stream.errors import DataError
from stream.records import Outgoing

_NUMBERS = frozenset(("price", "quantity", "revenue", "total", "value", "tax", "shipping", "discount"))


class _Row(NamedTuple):
    """A row that is an event, or a line of one."""

    customer: str
    known: bool
    time: int
    event: str
    message_id: str
    values: dict[str, Any]


class _Bad(Exception):
    """A row is no event; holds the reason, and the value at fault."""


def events(
    path: Path, mapping: Mapping, report: LoadReport | None = None, *, form: str | None = None, topic: str = "events"
) -> Iterator[Outgoing]:
    """Events of a table, in its order. Late events are fine, but a table should be sorted by time.

    Parameters
    ----------
    path
        CSV or JSONL (either gzipped or not), or Parquet.
    mapping
        Which column is what.
    report
        Filled while the events are read. Reasons of a drop: *malformed row*, *not JSON*, *not an object*,
        *no customer*, *bad timestamp*, *no event name*, *no message id*, *no product*.
    form
        `csv`, `jsonl` or `parquet`; by default the file's name says it.
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
    found = rows(path, form or format_of(path), mapping.columns, mapping.delimiter)
    return _Loader(path, mapping, report if report is not None else LoadReport(), topic).read(found)


class _Loader:
    """One reading of one table."""

    def __init__(self, path: Path, mapping: Mapping, report: LoadReport, topic: str) -> None:
        self.path = path
        self.mapping = mapping
        self.report = report
        self.topic = topic
        self.prefix = path.name.split(".")[0][:60]
        self.traits: dict[str, dict[str, Any]] = {}

    def read(self, found: Iterator[tuple[int, dict[str, Any] | str]]) -> Iterator[Outgoing]:
        good = self._good(found)
        order = self.mapping.order
        if order is None:
            for row in good:
                yield from self._identify(row)
                yield self._counted(row.event, self._make(row)(_fields(self.mapping.properties, row.values)))
            return
        for _, lines in groupby(good, key=lambda row: (row.values.get(order.by), row.customer, row.event)):
            listed = list(lines)
            row = listed[0]
            yield from self._identify(row)
            products = [_fields(order.products, line.values) for line in listed]
            record, left_out = fitted(self._make(row), _fields(self.mapping.properties, row.values), products)
            if left_out:
                self.report.shortened[TOO_LARGE] += left_out
            yield self._counted(row.event, record)

    def _good(self, found: Iterator[tuple[int, dict[str, Any] | str]]) -> Iterator[_Row]:
        for number, values in found:
            self.report.rows += 1
            try:
                yield self._row(number, values)
            except _Bad as bad:
                reason, *value = bad.args
                if self.mapping.bad_rows == "stop":
                    shown = f" {str(value[0])[:60]!r}" if value else ""
                    raise DataError(f"{self.path}, line {number}: {reason}{shown}") from None
                self.report.dropped[reason] += 1

    def _row(self, number: int, values: dict[str, Any] | str) -> _Row:
        if isinstance(values, str):
            raise _Bad(values)
        mapping = self.mapping
        get = values.get
        customer = _id(get(mapping.customer)) if mapping.customer else ""
        known = bool(customer)
        if not known:
            customer = _id(get(mapping.anonymous)) if mapping.anonymous else ""
            if not customer:
                raise _Bad("no customer")
        when = get(mapping.timestamp.column)
        try:
            time = mapping.timestamp.parse(when)
        except ValueError:
            raise _Bad("bad timestamp", when) from None
        event = mapping.event.constant or _id(get(mapping.event.column or ""))
        event = mapping.event.names.get(event, event)
        if not event:
            raise _Bad("no event name")
        message_id = _id(get(mapping.message_id)) if mapping.message_id else f"{self.prefix}-{number}"
        if not message_id:
            raise _Bad("no message id")
        if mapping.order is not None and not _id(get(mapping.order.products["product_id"])):
            raise _Bad("no product")
        return _Row(customer, known, time, event, message_id, values)

    def _identify(self, row: _Row) -> Iterator[Outgoing]:
        """An identify call where a known customer's traits are new or have changed."""
        if not (self.mapping.traits and row.known):
            return
        traits = _fields(self.mapping.traits, row.values)
        if traits and self.traits.get(row.customer) != traits:
            self.traits[row.customer] = traits
            message_id = f"{row.message_id}-identify"
            yield self._counted(
                "identify", customer_event(row.customer, row.time, message_id, traits=traits, topic=self.topic)
            )

    def _make(self, row: _Row) -> Callable[[dict[str, Any]], Outgoing]:
        customer, known, time, event, message_id, _ = row
        return lambda properties: customer_event(
            customer, time, message_id, event, properties, known=known, topic=self.topic
        )

    def _counted(self, name: str, record: Outgoing) -> Outgoing:
        self.report.events[name] += 1
        self.report.largest = max(self.report.largest, len(record.value or b""))
        return record


def _fields(names: dict[str, str], values: dict[str, Any]) -> dict[str, Any]:
    """JSON values by their new names, the empty ones left out."""
    found = {name: _plain(values.get(column), name in _NUMBERS) for name, column in names.items()}
    return {name: value for name, value in found.items() if value is not None}


def _plain(value: Any, number: bool = False, levels: int = 20) -> Any:
    """A cell as a JSON value; None where it is empty, not finite, or nested too deep."""
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return None
        if number:
            try:
                value = float(value)
            except ValueError:
                return value
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return value if isfinite(value) else None
    if value is None or isinstance(value, (str, int)):  # bool is an int
        return value
    if isinstance(value, (list, dict)) and not levels:
        return None
    if isinstance(value, list):
        return [_plain(one, levels=levels - 1) for one in value]
    if isinstance(value, dict):
        return {str(key): _plain(one, levels=levels - 1) for key, one in value.items()}
    return value.isoformat() if isinstance(value, date) else str(value)


def _id(value: Any) -> str:
    """A cell as an id; a number that Parquet holds as a float is still a whole one."""
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()
