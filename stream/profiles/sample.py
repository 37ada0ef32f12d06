"""A uniform sample of customers that can be merged."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator

import xxhash

EVERY = 2**64
"""A threshold below which every priority lies."""


def priority(customer: str) -> int:
    """A customer's place in the draw: a 64-bit hash, the same everywhere."""
    return xxhash.xxh3_64_intdigest(customer.encode(), seed=1)


class CustomerSample:
    """The customers whose hashes are below a threshold, which sinks so that they are at most `size`.

    It is a uniform sample without replacement. Which customers are in it depends on the set of customers only, never on
    the order or number of their events, and samples of two sets are cut to the lower threshold to become one of their
    union. So partitions merge exactly.

    Source: bottom-k sketches (Cohen, Kaplan: Summarizing data using bottom-k sketches, PODC 2007).

    Parameters
    ----------
    size
        Customers at most.
    customers
        To go on from, with the threshold that they were below.

    Attributes
    ----------
    threshold
        Priorities of the sampled customers are below it.
    changed
        Customer -> whether it is in the sample, for those who came or went since it was last cleared.

    Examples
    --------
    >>> sample = CustomerSample(2)
    >>> for name in ("ann", "bob", "cid"):
    ...     sample.add(name)
    >>> len(sample), sample.threshold < EVERY, "cid" in sample
    (2, True, False)
    """

    def __init__(self, size: int, customers: Iterable[str] = (), threshold: int = EVERY) -> None:
        self.size = size
        self.threshold = threshold
        self.changed: dict[str, bool] = {}
        self._heap = [(-priority(customer), customer) for customer in customers]  # the root is the next to leave
        self._members = {customer for _, customer in self._heap}
        heapq.heapify(self._heap)
        self._cut()

    def __len__(self) -> int:
        return len(self._heap)

    def __contains__(self, customer: object) -> bool:
        return customer in self._members

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """(priority, customer), smallest priority first."""
        return iter(sorted((-negated, customer) for negated, customer in self._heap))

    @property
    def thin(self) -> bool:
        """Whether so many have left that the sample should be drawn anew."""
        return self.threshold < EVERY and 2 * len(self._heap) < self.size

    def add(self, customer: str) -> None:
        """Draw a customer not seen before."""
        place = priority(customer)
        if place < self.threshold:
            heapq.heappush(self._heap, (-place, customer))
            self._members.add(customer)
            self.changed[customer] = True
            self._cut()

    def remove(self, customer: str) -> None:
        """Take out a customer who is known no more."""
        if customer in self._members:
            self._heap.remove((-priority(customer), customer))
            heapq.heapify(self._heap)
            self._leave(customer)

    def redraw(self, customers: Iterable[str]) -> None:
        """Begin again with all customers there are; who is named twice counts once."""
        self.threshold = EVERY
        for customer in customers:
            if customer not in self._members:
                self.add(customer)

    def _cut(self) -> None:
        while len(self._heap) > self.size:
            negated, customer = heapq.heappop(self._heap)
            self.threshold = -negated
            self._leave(customer)

    def _leave(self, customer: str) -> None:
        self._members.discard(customer)
        self.changed[customer] = False
