"""What an event says about products and money, made safe to count with.

These run for every event, so they are plain functions over the event's properties.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from stream.entries import Event
from stream.events import good_id
from stream.items import LONGEST

LARGEST = 1e9
"""Numbers beyond this are taken for mistakes: one of them would drown everyone else's."""

_LONGEST_ID = 100


class Product(NamedTuple):
    """One line of an order, or the one product that an event is about."""

    id: str
    quantity: float
    price: float | None
    category: str | None
    name: str | None = None
    brand: str | None = None


Amount = Callable[[Event, Sequence[Product]], float | None]
"""How much of something an event and its products are; None where that cannot be said."""


def clean_number(value: Any) -> float | None:
    """A number that can be counted with, or None.

    Parameters
    ----------
    value
        A number, or a text that is one. Booleans are no numbers.

    Returns
    -------
    float or None
        Finite and at most 1e9 in size.

    >>> clean_number("2.50"), clean_number(1e300), clean_number(float("nan")), clean_number(True)
    (2.5, None, None, None)
    """
    kind = type(value)
    if kind is str:
        try:
            value = float(value)
        except ValueError:
            return None
    elif kind is not float and kind is not int:
        return None
    # One comparison refuses NaN, the infinities, and integers too large for a float.
    return float(value) if -LARGEST <= value <= LARGEST else None


def products_of(event: Event) -> tuple[Product, ...]:
    """Products of an event: its `products[]`, or the one it is about.

    The id is `product_id`, else `sku` (`id` counts too inside `products[]` and in `Product …` events, as in version 1
    of the spec). A missing quantity is 1; lines without an id, or with a quantity of zero or less, are dropped, and so
    are prices below zero.

    >>> order = Event(0, 0, "ann", True, "m", "Order Completed", {"products": [{"sku": 85123, "quantity": "2"}]}, {})
    >>> products_of(order)
    (Product(id='85123', quantity=2.0, price=None, category=None, name=None, brand=None),)
    """
    lines = event.properties.get("products")
    if type(lines) is list:
        found = [_product(line, True) for line in lines if type(line) is dict]
    elif event.properties:
        found = [_product(event.properties, event.kind.startswith("Product "))]
    else:
        return ()
    return tuple(product for product in found if product is not None)


def revenue(event: Event) -> float:
    """Money of an event: the first of `revenue`, `total`, `value` that is a number of zero or more, else its products'.

    >>> revenue(Event(0, 0, "ann", True, "m", "Order Completed", {"products": [{"sku": "a", "price": 2.5}]}, {}))
    2.5
    """
    for name in ("revenue", "total", "value"):
        stated = clean_number(event.properties.get(name))
        if stated is not None and stated >= 0:
            return stated
    summed = sum(product.price * product.quantity for product in products_of(event) if product.price is not None)
    return clean_number(float(summed)) or 0.0


def amount_of(value: str) -> Amount:
    """How an event's amount is found: `revenue`, `lines`, `quantity`, or a property's name.

    >>> amount_of("minutes")(Event(0, 0, "ann", True, "m", "Video Watched", {"minutes": "12"}, {}), ())
    12.0
    """
    if value == "revenue":
        return lambda event, products: revenue(event)
    if value == "lines":
        return lambda event, products: float(len(products))
    if value == "quantity":
        return lambda event, products: float(sum(product.quantity for product in products))
    return lambda event, products: clean_number(event.properties.get(value))


def _product(line: Any, bare_id: bool) -> Product | None:
    get = line.get
    identity = _text(get("product_id"))
    if identity is None and bare_id:
        identity = _text(get("id"))
    if identity is None:
        identity = _text(get("sku"))
        if identity is None:
            return None
    quantity = clean_number(get("quantity"))
    if quantity is None:
        quantity = 1.0
    elif quantity <= 0:
        return None
    price = clean_number(get("price"))
    if price is not None and price < 0:
        price = None
    return Product(identity, quantity, price, _text(get("category")), _words(get("name")), _text(get("brand")))


def _words(value: Any) -> str | None:
    return value.strip()[:LONGEST] or None if type(value) is str else None


def _text(value: Any) -> str | None:
    kind = type(value)
    if kind is not str:
        if kind is int:
            value = str(value)
        elif kind is float and value.is_integer():
            value = str(int(value))
        else:
            return None
    return value if good_id(value, _LONGEST_ID) else None
