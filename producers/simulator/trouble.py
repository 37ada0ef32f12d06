"""What goes wrong on the way, on purpose and counted: records that are no events, repeats, and late ones."""

from __future__ import annotations

import numpy as np

from producers.customer_event import customer_event
from stream.records import Outgoing

_FAR = 253_402_300_799_000  # the last second of the year 9999


def malformed(number: int, customer: str, time: int, topic: str) -> Outgoing:
    """A record that must reach the dead letters; ten ways in turn, keyed by a customer all the same."""
    good = customer_event(customer, time, f"bad-{number}", "Product Viewed", {"product_id": "x"}, topic=topic)
    value = good.value or b""
    ways = (
        value[:-10],
        b"[" + value + b"]",
        b"",
        value.replace(b"userId", b"user"),
        value.replace(b'"track"', b'"purchase"'),
        customer_event(customer, _FAR, f"bad-{number}", "Product Viewed", topic=topic).value,
        value.replace(b'"event":"Product Viewed",', b""),
        customer_event(customer, time, f"bad-{number}", "Product Viewed", {"note": "x" * 33_000}, topic=topic).value,
        value.replace(customer.encode(), b"\xff\xfe"),
        None,
    )
    return good._replace(value=ways[number % len(ways)])


def disturb(
    rng: np.random.Generator, records: list[Outgoing], broken: list[Outgoing], late: int, repeated: int
) -> list[Outgoing]:
    """Records in the order in which they arrive; a record's own timestamp is the time of its arrival.

    Parameters
    ----------
    records
        Good ones, in time order.
    broken
        Malformed ones, which arrive at their time.
    late, repeated
        How many of `records` arrive 1 to 12 hours late, and how many arrive again within the hour. Both shares are
        drawn from all but the first record, and no record is in both.
    """
    chosen = 1 + rng.permutation(len(records) - 1)[: late + repeated]
    delays = rng.integers(3_600_000, 12 * 3_600_000, late)
    arrivals = [(record.timestamp or 0, record) for record in records]
    for index, delay in zip(chosen[:late].tolist(), delays.tolist(), strict=True):
        at = arrivals[index][0] + delay
        arrivals[index] = (at, records[index]._replace(timestamp=at))
    again = rng.integers(1_000, 3_600_000, repeated)
    for index, delay in zip(chosen[late:].tolist(), again.tolist(), strict=True):
        at = arrivals[index][0] + delay
        arrivals.append((at, records[index]._replace(timestamp=at)))
    arrivals += [(record.timestamp or 0, record) for record in broken]
    arrivals.sort(key=lambda arrival: arrival[0])
    return [record for _, record in arrivals]
