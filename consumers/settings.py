"""Settings of a worker: how it works, and nothing of what comes out, ticks aside."""

from __future__ import annotations

from pydantic import Field, field_validator

from stream.durations import Duration, Span
from stream.section import Section


class WorkerSettings(Section):
    """How a worker works.

    >>> WorkerSettings(tick_every="1m").tick_every
    60000
    """

    batch: int = Field(5_000, gt=0, description="Most records of one poll")
    waiting_bytes: int = Field(
        32 * 1024 * 1024, gt=0, description="Reading pauses when so many bytes of events are read and not applied"
    )
    poll: Span = Field(200, description="Longest wait for records")
    tick_every: Duration | None = Field(
        10_000, description="The clock of an idle partition moves on this often; null: never, time ends with the log"
    )
    look_every: Span = Field(1_000, description="Other workers' models and contributions are looked for this often")
    cache_every: Span = Field(
        250, description="Changed items wait at most this long for the cache, as long as cache_items are enough"
    )
    cache_items: int = Field(
        250, gt=0, description="Items of the cache brought up to date at once, those first that have waited longest"
    )
    rebuild: int = Field(20_000, gt=0, description="Records between two commits of a rebuild")
    patience: Duration = Field(60_000, description="A server that has not answered for this long ends the worker")
    max_rejected: float = Field(
        0.5, ge=0, le=1, description="The worker halts when this share of the latest records are no events; 0: never"
    )
    rejected_of: int = Field(1_000, gt=0, description="How many of the latest records max_rejected is a share of")
    rejected_least: int = Field(100, gt=0, description="With fewer dead letters among them the worker goes on")
    http: str | None = Field(
        None, description="host:port for /health/live, /health/ready and /metrics; without it there is none"
    )
    stuck_after: Duration = Field(
        120_000, description="A loop that has not moved on for this long is no longer live; /health/live says so"
    )

    @field_validator("http")
    @classmethod
    def _address(cls, http: str | None) -> str | None:
        port = (http or ":0").rpartition(":")[2]
        if not port.isdigit() or int(port) > 65_535:
            raise ValueError("write host:port, such as 127.0.0.1:9464")
        return http
