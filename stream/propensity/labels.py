"""Examples whose label only time will tell."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import NamedTuple

from stream.target import Target

_HEAD = struct.Struct("<qqdd??B")


@dataclass(frozen=True, slots=True)
class OpenExample:
    """A customer's features at one moment, waiting for what happens next.

    What counts is what happens after the moment and until the horizon has passed. The features are those of the moment,
    so nothing that happened later leaks into them. Packed, an example takes 35 + 8 x features bytes and its segment's
    id, and a customer has one at most for each target: memory a customer is bounded.

    Attributes
    ----------
    opened_at
        Event time (ms) at which the features were read.
    due
        Last event time (ms) that counts.
    features
        Values in each feature's own unit; NaN where there was nothing to measure.
    score
        Probability predicted at the time, before the example is learnt; None before the model had learnt enough.
    segment
        Id of the customer's segment at the time.
    amount
        What has come together since: events, or the sum of their values.
    closed
        Whether an event has come after which nothing counts.

    Examples
    --------
    >>> example = OpenExample(opened_at=1_000, due=5_000, features=(2.0, 0.5), score=None)
    >>> [example.covers(time) for time in (1_000, 1_001, 5_000, 5_001)]
    [False, True, True, False]
    >>> len(example.pack()), OpenExample.unpack(example.pack()) == example
    (51, True)
    """

    opened_at: int
    due: int
    features: tuple[float, ...]
    score: float | None
    segment: str = ""
    amount: float = 0.0
    closed: bool = False

    def covers(self, time: int) -> bool:
        """Whether an event at `time` (ms) can count."""
        return self.opened_at < time <= self.due and not self.closed

    def plus(self, amount: float) -> OpenExample:
        """With what an event adds."""
        return replace(self, amount=self.amount + amount)

    def close(self) -> OpenExample:
        """As it is when nothing counts any more."""
        return replace(self, closed=True)

    def label(self, target: Target) -> bool:
        """Whether the target has come about, as far as is known: final when the horizon has passed.

        >>> churns = Target(name="churns", events=["Order Completed"], absent=True)
        >>> example = OpenExample(1_000, 5_000, (), None)
        >>> example.label(churns), example.plus(1.0).label(churns)
        (True, False)
        """
        return (self.amount >= target.at_least) is not target.absent

    def pack(self) -> bytes:
        """As stored: little-endian, floats exact."""
        score, segment = (0.0 if self.score is None else self.score), self.segment.encode()
        flags = (self.score is not None, self.closed, len(segment))
        head = _HEAD.pack(self.opened_at, self.due, score, self.amount, *flags)
        return head + segment + struct.pack(f"<{len(self.features)}d", *self.features)

    @classmethod
    def unpack(cls, packed: bytes) -> OpenExample:
        """Reverse of `pack`.

        Raises
        ------
        struct.error
            When the bytes are not those of an example.
        """
        opened_at, due, score, amount, scored, closed, length = _HEAD.unpack_from(packed)
        rest = packed[_HEAD.size :]
        features = struct.unpack(f"<{len(rest[length:]) // 8}d", rest[length:])
        return cls(opened_at, due, features, score if scored else None, rest[:length].decode(), amount, closed)


class Resolved(NamedTuple):
    """An example whose horizon has passed: what it was, and what came of it."""

    target: str
    customer: str
    example: OpenExample
    happened: bool
