"""Anyone's table as events: CSV, JSONL or Parquet, by a mapping of its columns."""

from __future__ import annotations

import re
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
_decimal_comma = re.compile(r"[+-]?(\d+|\d{1,3}([.\s]\d{3})+)(,\d+)?").fullmatch


class _Row(NamedTuple):
    """A row that is an event, or a line of one; `order` is what all rows of one order have in common."""

    customer: str
    known: bool
    time: int
    event: str
    message_id: str
    order: Any
    properties: dict[str, Any]
    product: dict[str, Any]
    traits: dict[str, Any]


class _Bad(Exception):
    """A row is no event; holds the reason, and in words the value at fault."""


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
        Filled while the events are read. Reasons of a drop: *malformed row*, *cell too long*, *not JSON*, *not an
        object*, *no customer*, *bad timestamp*, *no event name*, *no message id*, *no product*, and *price is not a
        number*, or whatever else should be one.
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
    form = form or format_of(path)
    found = rows(path, form, mapping.columns, mapping.delimiter)
    unit = "row" if form == "parquet" else "line"
    return _Loader(path, unit, mapping, report if report is not None else LoadReport(), topic).read(found)


class _Loader:
    """One reading of one table."""

    def __init__(self, path: Path, unit: str, mapping: Mapping, report: LoadReport, topic: str) -> None:
        self.path = path
        self.unit = unit
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
                yield self._counted(row.event, self._make(row)(row.properties))
            return
        for _, lines in groupby(good, key=lambda row: (row.order, row.customer, row.event)):
            listed = list(lines)
            row = listed[0]
            yield from self._identify(row)
            record, left_out = fitted(self._make(row), row.properties, [line.product for line in listed])
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
                    raise DataError(f"{self.path}, {self.unit} {number}: {': '.join(bad.args)}") from None
                self.report.drop(reason, ": ".join([f"{self.unit} {number}", *value]))

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
                raise _Bad("no customer", f"{_quoted(mapping.customer or mapping.anonymous)} is empty")
        when = get(mapping.timestamp.column)
        try:
            time = mapping.timestamp.parse(when)
        except ValueError:
            form = mapping.timestamp.format
            raise _Bad("bad timestamp", f"{_quoted(when)}; timestamp.format in the mapping is {form!r}") from None
        event = mapping.event.constant or _id(get(mapping.event.column or ""))
        event = mapping.event.names.get(event, event)
        if not event:
            raise _Bad("no event name")
        message_id = _id(get(mapping.message_id)) if mapping.message_id else f"{self.prefix}-{number}"
        if not message_id:
            raise _Bad("no message id")
        if mapping.order is not None and not _id(get(mapping.order.products["product_id"])):
            raise _Bad("no product")
        order = mapping.order
        return _Row(
            customer,
            known,
            time,
            event,
            message_id,
            order and get(order.by),
            self._fields(mapping.properties, values),
            self._fields(order.products, values) if order is not None else {},
            self._fields(mapping.traits, values) if known else {},
        )

    def _fields(self, names: dict[str, str], values: dict[str, Any]) -> dict[str, Any]:
        """JSON values by their new names, the empty ones left out."""
        decimal = self.mapping.decimal
        found = {
            name: _number(name, values.get(column), decimal) if name in _NUMBERS else _plain(values.get(column))
            for name, column in names.items()
        }
        return {name: value for name, value in found.items() if value is not None}

    def _identify(self, row: _Row) -> Iterator[Outgoing]:
        """An identify call where a known customer's traits are new or have changed."""
        if row.traits and self.traits.get(row.customer) != row.traits:
            self.traits[row.customer] = row.traits
            message_id = f"{row.message_id}-identify"
            yield self._counted(
                "identify", customer_event(row.customer, row.time, message_id, traits=row.traits, topic=self.topic)
            )

    def _make(self, row: _Row) -> Callable[[dict[str, Any]], Outgoing]:
        return lambda properties: customer_event(
            row.customer, row.time, row.message_id, row.event, properties, known=row.known, topic=self.topic
        )

    def _counted(self, name: str, record: Outgoing) -> Outgoing:
        self.report.events[name] += 1
        self.report.largest = max(self.report.largest, len(record.value or b""))
        return record


def _number(name: str, value: Any, decimal: str) -> float | int | None:
    """A cell that must be a number; None where it is empty or not finite.

    Raises
    ------
    _Bad
        When it is something else: an order without its price would be an order of nothing.
    """
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        try:
            if decimal == ".":
                return _finite(float(text))
            if _decimal_comma(text):
                return float(re.sub(r"[.\s]", "", text).replace(",", "."))
        except ValueError:
            pass
        other = "." if decimal == "," else ","
        hint = f'; say decimal = "{other}" in the mapping if that is how your file writes them' if other in text else ""
        raise _Bad(f"{name} is not a number", f"{_quoted(value)}{hint}")
    if isinstance(value, (float, Decimal)):
        return _finite(float(value))
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise _Bad(f"{name} is not a number", _quoted(value))


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def _plain(value: Any, levels: int = 20) -> Any:
    """A cell as a JSON value; None where it is empty, not finite, or nested too deep."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, (float, Decimal)):
        return _finite(float(value))
    if value is None or isinstance(value, int):  # bool is an int
        return value
    if isinstance(value, (list, dict)) and not levels:
        return None
    if isinstance(value, list):
        return [_plain(one, levels - 1) for one in value]
    if isinstance(value, dict):
        return {str(key): _plain(one, levels - 1) for key, one in value.items()}
    return value.isoformat() if isinstance(value, date) else str(value)


def _quoted(value: Any) -> str:
    return repr(str(value)[:60])


def _id(value: Any) -> str:
    """A cell as an id; a number that Parquet holds as a float is still a whole one."""
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()
