"""Event-time timers of one partition."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from stream.store.base import StoredProfiles

_NEVER = 2**63
ROOM = 5_000
"""Timers read at once; at most some twice as many are held."""


class Timers:
    """Wakes customers when the partition's clock reaches their due time, earliest first, ties by name.

    Each customer has at most one due time; setting it again replaces it. Entries that were replaced stay in the
    heap until they surface, so `set` is O(log n) and the heap holds at most twice the live timers.

    With a store only the next timers are held: those before an edge, which moves on as they come due. The others lie in
    an index of the store.

    Parameters
    ----------
    index
        Name of the store's index.
    stored
        The store; without it all timers are held.
    room
        Timers read at once.

    Examples
    --------
    >>> timers = Timers("due")
    >>> timers.set("ann", 20); timers.set("bob", 10); timers.set("bob", 30)
    >>> list(timers.due(25))
    [(20, 'ann')]
    """

    def __init__(self, index: str, stored: StoredProfiles | None = None, room: int = ROOM) -> None:
        self.index = index
        self._stored = stored
        self._room = room
        self._edge = _NEVER if stored is None else -_NEVER  # timers from here on are in the store only
        self._heap: list[tuple[int, str]] = []
        self._due: dict[str, int] = {}
        self._changed: dict[str, int | None] = {}

    def __len__(self) -> int:
        """Timers held."""
        return len(self._due)

    def set(self, customer: str, due: int) -> None:
        """Wake `customer` at `due` (ms) and not before."""
        self._changed[customer] = due
        self._hold(customer, due)

    def clear(self, customer: str) -> None:
        """Do not wake `customer`."""
        self._changed[customer] = None
        self._due.pop(customer, None)

    def pending(self, clock: int) -> bool:
        """Whether `due(clock)` may have anything to yield: a cheap look."""
        return self._edge <= clock or (bool(self._heap) and self._heap[0][0] <= clock)

    def due(self, clock: int) -> Iterator[tuple[int, str]]:
        """Timers that have come due by `clock`; each is removed as it is yielded and may be set again."""
        while self.pending(clock):
            if self._heap and self._heap[0][0] <= clock:
                at, customer = heapq.heappop(self._heap)
                if self._due.get(customer) == at:
                    self.clear(customer)
                    yield at, customer
            else:
                self._read_on()

    def peek(self, clock: int) -> list[str]:
        """Customers that `due(clock)` begins with, in no order: to read them at once. A hint, and not complete."""
        if self._edge <= clock and not self._heap:
            self._read_on()
        found: list[str] = []
        places = [0]
        while places and len(found) < self._room:  # down the heap, as far as it is due
            place = places.pop()
            if place < len(self._heap) and self._heap[place][0] <= clock:
                found.append(self._heap[place][1])
                places += (2 * place + 1, 2 * place + 2)
        return found

    def drain(self) -> dict[str, int | None]:
        """Changes of the index since the last call."""
        changed, self._changed = self._changed, {}
        return changed

    def _hold(self, customer: str, due: int) -> None:
        if due >= self._edge:
            self._due.pop(customer, None)
            return
        if self._due.get(customer) == due:
            return
        self._due[customer] = due
        heapq.heappush(self._heap, (due, customer))
        if self._stored is not None and len(self._due) > 2 * self._room:
            self._edge = heapq.nsmallest(self._room, self._due.values())[-1] + 1
            self._due = {name: at for name, at in self._due.items() if at < self._edge}
        if len(self._heap) > 2 * len(self._due) + 64:
            self._heap = [(at, name) for name, at in self._due.items()]
            heapq.heapify(self._heap)

    def _read_on(self) -> None:
        """Move the edge: hold the next timers of the store, but for those that have changed since it was written."""
        assert self._stored is not None
        low = self._edge
        found = self._stored.range(self.index, max(low, -(2**53)), self._room)
        self._edge = found[-1][1] + 1 if found else _NEVER
        for customer, due in found:
            if customer not in self._changed:
                self._hold(customer, due)
        for customer, changed in self._changed.items():
            if changed is not None and low <= changed < self._edge:
                self._hold(customer, changed)
