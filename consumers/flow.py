"""Back-pressure: what is read and not applied is bounded, in records and in bytes, whatever the topic holds."""

from __future__ import annotations

from collections.abc import Collection

from consumers.owned import Owned
from consumers.settings import WorkerSettings
from consumers.source import Source


class Flow:
    """Pauses partitions that have enough waiting, and resumes them when that is applied.

    A partition waits where it is cut at a learning boundary. It is paused while a whole batch of it waits, so that the
    others are read meanwhile; when the bytes of all reach `waiting_bytes`, all that have something waiting are paused.
    So at most a batch and one poll's records of a partition are held, and `waiting_bytes` and one poll's bytes of all:
    a poll brings no more than the client has fetched. What is paused is still polled, which keeps the membership.

    Parameters
    ----------
    source, settings
        What is read, and the bounds.
    """

    def __init__(self, source: Source, settings: WorkerSettings) -> None:
        self._source = source
        self._batch = settings.batch
        self._bytes = settings.waiting_bytes

    def hold(self, partitions: Collection[Owned]) -> None:
        """Pause what has enough, and resume the rest; before each poll."""
        full = sum(owned.waiting_bytes for owned in partitions) >= self._bytes
        held = {
            owned.partition for owned in partitions if len(owned.waiting) >= self._batch or (full and owned.waiting)
        }
        self._source.pause(held)
        self._source.resume({owned.partition for owned in partitions} - held)
