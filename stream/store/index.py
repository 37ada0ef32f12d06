"""A sorted set in memory, as Redis has it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping


class Index:
    """Customers by rank, then by name.

    Changes are sorted in at the next look. Ranks that were replaced stay until they are as many as those that hold.

    Examples
    --------
    >>> index = Index()
    >>> index.update({"bob": 20, "ann": 10, "cid": 20})
    >>> index.update({"ann": None, "dot": 30})
    >>> index.range(15, count=1)
    [('bob', 20), ('cid', 20)]
    """

    def __init__(self) -> None:
        self._ranks: dict[str, int] = {}
        self._order: list[tuple[int, str]] = []
        self._sorted = True

    def __len__(self) -> int:
        return len(self._ranks)

    def update(self, changes: Mapping[str, int | None]) -> None:
        """Set ranks; None takes a customer out."""
        for customer, rank in changes.items():
            if rank is None:
                self._ranks.pop(customer, None)
            elif self._ranks.get(customer) != rank:
                self._ranks[customer] = rank
                self._order.append((rank, customer))
        if len(self._order) > 2 * len(self._ranks) + 64:
            self._order = [(rank, customer) for customer, rank in self._ranks.items()]
        self._sorted = False

    def range(self, low: int, count: int) -> list[tuple[str, int]]:
        """See `StateStore.range`."""
        if not self._sorted:
            self._order.sort()
            self._sorted = True
        found: list[tuple[str, int]] = []
        for place in range(bisect_left(self._order, (low, "")), len(self._order)):
            rank, customer = self._order[place]
            if len(found) >= count and rank != found[-1][1]:
                break
            if self._ranks.get(customer) == rank and (not found or found[-1] != (customer, rank)):
                found.append((customer, rank))
        return found
