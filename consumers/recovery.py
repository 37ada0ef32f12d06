"""Taking over a partition: state and log are brought to the same position, whatever died before.

======================  =====================================  ================================================
state, compared with    what happened                          what is done
what the log has
======================  =====================================  ================================================
the same                a clean end, or the first start        go on
a batch further         died between store and log             publish the outbox with its offset, in one
                                                               transaction
behind                  the store lost writes                  reapply events and journal, publishing nothing
nothing stored          the store was wiped                    the same from the first event
anything else           offsets or topics were changed         refuse: nothing is guessed
======================  =====================================  ================================================

Positions are pairs (`consumers.position`), so that a batch of ticks counts as well as one of events. The epoch is
raised before anything is read: from then on an earlier owner can store nothing, and its group generation is over, so
that it can publish nothing either.
"""

from __future__ import annotations

import logging
from itertools import islice
from typing import Any

from consumers.commit import publish
from consumers.damage import open_partition
from consumers.journal import Journal, JournalEntry, interleave
from consumers.models import ModelLog
from consumers.outbox import Outbox
from consumers.owned import Owned, position_of
from consumers.position import Position
from consumers.probe import Probe
from consumers.source import LogReader, Source
from producers.sink import TransactionalSink
from producers.topics import Topics
from stream.config import EngineConfig
from stream.damage import readable
from stream.entries import Entry
from stream.errors import Aborted, Damaged, Mismatch
from stream.events import decode
from stream.records import TopicPartition
from stream.store.base import Saved, StateStore, StoredProfiles

log = logging.getLogger(__name__)

_CHUNK_BYTES = 32 * 1024 * 1024  # of records between two commits while reapplying, where that is fewer of them


class Recovery:
    """Brings partitions to where their log is.

    Parameters
    ----------
    config, topics
        Engine settings and names of the topics.
    source, sink, reader, store
        The servers.
    chunk
        Records between two commits while reapplying.
    probe
        See `consumers.probe`.
    """

    def __init__(
        self,
        config: EngineConfig,
        topics: Topics,
        source: Source,
        sink: TransactionalSink,
        reader: LogReader,
        store: StateStore,
        chunk: int,
        probe: Probe,
    ) -> None:
        self._config = config
        self._topics = topics
        self._source = source
        self._sink = sink
        self._reader = reader
        self._store = store
        self._chunk = chunk
        self._probe = probe
        self._models = ModelLog(reader, topics)

    def recover(self, partition: int, epoch: int, group: Any, now: float) -> tuple[Owned, str]:
        """Load a partition and bring state and log together.

        Parameters
        ----------
        partition, epoch
            The partition, and the epoch that `StateStore.acquire` gave.
        group
            From `Source.group_metadata`.
        now
            The worker's time.

        Returns
        -------
        owned, outcome
            The partition, and in words what had to be done.

        Raises
        ------
        Mismatch
            When state, log and group's offset cannot come from the same run.
        Damaged
            When what is stored cannot be read.
        Fenced, Aborted, Unreachable
            As in `consumers.commit.commit`.
        """
        try:
            return self._recover(partition, epoch, group, now)
        except (Mismatch, Damaged) as error:
            if self._store.epoch(partition) != epoch:  # what was read is of two moments
                raise Aborted(
                    f"Partition {partition} was taken over, or the store emptied, while it was read"
                ) from error
            raise

    def _recover(self, partition: int, epoch: int, group: Any, now: float) -> tuple[Owned, str]:
        saved = self._store.load(partition)
        if saved is None:
            self._store.wipe(partition)
        state = position_of(saved)
        published = self._published(partition)
        self._probe("loaded")
        end = self._reader.bounds(TopicPartition(self._topics.events, partition))[1]
        if max(state.offset, published.offset) > end:
            raise Mismatch(
                f"Partition {partition}: the store is at {state} and the group at {published}, and the topic ends at "
                f"offset {end}. The topic was made anew, or the group's offset was changed. Start a new deployment, "
                "with a group, topics and a store of its own."
            )
        outcome = "nothing had to be done" if saved is not None else "it begins with the first event"
        if saved is not None and state != published and self._publish(partition, state, published, group):
            published, outcome = state, "the last batch of the owner before has been published"
        owned = open_partition(partition, epoch, self._config, saved, StoredProfiles(self._store, partition), now)
        if state.behind(published):
            self._reapply(owned, published, saved)
            lost = "the store had lost writes" if saved is not None else "nothing was stored"
            outcome = f"{lost}, and events from offset {state.offset} on were applied again"
        elif state != published:
            raise Mismatch(
                f"Partition {partition}: the store is at {state}, and the log is at {published}. The group's offset or "
                f"a topic was changed. Set the group's offset to {state.offset}, or empty the store to rebuild it."
            )
        return owned, outcome

    def _published(self, partition: int) -> Position:
        """Where the log is. An offset that somebody else has set has no note; then the journal tells the number."""
        offset, note = self._source.committed(partition) or 0, self._source.note(partition)
        number = int(note) if note.isdigit() else Journal(self._reader, partition, self._topics).length()
        return Position(offset, number)

    def _publish(self, partition: int, state: Position, published: Position, group: Any) -> bool:
        """Publish the last batch if it is what the log lacks; whether it was."""
        packed = self._store.outbox(partition)
        if not packed:
            return False
        with readable(f"Partition {partition}: the outbox of the last batch"):
            outbox = Outbox.unpack(packed)
        if outbox.end != state or outbox.start != published:
            return False
        log.info("partition %d: publishing the last batch of the owner before, up to %s", partition, state)
        publish({partition: outbox}, self._sink, group, self._topics, self._probe)
        self._probe("published")
        return True

    def _reapply(self, owned: Owned, until: Position, saved: Saved | None) -> None:
        """Apply what the log has and the state has not, as it was applied before; nothing is published."""
        partition, engine = owned.partition, owned.engine
        at = TopicPartition(self._topics.events, partition)
        first, start = self._reader.bounds(at)[0], engine.watermark
        why = "the store lost writes" if saved is not None else "nothing is stored"
        log.info("partition %d: %s; reapplying from offset %d to %s", partition, why, start, until)
        if first > start:
            log.warning("partition %d: events before offset %d are no longer in the log", partition, first)
        journal = Journal(self._reader, partition, self._topics).between(owned.number, until.number)
        done = False
        while not done:
            records, size = [], 0
            for record in islice(self._reader.read(at, start, until.offset), self._chunk):
                records.append(record)
                size += len(record.value or b"")
                if size >= _CHUNK_BYTES:
                    break
            done = len(records) < self._chunk and size < _CHUNK_BYTES
            start = until.offset if done else records[-1].offset + 1
            split = len(journal) if done else sum(entry.position < start for entry in journal)
            entries: list[Entry] = []
            for item in interleave((decode(record, self._config.events) for record in records), journal[:split]):
                if isinstance(item, JournalEntry):
                    owned.number = item.number
                    if item.kind == "adopt":
                        owned.merged = dict(item.merged)
                    entries.append(item.entry(self._models))
                else:
                    entries.append(item)
            journal = journal[split:]
            _, delta = engine.apply(entries)
            engine.watermark = delta.watermark = start
            owned.stamp(delta)
            self._store.commit(partition, owned.epoch, delta, Outbox(owned.position, owned.position).pack())
            self._probe("reapplied")
            log.info("partition %d: reapplied up to offset %d of %d", partition, start, until.offset)
