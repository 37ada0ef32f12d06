"""A uniform sample of customers that can be merged."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import xxhash


def priority(customer: str) -> int:
    """A customer's place in the draw: a 64-bit hash, the same everywhere."""
    return xxhash.xxh3_64_intdigest(customer.encode(), seed=1)


class CustomerSample:
    """The `size` customers with the smallest hashes: a uniform sample without replacement.

    Which customers are in it depends on the set of customers only, never on the order or number of their events,
    and the sample of a union is the `size` smallest of the union of samples. So partitions merge exactly.

    Source: bottom-k sketches (Cohen, Kaplan: Summarizing data using bottom-k sketches, PODC 2007).

    Examples
    --------
    >>> sample = CustomerSample(2)
    >>> for name in ("ann", "bob", "cid"):
    ...     sample.add(name)
    >>> len(list(sample)), sample.customers
    (2, 3)
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.customers = 0
        self._heap: list[tuple[int, str]] = []  # negated priorities: the root is the next to leave

    def add(self, customer: str) -> None:
        """Count a customer not seen before."""
        self.customers += 1
        entry = (-priority(customer), customer)
        if len(self._heap) < self.size:
            heapq.heappush(self._heap, entry)
        elif entry > self._heap[0]:
            heapq.heapreplace(self._heap, entry)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """(priority, customer), smallest priority first."""
        return iter(sorted((-negated, customer) for negated, customer in self._heap))
