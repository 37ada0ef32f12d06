"""A batch's outbox: all that it publishes, kept in the store until it is known to be in the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgpack

from consumers.position import Position
from stream.records import Outgoing


class Outbox(NamedTuple):
    """What a batch publishes, and from where to where it takes its partition.

    It is written in the same atomic step as the state at `end`. So whoever finds that state, and a log that is still
    at `start`, knows what is missing in the log.
    """

    start: Position
    end: Position
    records: Sequence[Outgoing] = ()

    def pack(self) -> bytes:
        """As stored.

        >>> box = Outbox(Position(0, 0), Position(2, 1), (Outgoing("journal", b"0", b"{}", partition=0),))
        >>> Outbox.unpack(box.pack()) == box
        True
        """
        packed: bytes = msgpack.packb((self.start, self.end, self.records))
        return packed

    @classmethod
    def unpack(cls, packed: bytes) -> Outbox:
        """Reverse of `pack`."""
        start, end, records = msgpack.unpackb(packed)
        return cls(
            Position(*start),
            Position(*end),
            tuple(
                Outgoing(topic, key, value, tuple((name, text) for name, text in headers), partition, timestamp)
                for topic, key, value, headers, partition, timestamp in records
            ),
        )
