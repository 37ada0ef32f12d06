"""`topics migrate` and `state migrate` on the servers that the settings name."""

from __future__ import annotations

import logging
import os
import socket
from contextlib import closing
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from consumers.clock import Clock
from consumers.formats import migrate_state
from consumers.growth import plan
from consumers.kafka import KafkaReader, KafkaSource
from consumers.kafka_admin import KafkaAdmin
from consumers.regrown import Regrowth
from eddyline.connected import open_store
from eddyline.settings import Settings
from eddyline.snapshots import require_no_workers
from producers.kafka import KafkaTransactionalSink
from stream.durations import Span
from stream.errors import InputError
from stream.store.transplant import finish

log = logging.getLogger(__name__)


class Migration(NamedTuple):
    """What was done, or would be.

    Attributes
    ----------
    before, now
        Partitions of the state, before and after.
    records
        Of the old partitions, applied before anybody moved; in a dry run offsets that wait there.
    moves
        (from, to) -> customers that moved.
    dry
        Whether nothing was done.
    """

    before: int
    now: int
    records: int = 0
    moves: dict[tuple[int, int], int] = {}  # noqa: RUF012  (never written to)
    dry: bool = False

    def told(self) -> str:
        """In a sentence."""
        if self.before == self.now:
            return f"The state is of {self.now} partitions, as many as the topic has: nothing is left to do."
        customers = sum(self.moves.values())
        if self.dry:
            return (
                f"From {self.before} to {self.now} partitions: {self.records:,} records of the old ones would be "
                f"applied first, and {customers:,} customers would move."
            )
        return (
            f"The state is of {self.now} partitions now: {self.records:,} records of the {self.before} old ones were "
            f"applied first, and {customers:,} customers moved. Save snapshots now (`eddyline snapshot save`): earlier "
            "ones, and the log alone, do not lead across a growth."
        )

    def document(self) -> dict[str, Any]:
        """For JSON."""
        moves = [{"from": old, "to": new, "customers": count} for (old, new), count in self.moves.items()]
        return self._asdict() | {"moves": moves}


def migrate_topics(settings: Settings, partitions: int | None, settle: str, *, dry_run: bool) -> Migration:
    """See `consumers.growth` and `consumers.regrown`.

    Parameters
    ----------
    settings
        Of the deployment.
    partitions
        Grow the events topic to so many first; None: as it has.
    settle
        How long to wait after that, such as `5m`.
    dry_run
        Change nothing.

    Raises
    ------
    InputError
        When a worker runs, and for what `consumers.growth.plan` names.
    Mismatch
        See `consumers.growth.plan`.
    """
    try:
        wait: int = TypeAdapter(Span).validate_python(settle)
    except ValidationError:
        raise InputError(f"--settle {settle}: write a time such as 5m or 90s") from None
    topics = settings.topics
    if not dry_run:
        require_no_workers(settings)
    with closing(open_store(settings)) as store, closing(KafkaReader(settings.kafka)) as reader:
        count = reader.partitions(topics.events)
        if partitions is not None and partitions < count:
            raise InputError(f"topic {topics.events!r} has {count} partitions: Kafka can only give it more")
        now = partitions or count
        if not dry_run:
            if (finished := finish(store)) is not None:
                log.info("`%s` was interrupted and is finished now", finished.command)
            _grow(settings, count, now, wait)
    # Another reader: a client remembers how many partitions there were.
    with closing(open_store(settings)) as store, closing(KafkaReader(settings.kafka)) as reader:
        growth = plan(store, reader, topics, settings.deployment, now)
        if growth is None:
            return Migration(now, now, dry=dry_run)
        waiting = sum(growth.waiting.values())
        if dry_run:
            return Migration(growth.before, growth.now, waiting, growth.moves, dry=True)
        name = f"{settings.group}-{socket.gethostname()}-{os.getpid()}"
        regrowth = Regrowth(growth, settings.engine, topics, settings.deployment, reader, store)
        with (
            closing(KafkaSource(settings.kafka, settings.group)) as source,
            closing(KafkaTransactionalSink(settings.kafka, name)) as sink,
        ):
            records = regrowth.finish_old(source, sink, settings.worker)
        return Migration(growth.before, growth.now, records, regrowth.place())


def migrate_stored(settings: Settings) -> tuple[int, int]:
    """See `consumers.formats.migrate_state`; refused while a worker runs."""
    require_no_workers(settings)
    with closing(open_store(settings)) as store:
        return migrate_state(store, settings.engine, settings.deployment)


def _grow(settings: Settings, count: int, now: int, wait: int) -> None:
    """Give events what is asked for, and the journal as many."""
    topics = settings.topics
    with closing(KafkaAdmin(settings.kafka)) as admin:
        existing = admin.topics()
        if existing.get(topics.journal, now) < now:
            admin.grow(topics.journal, now)
        if count < now:
            admin.grow(topics.events, now)
            log.info("topic %r has %d partitions now; waiting for producers to notice", topics.events, now)
            Clock().sleep(wait / 1000)
