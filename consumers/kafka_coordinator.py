"""Asking the coordinator of a group, which a broker that has just started does not have yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import kafka.errors as errors

from producers.kafka_client import KafkaSettings, translated

_PAUSE = 0.1
_COMING = (errors.CoordinatorNotAvailableError, errors.CoordinatorLoadInProgressError, errors.NotCoordinatorError)

T = TypeVar("T")


def coordinated(settings: KafkaSettings, ask: Callable[[], T]) -> T:
    """What `ask` answers; it is asked again, for `settings.timeout` at most, while a coordinator is on its way."""
    deadline = time.monotonic() + settings.timeout / 1000
    with translated(settings):
        while True:
            try:
                return ask()
            except _COMING:
                if time.monotonic() > deadline:
                    raise
            time.sleep(_PAUSE)
