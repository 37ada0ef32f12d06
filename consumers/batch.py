"""One step of one partition: decide, fold, and gather all that has to be written."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import NamedTuple

from consumers import journal, models
from consumers.journal import JournalEntry
from consumers.outbox import Outbox
from consumers.owned import Owned
from producers.encode import encode
from producers.topics import Topics
from stream.durations import DAY
from stream.entries import Entry, Event, ModelAdopted, Tick
from stream.evaluate.measure import metrics
from stream.events import decode
from stream.model import Model
from stream.records import Outgoing
from stream.segments.revision import revision
from stream.store.base import Delta
from stream.updates import EventRejected, Update, to_iso

log = logging.getLogger(__name__)

_JUMP = 30 * DAY


class Adoption(NamedTuple):
    """A model to adopt, and in partition 0 the contributions (partition -> entries) that are in it."""

    model: Model
    merged: dict[int, int]


class Batch(NamedTuple):
    """What one step of a partition changed, and what it publishes.

    Of its `records`, `duplicates` changed nothing; `newest` is the timestamp (ms) of the last one. `letters` are the
    dead letters among its updates.
    """

    owned: Owned
    records: int
    duplicates: int
    newest: int | None
    updates: list[Update]
    letters: list[EventRejected]
    delta: Delta
    outbox: Outbox


def fold(owned: Owned, topics: Topics, adoption: Adoption | None = None, tick: int | None = None) -> Batch:
    """Apply decisions, then waiting records, to a partition's engine.

    Parameters
    ----------
    owned
        The partition; its waiting records are taken up to the next learning boundary.
    topics
        Names of the topics.
    adoption
        A model to adopt first.
    tick
        Event time (ms) to move the clock to.

    Returns
    -------
    Batch
        To be stored, then published.
    """
    engine, partition, start = owned.engine, owned.partition, owned.position
    entries: list[Entry] = []
    records: list[Outgoing] = []
    if adoption is not None:
        model, owned.merged = adoption
        owned.number += 1
        merged = tuple(sorted(adoption.merged.items()))
        decision = JournalEntry(owned.number, start.offset, "adopt", 0, model.version, model.digest, merged)
        records.append(journal.encode(decision, partition, topics))
        entries.append(ModelAdopted(model))
        if partition == 0:  # its owner made the model: published once, because it is adopted there once
            records += models.encode(model, topics)
            if model.segments is not None:
                records.append(encode(revision(model, engine.model), topics))
            if (measured := metrics(model)) is not None:
                records.append(encode(measured, topics))
    if tick is not None:
        owned.number += 1
        records.append(journal.encode(JournalEntry(owned.number, start.offset, "tick", tick), partition, topics))
        entries.append(Tick(tick))
    taken, limits = owned.take(), engine.config.events
    entries += [decode(record, limits) for record in taken]
    before, known = engine.clock, engine.tally.counts["duplicate"]
    updates, delta = engine.apply(entries)
    if before and not owned.jumped and engine.clock - before > _JUMP:
        _warn_of_jump(owned, before, entries)
    records += [encode(update, topics) for update in updates]
    owned.stamp(delta)
    newest = taken[-1].timestamp if taken else None
    duplicates = engine.tally.counts["duplicate"] - known
    letters = [update for update in updates if type(update) is EventRejected]
    return Batch(owned, len(taken), duplicates, newest, updates, letters, delta, Outbox(start, owned.position, records))


def _warn_of_jump(owned: Owned, clock: int, entries: Iterable[Entry]) -> None:
    """Say once that a single event has moved the clock far: customers who act at the old time now seem long gone."""
    for entry in entries:
        if not isinstance(entry, Event):
            continue
        if entry.time - clock > _JUMP:
            owned.jumped = True
            log.warning(
                "partition %d: the event at offset %d moves the clock from %s to %s; event time is the only clock, so "
                "all other customers of the partition have been silent for that long now",
                owned.partition,
                entry.position,
                to_iso(clock),
                to_iso(entry.time),
            )
            return
        clock = max(clock, entry.time)
