"""Orders of a file as sets of items, in time order: what recommendations are evaluated on."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import NamedTuple

from producers.datasets import table
from producers.datasets.files import columns, open_text, require
from producers.datasets.mapping import Mapping
from producers.datasets.online_retail import COLUMNS, parse_time
from producers.datasets.report import LoadReport
from stream.config import EventsConfig
from stream.entries import Event
from stream.evaluate.prequential import Purchase
from stream.events import decode
from stream.products import clean_number, products_of
from stream.records import Outgoing, Record


class _Lines(NamedTuple):
    """An order that is being read."""

    time: int
    customer: str | None
    items: dict[str, None]


def of_online_retail(path: Path) -> list[Purchase]:
    """Orders of the UCI Online Retail file, cleaned as studies of it do.

    Out are cancellations, and lines whose quantity or price is not above 0; postage, fees and codes that differ in
    case stay what they are. That is 19,960 orders and 3,922 items, so that figures can be compared with published ones;
    `online_retail.events` drops more. Times are those of an invoice's first line.

    Raises
    ------
    DataError
        When the file is missing, damaged or lacks a column.
    """
    header = columns(path)
    require(path, list(COLUMNS), header)
    pick = itemgetter(*(header.index(name) for name in COLUMNS))
    found: dict[str, _Lines] = {}
    with open_text(path) as file:
        reader = csv.reader(file)
        next(reader)
        for row in reader:
            if len(row) != len(header):
                continue
            invoice, code, _, quantity, date, price, customer, _ = pick(row)
            time = parse_time(date)
            sold = (clean_number(quantity) or 0.0) > 0 and (clean_number(price) or 0.0) > 0
            if not sold or time is None or not invoice or not code or invoice[0] in "Cc":
                continue
            if invoice not in found:
                found[invoice] = _Lines(time, customer.strip().removesuffix(".0") or None, {})
            found[invoice].items[code.strip()] = None
    return _sorted(found.values())


def of_table(path: Path, mapping: Mapping, report: LoadReport, *, form: str | None = None) -> list[Purchase]:
    """Orders of anyone's table, by a mapping of its columns; see `baskets`."""
    return baskets(table.events(path, mapping, report, form=form))


def baskets(records: Iterable[Outgoing]) -> list[Purchase]:
    """Orders among customer events.

    `Order Completed` events with the same customer and `order_id` are one order. Lines whose quantity or price is 0 or
    less are dropped; a line without a price stays. Orders without items are no orders.

    Examples
    --------
    >>> from producers.customer_event import customer_event
    >>> order = {"products": [{"product_id": "tea"}, {"product_id": "tea"}, {"product_id": "bag", "price": 0}]}
    >>> baskets([customer_event("ann", 5_000, "m1", "Order Completed", order)])
    [Purchase(time=5000, customer='ann', items=('tea',))]
    """
    found: dict[object, _Lines] = {}
    config = EventsConfig()
    for place, record in enumerate(records):
        if record.value is None or (b"products" not in record.value and b"product_id" not in record.value):
            continue
        event = decode(Record(record.topic, 0, place, record.timestamp or 0, record.key, record.value), config)
        if not isinstance(event, Event) or event.kind != "Order Completed":
            continue
        order = event.properties.get("order_id")
        key: object = place if order is None else (event.customer, str(order))
        if key not in found:
            found[key] = _Lines(event.time, event.customer if event.known else None, {})
        for product in products_of(event):
            if product.price is None or product.price > 0:
                found[key].items[product.id] = None
    return _sorted(found.values())


def _sorted(found: Iterable[_Lines]) -> list[Purchase]:
    """In time order; orders of one moment stay as the file has them."""
    made = [Purchase(one.time, one.customer, tuple(one.items)) for one in found if one.items]
    return sorted(made, key=attrgetter("time"))
