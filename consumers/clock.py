"""The only clock of the product. The engine has none: it is told the time."""

from __future__ import annotations

import time


class Clock:
    """The system's clock; replaceable, so that tests decide how fast time passes."""

    def time(self) -> float:
        """Seconds, never going back; only differences mean something."""
        return time.monotonic()

    def unix(self) -> float:
        """Seconds since 1970, for people to read and to hold against timestamps of records; may be set back."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class ManualClock(Clock):
    """A clock that stands still until it is moved.

    >>> clock = ManualClock()
    >>> clock.sleep(90)
    >>> clock.time()
    90.0
    """

    def __init__(self) -> None:
        self._now = 0.0

    def time(self) -> float:
        """Seconds moved so far."""
        return self._now

    def unix(self) -> float:
        """The same, as if it had begun in 1970."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Move the clock; returns at once."""
        self._now += seconds
