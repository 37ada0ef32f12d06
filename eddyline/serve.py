"""A worker on real servers, until it is told to stop."""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Callable
from contextlib import closing, nullcontext
from types import FrameType
from typing import Any

from consumers.clock import Clock
from consumers.endpoint import Endpoint
from consumers.kafka import KafkaReader, KafkaSource
from consumers.worker import Worker
from consumers.writers import open_writer
from eddyline.connected import open_store
from eddyline.settings import Settings

log = logging.getLogger(__name__)


def run_worker(
    settings: Settings,
    *,
    until_end: bool = False,
    clock: Clock | None = None,
    probe: Callable[[str], None] = lambda point: None,
) -> dict[str, Any]:
    """Run a worker until SIGTERM or Ctrl-C; both let it finish its batch, commit and leave the group.

    Parameters
    ----------
    settings
        Of the deployment.
    until_end
        Leave when all that is in the topic has been processed.
    clock, probe
        See `Worker`: how a test lets time jump, and ends the process at a named point.

    Returns
    -------
    dict
        What it has done: counts by name.

    Raises
    ------
    KeyboardInterrupt
        After a clean end, when Ctrl-C asked for it.
    """
    # Unless it was given one, a name that lives as long as this process: a restarted worker must not fence one that
    # still runs elsewhere.
    name = settings.kafka.group_instance_id or f"{socket.gethostname()}-{os.getpid()}"
    outputs = settings.topics.written
    with (
        closing(open_store(settings)) as store,
        closing(KafkaReader(settings.kafka)) as reader,
        closing(KafkaSource(settings.kafka, settings.group, name, outputs)) as source,
        closing(open_writer(settings.kafka, settings.group, name, outputs)) as sink,
    ):
        worker = Worker(
            settings.engine,
            settings.topics,
            source,
            sink,
            reader,
            store,
            clock=clock,
            settings=settings.worker,
            deployment=settings.deployment,
            probe=probe,
        )
        asked: list[int] = []

        def stop(number: int, frame: FrameType | None) -> None:
            asked.append(number)
            worker.stop()

        log.info("reading topic %r as group %r, until SIGTERM or Ctrl-C", settings.topics.events, settings.group)
        http = settings.worker.http
        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            with nullcontext() if http is None else Endpoint(worker.monitor, http):
                if until_end:
                    worker.drain()
                    worker.close()
                else:
                    worker.run()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    log.info("left the group after %d records", worker.totals["records"])
    if signal.SIGINT in asked:
        raise KeyboardInterrupt
    return {"records": 0} | dict(worker.totals)
