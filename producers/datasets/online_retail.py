"""The UCI Online Retail file as events: a year of invoices of a UK gift shop (Chen, Sain and Guo 2012).

Each invoice line becomes a `Product Added`, and each invoice an `Order Completed` at its end. A cancellation (number
starting with C) becomes an `Order Refunded`; the file does not say which order it cancels, so `order_id` is its own
number. A customer's first event is preceded by an identify call that tells the country; another follows when the
country changes. Lines without a customer belong to an anonymous visitor, one for each invoice. Times have no zone in
the file and are taken as UTC.

Dropped, and counted in the report: *malformed row*, *scattered invoice* (its rows are not next to each other),
*bad number*, *bad date*, *not a product* (postage, fees, samples, vouchers, adjustments), *negative quantity* outside
cancellations, *positive quantity* inside them, *zero quantity*, *zero price*, *negative price*, and *repeated row*
(equal in all columns to an earlier one of its invoice).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from producers.customer_event import customer_event, event_with, quote
from producers.datasets.categories import category
from producers.datasets.files import columns, open_text, require
from producers.datasets.orders import TOO_LARGE, fitted
from producers.datasets.report import LoadReport
from stream.products import LARGEST
from stream.records import Outgoing

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")

_NO_PRODUCT = frozenset(("POST", "D", "M", "BANK CHARGES", "AMAZONFEE", "DOT", "CRUK", "S", "PADS", "C2", "B", ""))
_Row = tuple[str, ...]


class _Line(NamedTuple):
    """An invoice line: its signed amount, and its product as an order tells it and as its own event does."""

    time: int
    amount: float
    product: dict[str, Any]
    added: str


class _Dropped(NamedTuple):
    reason: str
    amount: float = 0.0
    value: str = ""


def events(path: Path, report: LoadReport | None = None, *, topic: str = "events") -> Iterator[Outgoing]:
    """Events of the file, in its order, which is time order.

    Parameters
    ----------
    path
        The CSV file, gzipped or not, with the columns of the original (`COLUMNS`); extra columns are ignored.
        Dates as in `2010-12-01 08:26:00` or `12/1/2010 8:26`.
    report
        Filled while the events are read.
    topic
        Where the records go.

    Returns
    -------
    iterator of Outgoing
        Message ids are made from invoice and line, so loading twice changes nothing.

    Raises
    ------
    DataError
        At once when the file is missing, empty or lacks a column; while reading when it is damaged.
    """
    header = columns(path)
    require(path, list(COLUMNS), header)
    return _Loader(report if report is not None else LoadReport(), topic).read(path, header)


class _Loader:
    """One reading of one file."""

    def __init__(self, report: LoadReport, topic: str) -> None:
        self.report = report
        self.topic = topic
        self.countries: dict[str, str] = {}
        self.finished: set[str] = set()

    def read(self, path: Path, header: list[str]) -> Iterator[Outgoing]:
        with open_text(path) as file:
            reader = csv.reader(file)
            next(reader)
            for invoice, rows in groupby(self._rows(reader, header), key=itemgetter(0)):
                yield from self._invoice(invoice, rows)
                self.finished.add(invoice)

    def _rows(self, reader: Iterator[list[str]], header: list[str]) -> Iterator[_Row]:
        pick = itemgetter(*(header.index(name) for name in COLUMNS))
        first = header.index(COLUMNS[0])
        width = len(header)
        for row in reader:
            if not row:
                continue  # a blank line
            self.report.rows += 1
            if len(row) == width and row[first].strip():
                yield pick(row)
            else:
                self._drop("malformed row")

    def _invoice(self, invoice: str, rows: Iterator[_Row]) -> Iterator[Outgoing]:
        refund = invoice[:1] in ("C", "c")
        name = "Order Refunded" if refund else "Order Completed"
        customer, known = f"anon-{invoice}", False
        seen: set[_Row] = set()
        lines: list[_Line] = []
        added = 0
        for number, row in enumerate(rows, 1):
            line = _line(row, refund)
            if type(line) is not _Line:
                where = f"invoice {invoice}, row {number}: {line.value[:60]!r}" if line.value else ""
                self._drop(line.reason, line.amount, where)
                continue
            if row in seen or invoice in self.finished:
                self._drop("repeated row" if row in seen else "scattered invoice", line.amount)
                continue
            seen.add(row)
            if not lines and (identity := row[6].strip().removesuffix(".0")):
                customer, known = identity, True
                if self.countries.get(customer) != row[7]:
                    self.countries[customer] = row[7]
                    yield self._identify(invoice, customer, line.time, row[7])
            lines.append(line)
            if not refund:
                added += 1
                yield event_with(
                    customer, line.time, f"or-{invoice}-{number}", "Product Added", line.added, known, self.topic
                )
        self.report.events["Product Added"] += added
        if lines:
            yield self._order(name, invoice, customer, known, lines)

    def _drop(self, reason: str, amount: float = 0.0, where: str = "") -> None:
        self.report.drop(reason, where)
        self.report.amounts[reason] = self.report.amounts.get(reason, 0.0) + amount

    def _identify(self, invoice: str, customer: str, time: int, country: str) -> Outgoing:
        self.report.events["identify"] += 1
        message_id = f"or-{invoice}-identify"
        return customer_event(customer, time, message_id, traits={"country": country}, topic=self.topic)

    def _order(self, name: str, invoice: str, customer: str, known: bool, lines: list[_Line]) -> Outgoing:
        report, last = self.report, lines[-1]
        amount = round(abs(sum(line.amount for line in lines)), 3)  # prices have at most three decimals
        report.amounts[name] = report.amounts.get(name, 0.0) + amount
        products = [line.product for line in lines]

        def make(properties: dict[str, Any]) -> Outgoing:
            message_id = f"or-{invoice}-order"
            return customer_event(customer, last.time, message_id, name, properties, known=known, topic=self.topic)

        record, left_out = fitted(make, {"order_id": invoice, "revenue": amount, "currency": "GBP"}, products)
        report.events[name] += 1
        report.largest = max(report.largest, len(record.value or b""))
        if left_out:
            report.shortened[TOO_LARGE] += left_out
        return record


def _line(row: _Row, refund: bool) -> _Line | _Dropped:
    """What an invoice line says, or why it is dropped."""
    _, code, description, quantity_text, date, price_text, _, _ = row
    try:
        quantity, price = int(quantity_text), float(price_text)
    except ValueError:
        return _Dropped("bad number", value=f"{quantity_text} at {price_text}")
    if not (-LARGEST <= quantity <= LARGEST and -LARGEST <= price <= LARGEST):  # NaN too
        return _Dropped("bad number", value=f"{quantity_text} at {price_text}")
    amount = quantity * price
    time = parse_time(date)
    if time is None:
        return _Dropped("bad date", amount, date)
    product_id = code.strip().upper()
    if product_id in _NO_PRODUCT or product_id.startswith("GIFT_"):
        return _Dropped("not a product", amount)
    if quantity == 0:
        return _Dropped("zero quantity")
    if (quantity < 0) != refund:
        return _Dropped("positive quantity" if refund else "negative quantity", amount)
    if price <= 0:
        return _Dropped("negative price" if price else "zero price", amount)
    kind, named = _thing(product_id, description)
    quantity = abs(quantity)
    product: dict[str, Any] = {"product_id": product_id, "price": price, "quantity": quantity}
    if kind is not None:
        product["category"] = kind
    return _Line(time, amount, product, f'{named},"price":{price},"quantity":{quantity}}}')


@lru_cache(maxsize=16_384)
def _thing(product_id: str, description: str) -> tuple[str | None, str]:
    """Category of an item, and the JSON with which the properties of its `Product Added` begin."""
    kind = category(description)
    named = f',"properties":{{"product_id":{quote(product_id)},"name":{quote(description.strip())}'
    return kind, named if kind is None else f'{named},"category":{quote(kind)}'


@lru_cache(maxsize=4_096)
def parse_time(date: str) -> int | None:
    """Milliseconds of a date of the file, or None when it is none."""
    for form in ("%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M"):
        try:
            moment = datetime.strptime(date.strip(), form)
        except ValueError:
            continue
        return int(moment.replace(tzinfo=UTC).timestamp()) * 1_000
    return None
