"""An endless shop for benchmarks of load: customers and items keep arriving, and old ones stop coming."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from producers.customer_event import customer_event
from stream.records import Outgoing

_START = 1_700_000_000_000
_STEP = 15_000  # ms of event time from one event to the next
_ACTIVE = 4_000  # customers who come at a time
_ITEMS = 500  # items that are sold at a time
_KINDS = ("Product Viewed", "Product Added", "Order Completed")


def shop(seed: int = 7, start: int = _START, step: int = _STEP) -> Iterator[Outgoing]:
    """Events without end.

    One event in twenty is a new customer's, who takes the place of the one who came longest ago; one in five hundred
    brings a new item. So over 2,000,000 events there are 100,000 customers and 4,000 items.
    """
    draw = random.Random(seed)
    arrived, listed, number = _ACTIVE, _ITEMS, 0
    while True:
        if draw.random() < 0.05:
            arrived += 1
            customer = arrived
        else:
            customer = arrived - int(_ACTIVE * draw.random() ** 2)
        listed += draw.random() < 0.002
        kind = draw.choices(_KINDS, (70, 20, 10))[0]
        count = draw.randrange(1, 5) if kind == "Order Completed" else 1
        items = [listed - int(_ITEMS * draw.random() ** 2) for _ in range(count)]
        lines = [{"product_id": f"i{item}", "category": f"c{item % 20}", "price": 3.0 + item % 40} for item in items]
        properties = {"products": lines} if kind == "Order Completed" else lines[0]
        yield customer_event(f"c{customer}", start + number * step, f"{seed}-{number}", kind, properties)
        number += 1


def resident(pid: int | str = "self") -> float:
    """Resident memory of a process in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 2**20
