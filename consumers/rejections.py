"""A limit on dead letters: where most records are no events, it is not the records that are wrong.

A producer or settings that were deployed wrongly would otherwise empty the topic into the dead letters, without a word.
The worker halts instead, before the batch is committed: nothing of it is stored or published, and it is there again
once the cause is mended. That is the worker's decision and no part of the fold: a replay knows nothing of it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from consumers.batch import Batch
from consumers.settings import WorkerSettings
from stream.errors import TooManyRejected
from stream.updates import EventRejected


class RejectionLimit:
    """Watches the share of dead letters among the latest records of a worker.

    Parameters
    ----------
    settings
        `max_rejected`, `rejected_of` and `rejected_least`.
    """

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._latest: deque[tuple[int, int]] = deque()  # (records, dead letters) of the latest commits
        self._records = 0  # in these

    def check(self, batches: Sequence[Batch]) -> None:
        """Look at what is about to be committed.

        Raises
        ------
        TooManyRejected
            Saying how many, why, and what to do.
        """
        limit, least = self._settings.max_rejected, self._settings.rejected_least
        if not limit:
            return
        letters = [update for batch in batches for update in batch.updates if isinstance(update, EventRejected)]
        if not letters:
            return
        records = sum(batch.records for batch in batches)
        seen, rejected = records, len(letters)
        for before, among in reversed(self._latest):
            if seen >= self._settings.rejected_of:
                break
            seen, rejected = seen + before, rejected + among
        if rejected < least or rejected < limit * seen:
            return
        code, often = Counter(letter.code for letter in letters).most_common(1)[0]
        example = next(letter for letter in letters if letter.code == code)
        raise TooManyRejected(
            f"{rejected:,} of the last {seen:,} records are no events, so the worker halts; nothing of the last "
            f"{records:,} was stored or published. Most often ({often:,} of {len(letters):,}): {code}. "
            f"{example.detail} An example is at offset {example.offset} of partition {example.partition} of "
            f"{example.topic!r}. Mend what writes them, or the settings in [events], and start again; "
            "`eddyline run --allow-rejected` goes on and lets them all become dead letters"
        )

    def note(self, batches: Sequence[Batch]) -> None:
        """Remember what was committed, for as long as it is among the last `rejected_of` records."""
        rejected = sum(isinstance(update, EventRejected) for batch in batches for update in batch.updates)
        self._latest.append((sum(batch.records for batch in batches), rejected))
        self._records += self._latest[-1][0]
        while self._records - self._latest[0][0] >= self._settings.rejected_of:
            self._records -= self._latest.popleft()[0]
