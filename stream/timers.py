"""Event-time timers of one partition."""

from __future__ import annotations

import heapq
from collections.abc import Iterator


class Timers:
    """Wakes customers when the partition's clock reaches their due time, earliest first, ties by name.

    Each customer has at most one due time; setting it again replaces it. Entries that were replaced stay in the
    heap until they surface, so `set` is O(log n) and the heap holds at most twice the live timers.

    Examples
    --------
    >>> timers = Timers()
    >>> timers.set("ann", 20); timers.set("bob", 10); timers.set("bob", 30)
    >>> list(timers.due(25))
    [(20, 'ann')]
    """

    def __init__(self) -> None:
        self._heap: list[tuple[int, str]] = []
        self._due: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._due)

    def set(self, customer: str, due: int) -> None:
        """Wake `customer` at `due` (ms) and not before."""
        if self._due.get(customer) == due:
            return
        self._due[customer] = due
        heapq.heappush(self._heap, (due, customer))
        if len(self._heap) > 2 * len(self._due) + 64:
            self._heap = [(at, name) for name, at in self._due.items()]
            heapq.heapify(self._heap)

    def get(self, customer: str) -> int | None:
        """The customer's due time."""
        return self._due.get(customer)

    def pending(self, clock: int) -> bool:
        """Whether `due(clock)` may have anything to yield: a cheap look."""
        return bool(self._heap) and self._heap[0][0] <= clock

    def due(self, clock: int) -> Iterator[tuple[int, str]]:
        """Timers that have come due by `clock`; each is removed as it is yielded and may be set again."""
        heap, live = self._heap, self._due
        while heap and heap[0][0] <= clock:
            at, customer = heapq.heappop(heap)
            if live.get(customer) == at:
                del live[customer]
                yield at, customer
                heap = self._heap  # a timer set meanwhile may have rebuilt the heap
