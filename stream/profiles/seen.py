"""Message ids seen, to drop duplicates in bounded memory."""

from __future__ import annotations

from array import array
from collections import deque

import xxhash


class Seen:
    """The newest `limit` message ids of a partition, as 64-bit hashes.

    A message that comes again is recognised as long as fewer than `limit` other messages came in between; some
    80 bytes an id in memory, 8 in the store. Two different ids are taken for one with probability limit / 2^64.

    Examples
    --------
    >>> seen = Seen(limit=2)
    >>> [seen.add(name) for name in ("a", "b", "a", "c", "a")]
    [True, True, False, True, True]
    """

    def __init__(self, limit: int, packed: bytes = b"") -> None:
        self.limit = limit
        known = array("Q", packed)
        self._order = deque(known[-limit:])
        self._known = set(self._order)
        self._fresh = array("Q")

    def add(self, message_id: str) -> bool:
        """Remember an id; False when it is known already."""
        key = xxhash.xxh3_64_intdigest(message_id.encode())
        if key in self._known:
            return False
        self._known.add(key)
        self._order.append(key)
        self._fresh.append(key)
        if len(self._order) > self.limit:
            self._known.discard(self._order.popleft())
        return True

    def drain(self) -> bytes:
        """Hashes added since the last call, 8 bytes each."""
        fresh, self._fresh = self._fresh, array("Q")
        return fresh[-self.limit :].tobytes()

    def pack(self) -> bytes:
        """All hashes, oldest first."""
        return array("Q", self._order).tobytes()
