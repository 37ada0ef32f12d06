"""Whether a deployment is well, and if not, why: in words, from what `eddyline.status` has seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eddyline.status import PartitionStatus, Status

_GROWING = 10.0  # seconds that the oldest record has waited: below, a lag that grows is a batch under way
_STEADY = ("Stable", "Empty", "Dead")


@dataclass(frozen=True)
class Limits:
    """What is too much: waiting records of a partition, seconds that one has waited, seconds of a model's age."""

    lag: int | None = None
    delay: float | None = 300.0
    model_age: float | None = None


def troubles(now: Status, before: Status | None, limits: Limits) -> list[str]:
    """What is wrong, in sentences; empty where all is well.

    Parameters
    ----------
    now
        The deployment.
    before
        The same a few seconds ago: without it, what takes time to see (a lag that grows, state and log that stay apart)
        is not judged.
    limits
        What is too much.
    """
    return list(_troubles(now, before, limits))


def _troubles(now: Status, before: Status | None, limits: Limits) -> Iterator[str]:
    if not now.workers:
        yield f"No worker runs: group {now.group!r} has no members."
    elif now.group_state not in _STEADY:
        yield f"The group is rebalancing ({now.group_state}): it is not settled who has which partition."
    for one in now.partitions:
        if now.workers and now.group_state == "Stable" and one.owner is None:
            yield f"Partition {one.partition} has no owner."
        yield from _behind(one, limits)
        if before is not None:
            yield from _lasting(one, before.partitions[one.partition], (now.at - before.at) / 1000)
    if limits.model_age is not None and now.model_age is not None and now.model_age > limits.model_age:
        yield (
            f"Model {now.model} is older than {span(limits.model_age)}: {span(now.model_age)} of event time have "
            "passed since it was learnt."
        )


def _behind(one: PartitionStatus, limits: Limits) -> Iterator[str]:
    if limits.lag is not None and one.lag > limits.lag:
        yield f"Partition {one.partition}: {one.lag:,} records wait, more than {limits.lag:,}."
    if limits.delay is not None and one.delay > limits.delay:
        yield (
            f"Partition {one.partition}: the oldest of {one.lag:,} waiting records is {span(one.delay)} old, more than "
            f"{span(limits.delay)}."
        )


def _lasting(one: PartitionStatus, before: PartitionStatus, seconds: float) -> Iterator[str]:
    if one.delay > _GROWING and one.lag > before.lag:
        more = f"{one.lag - before.lag:,} more than {seconds:.0f} s ago"
        yield f"Partition {one.partition}: its lag grows, to {one.lag:,} records, {more}."
    apart = (one.offset, one.journal, one.watermark, one.number)
    if not one.agrees and apart == (before.offset, before.journal, before.watermark, before.number):
        state, log = _position(one.watermark, one.number), _position(one.offset, one.journal)
        yield (
            f"Partition {one.partition}: the state is at {state}, and the log is at {log}. A worker that takes the "
            "partition over brings them together."
        )


def _position(offset: int, number: int | None) -> str:
    return f"offset {offset}" if number is None else f"offset {offset}, journal record {number}"


def span(seconds: float) -> str:
    """A span of time for people.

    >>> span(0.2), span(59), span(3_600), span(200_000)
    ('0 s', '59 s', '60 min', '2.3 d')
    """
    for name, size, most in (("s", 1, 120), ("min", 60, 120), ("h", 3_600, 48)):
        if seconds < size * most:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds / 86_400:.1f} d"
