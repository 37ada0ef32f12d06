"""Settings of a worker: how it works, and nothing of what comes out, ticks aside."""

from __future__ import annotations

from pydantic import Field

from stream.durations import Duration, Span
from stream.section import Section


class WorkerSettings(Section):
    """How a worker works.

    >>> WorkerSettings(tick_every="1m").tick_every
    60000
    """

    batch: int = Field(5_000, gt=0, description="Most records of one poll")
    poll: Span = Field(200, description="Longest wait for records")
    tick_every: Duration | None = Field(
        10_000, description="The clock of an idle partition moves on this often; null: never, time ends with the log"
    )
    look_every: Span = Field(1_000, description="Other workers' models and contributions are looked for this often")
    rebuild: int = Field(20_000, gt=0, description="Records between two commits of a rebuild")
    patience: Duration = Field(60_000, description="A server that has not answered for this long ends the worker")
