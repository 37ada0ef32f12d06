"""An order as one event that is never too large."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stream.records import Outgoing

MAX_BYTES = 32 * 1024
"""Largest event of the contract."""

TOO_LARGE = f"the order would exceed {MAX_BYTES:,} bytes"
"""Reason in a report."""

_ESSENTIAL = ("product_id", "price", "quantity")


def fitted(
    make: Callable[[dict[str, Any]], Outgoing], properties: Mapping[str, Any], products: list[dict[str, Any]]
) -> tuple[Outgoing, int]:
    """The event of an order with its `products`, made to fit in 32 KiB.

    An order in parts would count as several orders. So, where it is too large, products keep their id, price and
    quantity only, and where that is still too large, the first products stay and `products_left_out` says how many
    do not. `properties` (the revenue among them) are those of the whole order.

    Parameters
    ----------
    make
        Makes the record of an event from its properties.
    properties
        All but the products.
    products
        Plain JSON objects.

    Returns
    -------
    record, left_out
        The event, and how many products it leaves out.
    """
    made = make({**properties, "products": products})
    if _size(made) <= MAX_BYTES:
        return made, 0
    kept = [{key: product[key] for key in _ESSENTIAL if key in product} for product in products]
    made = make({**properties, "products": kept})
    while kept and _size(made) > MAX_BYTES:
        del kept[min(len(kept) - 1, len(kept) * MAX_BYTES // _size(made)) :]
        made = make({**properties, "products_left_out": len(products) - len(kept), "products": kept})
    return made, len(products) - len(kept)


def _size(record: Outgoing) -> int:
    return len(record.value or b"")
