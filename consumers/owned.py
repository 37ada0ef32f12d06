"""A partition that this worker owns."""

from __future__ import annotations

from collections import deque

import msgpack

from consumers.position import Position
from stream.engine import Engine
from stream.records import Record
from stream.store.base import Delta, Saved


class Owned:
    """A partition's engine, and what the worker remembers of the partition beside it.

    Attributes
    ----------
    partition, epoch
        Which one, and the epoch that makes this worker its owner.
    engine
        Its state.
    number
        Journal records applied so far.
    merged
        In partition 0: partition -> entries of the contributions in the adopted model.
    contributed
        Entries that were in the partition's last contribution; 0 before the first.
    waiting
        Records polled and not applied.
    moved
        The worker's time (s) when the partition's clock last moved.
    jumped
        Whether it was said that the partition's clock has jumped.
    """

    def __init__(self, partition: int, epoch: int, engine: Engine, saved: Saved | None, now: float) -> None:
        self.partition = partition
        self.epoch = epoch
        self.engine = engine
        scalars = {} if saved is None else saved.scalars
        self._stored = position_of(saved)
        self.number = self._stored.number
        self.merged: dict[int, int] = dict(msgpack.unpackb(scalars["merged"])) if "merged" in scalars else {}
        self.contributed: int = msgpack.unpackb(scalars["contributed"]) if "contributed" in scalars else 0
        self.waiting: deque[Record] = deque()
        self.moved = now
        self.jumped = False

    @property
    def position(self) -> Position:
        """How far the engine has come."""
        return Position(self.engine.watermark, self.number)

    @property
    def waiting_bytes(self) -> int:
        """Bytes of the waiting records' keys and values."""
        return sum(len(record.key or b"") + len(record.value or b"") for record in self.waiting)

    def take(self) -> list[Record]:
        """Waiting records up to the next learning boundary.

        A model that is learnt from the contribution made there is adopted there, not wherever a poll happened to end:
        with one partition the whole run is decided by the log alone.
        """
        count = min(len(self.waiting), self.engine.until_boundary)
        return [self.waiting.popleft() for _ in range(count)]

    def tick(self, now: float, every: int | None) -> int | None:
        """The event time that the clock moves to when the partition is idle, if it is due.

        It moves by the time that has passed here, so that history which is loaded today stays in its own time.

        Parameters
        ----------
        now
            The worker's time (s).
        every
            Milliseconds between ticks; None: never.
        """
        idle = round((now - self.moved) * 1000)
        if every is None or idle < every or self.waiting or not self.engine.clock:
            return None
        return self.engine.clock + idle

    def stamp(self, delta: Delta) -> None:
        """Add what the worker remembers to a delta of the engine, which is written next or never."""
        delta.number = self.number
        delta.follows, self._stored = self._stored, self.position
        delta.scalars["merged"] = msgpack.packb(sorted(self.merged.items()))
        if "model" in delta.scalars:  # beside it, for readers who need not all of it
            delta.scalars["model-version"] = msgpack.packb(self.engine.model.version)
        if "contribution" in delta.scalars:
            every = self.engine.config.learning.every
            self.contributed = self.engine.entries // every * every
            delta.scalars["contributed"] = msgpack.packb(self.contributed)


def position_of(saved: Saved | None) -> Position:
    """How far a saved state has come."""
    return Position() if saved is None else Position(saved.watermark, saved.number)
