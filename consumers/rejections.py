"""A limit on dead letters: where most records are no events, it is not the records that are wrong.

A producer or settings that were deployed wrongly would otherwise empty the topic into the dead letters, without a word.
The worker halts instead, before the batch is committed: nothing of it is stored or published, and it is there again
once the cause is mended. That is the worker's decision and no part of the fold: a replay knows nothing of it.

A supervisor may start it again at once, and it would let a few through each time. So the partitions that it halted for
are noted in the store: their next batch alone is judged, however small, and the note goes when one is committed.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from consumers.batch import Batch
from consumers.settings import WorkerSettings
from stream.errors import TooManyRejected
from stream.store.base import StateStore
from stream.updates import EventRejected


class RejectionLimit:
    """Watches the share of dead letters among the latest records of a worker.

    Parameters
    ----------
    settings
        `max_rejected`, `rejected_of` and `rejected_least`.
    store
        Where it is noted that a worker has halted.
    """

    def __init__(self, settings: WorkerSettings, store: StateStore) -> None:
        self._settings = settings
        self._store = store
        self._latest: deque[tuple[int, int]] = deque()  # (records, dead letters) of the latest commits
        self._records = 0  # in these
        self._halted: set[int] = set()  # own partitions for which a worker has halted

    def taken(self, partition: int) -> None:
        """Look whether a worker has halted for a partition that is taken over."""
        self._halted.discard(partition)
        if self._store.shared(_note(partition)):
            self._halted.add(partition)

    def check(self, batches: Sequence[Batch]) -> None:
        """Look at what is about to be committed.

        Raises
        ------
        TooManyRejected
            Saying how many, why, and what to do.
        """
        limit, least = self._settings.max_rejected, self._settings.rejected_least
        letters = {batch.owned.partition: batch.letters for batch in batches}
        rejected = sum(map(len, letters.values()))
        if not limit or not rejected:
            return
        seen = records = sum(batch.records for batch in batches)
        for before, among in reversed(self._latest):
            if seen >= self._settings.rejected_of:
                break
            seen, rejected = seen + before, rejected + among
        again = [
            batch
            for batch in batches
            if batch.owned.partition in self._halted
            and (count := len(letters[batch.owned.partition]))
            and count >= limit * batch.records
        ]
        if again:
            seen = records = sum(batch.records for batch in again)
            letters = {batch.owned.partition: letters[batch.owned.partition] for batch in again}
            rejected = sum(map(len, letters.values()))
        elif rejected < least or rejected < limit * seen:
            return
        for partition, some in letters.items():
            if some:
                self._store.put_shared(_note(partition), b"halted")
        raise TooManyRejected(_said(rejected, seen, records, [one for some in letters.values() for one in some]))

    def note(self, batches: Sequence[Batch]) -> None:
        """Remember what was committed, for as long as it is among the last `rejected_of` records."""
        records = sum(batch.records for batch in batches)
        if not records:
            return
        self._latest.append((records, sum(len(batch.letters) for batch in batches)))
        self._records += records
        while self._records - self._latest[0][0] >= self._settings.rejected_of:
            self._records -= self._latest.popleft()[0]
        for batch in batches:
            if batch.records and batch.owned.partition in self._halted:
                self._halted.discard(batch.owned.partition)
                self._store.put_shared(_note(batch.owned.partition), b"")


def _said(rejected: int, seen: int, records: int, letters: Sequence[EventRejected]) -> str:
    code, often = Counter(letter.code for letter in letters).most_common(1)[0]
    example = next(letter for letter in letters if letter.code == code)
    return (
        f"{rejected:,} of the last {seen:,} records are no events, so the worker halts; nothing of the last "
        f"{records:,} was stored or published. Most often ({often:,} of {len(letters):,}): {code}. {example.detail} "
        f"An example is at offset {example.offset} of partition {example.partition} of {example.topic!r}. Mend what "
        "writes them, or the settings in [events], and start again; `eddyline run --allow-rejected` goes on and lets "
        "them all become dead letters"
    )


def _note(partition: int) -> str:
    return f"halted:{partition}"
