"""Sending at a rate, or as fast as the log takes it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Protocol

from producers.sink import Sink
from stream.errors import InputError
from stream.records import Outgoing


class Clock(Protocol):
    """What pacing needs of time; the standard library's `time` module is one."""

    def monotonic(self) -> float:
        """Seconds since any fixed moment."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Wait."""
        ...


_system: Clock = time
_WAKE = 0.01  # seconds: below this, sleeping costs more than it spreads


def send(
    records: Iterable[Outgoing],
    sink: Sink,
    *,
    rate: float | None = None,
    chunk: int = 1_000,
    clock: Clock = _system,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Send records, then flush.

    With a rate this is an open loop: record n is due n/rate seconds after the start, whatever the log does. A log
    that stalls is sent what is overdue at once afterwards, so that the delays it causes are seen and not hidden.

    Parameters
    ----------
    records
        In the order in which they are sent.
    sink
        Where they go; not closed.
    rate
        Records a second; None for full speed.
    chunk
        Most records handed over at once.
    clock
        Where time comes from.
    progress
        Called with the number sent so far after each chunk.

    Returns
    -------
    int
        Records sent; all of them are in the log.

    Raises
    ------
    InputError
        When the rate or the chunk is not positive.
    """
    if chunk < 1:
        raise InputError(f"a chunk has at least 1 record, not {chunk}")
    if rate is not None and not 0 < rate < float("inf"):
        raise InputError(f"the rate must be above 0 records a second, not {rate}")
    source = iter(records)
    start = clock.monotonic()
    sent = 0
    while True:
        due = chunk
        if rate is not None:
            wait = start + sent / rate - clock.monotonic()
            if wait > 0:
                clock.sleep(max(wait, _WAKE))
            due = max(1, min(chunk, int((clock.monotonic() - start) * rate) + 1 - sent))
        batch = list(islice(source, due))
        if not batch:
            break
        sink.send(batch)
        sent += len(batch)
        if progress is not None:
            progress(sent)
    sink.flush()
    return sent
