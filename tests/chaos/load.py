"""What customers do in a campaign: fixed by a seed, however fast it is written."""

from __future__ import annotations

import json
import random
from collections import deque
from datetime import UTC, datetime
from typing import Any, NamedTuple

from kafka.partitioner.default import murmur2

START = 1_700_000_000_000
_HOUR = 3_600_000
_DAY = 24 * _HOUR


class Written(NamedTuple):
    """A record of the events topic, with the partition that it goes to."""

    partition: int
    key: bytes | None
    value: bytes | None
    timestamp: int


def partition_of(key: bytes, partitions: int) -> int:
    """Where Kafka's own clients put a key."""
    place: int = (murmur2(key) & 0x7FFFFFFF) % partitions
    return place


class Load:
    """An endless seeded shop: orders, refunds, visitors, duplicates, late events, and records that are no events.

    Parameters
    ----------
    seed
        Decides all of it.
    partitions
        Of the events topic.
    customers
        How many act.
    """

    def __init__(self, seed: int, partitions: int, customers: int = 80) -> None:
        self._draw = random.Random(f"load {seed}")
        self._poison = random.Random(f"poison {seed}")  # may come at any time, and changes nothing of the rest
        self.partitions = partitions
        self._customers = [f"u{number}" for number in range(customers)]
        self._time = START
        self._count = 0
        self._lately: deque[Written] = deque(maxlen=300)

    def next(self, only: int | None = None) -> Written:
        """The next record; of a customer of partition `only`, if it is given."""
        draw = self._draw
        while True:
            self._count += 1
            self._time += draw.randrange(_DAY // 12)
            chance = draw.random()
            if chance < 0.03 and self._lately:
                record = draw.choice(self._lately)
            elif chance < 0.05:
                record = self._bad(draw)
            else:
                record = self._event()
                self._lately.append(record)
            if only is None or record.partition == only:
                return record

    def poison(self, count: int) -> list[Written]:
        """Records in a row that are no events."""
        return [self._bad(self._poison) for _ in range(count)]

    def _event(self) -> Written:
        draw = self._draw
        number = draw.randrange(len(self._customers))
        known = draw.random() < 0.95
        customer = self._customers[number] if known else f"visitor{self._count}"
        eager, group = number % 3, number % 4 * 5
        kinds = ["Product Viewed", "Product Added", "Order Completed", "Order Refunded", "Recommendation Shown"]
        kind = draw.choices(kinds, [(6, 3, 1, 0.0, 0.5), (2, 3, 3, 0.1, 0.5), (1, 2, 6, 1.5, 0.5)][eager])[0]
        count = draw.randrange(1, 5) if kind in ("Order Completed", "Recommendation Shown") else 1
        products = [
            {"product_id": f"p{group + draw.randrange(5)}", "price": 5.0 * (1 + eager), "category": f"c{group}"}
            for _ in range(count)
        ]
        properties: dict[str, Any] = products[0]
        if kind.startswith("Order"):
            properties = {"order_id": f"o{self._count}", "products": products}
        elif kind == "Recommendation Shown":
            properties = {"recommendation_id": f"r{self._count}", "products": products}
        late = draw.randrange(3 * _DAY) if draw.random() < 0.08 else 0
        value = {
            "type": "track",
            "messageId": f"m{self._count}",
            "userId" if known else "anonymousId": customer,
            "timestamp": _iso(self._time - late),
            "event": kind,
            "properties": properties,
        }
        return self._keyed(customer.encode(), json.dumps(value).encode())

    def _bad(self, draw: random.Random) -> Written:
        customer = draw.choice(self._customers)
        event = {"type": "track", "userId": customer, "event": "Product Viewed", "messageId": f"b{self._count}"}
        values: list[bytes | None] = [
            None,
            b"",
            b"{",
            b"[1, 2]",
            b"\xff\xfe\x00binary",
            b"[" * 5_000,
            json.dumps({**event, "type": "dance"}).encode(),
            json.dumps({**event, "userId": "somebody else"}).encode(),
            json.dumps({**event, "userId": " "}).encode(),
            json.dumps({**event, "event": None}).encode(),
            json.dumps({**event, "timestamp": "2150-01-01T00:00:00Z"}).encode(),
            json.dumps({**event, "timestamp": "yesterday"}).encode(),
            json.dumps({**event, "properties": {"note": "x" * 40_000}}).encode(),
            json.dumps({"type": "track", "event": "Product Viewed"}).encode(),
        ]
        if draw.random() < 0.1:
            value = json.dumps({**event, "timestamp": _iso(self._time)}).encode()
            return Written(draw.randrange(self.partitions), None, value, self._time)
        return self._keyed(customer.encode(), draw.choice(values))

    def _keyed(self, key: bytes, value: bytes | None) -> Written:
        return Written(partition_of(key, self.partitions), key, value, self._time)


def _iso(time: int) -> str:
    return datetime.fromtimestamp(time / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
