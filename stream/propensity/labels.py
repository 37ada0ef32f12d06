"""Examples whose label only time will tell."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_HEAD = struct.Struct("<qq??d")


@dataclass(frozen=True, slots=True)
class OpenExample:
    """A customer's features at one moment, waiting for what happens next.

    The label is positive when the target event happens after the moment and until the horizon has passed, else
    negative. It is learnt when the horizon has passed, whatever it is: learnt at once, positives would run ahead of the
    negatives of their time, and a customer who buys every day would be an example thirty times as often as one who is
    gone, so that scores came out too high. The features are those of the moment, so nothing that happened later leaks
    into them. Packed, an example takes 26 + 8 x features bytes, and a customer has one at most: memory a customer is
    bounded.

    Attributes
    ----------
    opened_at
        Event time (ms) at which the features were read.
    due
        Last event time (ms) at which a target event counts.
    features
        Values in each feature's own unit; NaN where there was nothing to measure.
    score
        Probability predicted at the time, before the example is learnt; None without a model.
    happened
        Whether the target event has happened since.

    Examples
    --------
    >>> example = OpenExample(opened_at=1_000, due=5_000, features=(2.0, 0.5), score=None)
    >>> [example.covers(time) for time in (1_000, 1_001, 5_000, 5_001)]
    [False, True, True, False]
    >>> len(example.pack()), OpenExample.unpack(example.pack()) == example
    (42, True)
    """

    opened_at: int
    due: int
    features: tuple[float, ...]
    score: float | None
    happened: bool = False

    def covers(self, time: int) -> bool:
        """Whether a target event at `time` (ms) makes the example positive."""
        return self.opened_at < time <= self.due

    def pack(self) -> bytes:
        """As stored: little-endian, floats exact."""
        score = 0.0 if self.score is None else self.score
        head = _HEAD.pack(self.opened_at, self.due, self.score is not None, self.happened, score)
        return head + struct.pack(f"<{len(self.features)}d", *self.features)

    @classmethod
    def unpack(cls, packed: bytes) -> OpenExample:
        """Reverse of `pack`.

        Raises
        ------
        struct.error
            When the bytes are not those of an example.
        """
        count = (len(packed) - _HEAD.size) // 8
        opened_at, due, scored, happened, score, *features = struct.unpack(f"{_HEAD.format}{max(count, 0)}d", packed)
        return cls(opened_at, due, tuple(features), score if scored else None, happened)
