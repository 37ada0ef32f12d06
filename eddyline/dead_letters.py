"""Dead letters on real servers: found, shown, and retried."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing

from consumers.kafka import KafkaReader
from consumers.letters import Letter, bodies, letters
from consumers.retry import Retried, divide, retry
from eddyline.settings import Settings
from producers.kafka import KafkaTransactionalSink
from stream.errors import InputError


class Query:
    """Which letters are meant: the named ones (PARTITION:OFFSET), or all that fit.

    Parameters
    ----------
    names
        Named ones; none: any.
    reason
        Code of the reason.
    since
        Rejected then or later (ms since 1970).

    Raises
    ------
    InputError
        When a name is none.
    """

    def __init__(self, names: Sequence[str] = (), reason: str | None = None, since: int | None = None) -> None:
        self._names = {_parsed(name) for name in names}
        self._reason = reason
        self._since = since

    def find(self, settings: Settings) -> list[Letter]:
        """What fits, the newest first.

        Raises
        ------
        InputError
            When a named letter is not there.
        """
        with closing(KafkaReader(settings.kafka)) as reader:
            return self._find(reader, settings)

    def retry(self, settings: Settings, advance: Callable[[int], None]) -> Retried:
        """Retry what fits; see `consumers.retry`."""
        with (
            closing(KafkaTransactionalSink(settings.kafka, f"{settings.group}-dead-letters")) as sink,
            closing(KafkaReader(settings.kafka)) as reader,
        ):
            chosen, outcome = divide(self._find(reader, settings))
            retry(chosen, settings.topics, reader, sink, advance)
        return outcome

    def _find(self, reader: KafkaReader, settings: Settings) -> list[Letter]:
        topics = settings.topics
        found = [
            letter
            for partition in range(reader.partitions(topics.dead_letters))
            for letter in letters(reader, topics, partition)
            if self._fits(letter)
        ]
        missing = self._names - {(letter.partition, letter.offset) for letter in found}
        if missing:
            partition, offset = min(missing)
            raise InputError(
                f"there is no dead letter {partition}:{offset}, or it does not fit the other options; "
                "`eddyline dead-letters list` shows what there is"
            )
        return sorted(found, key=lambda one: (one.rejected, one.partition, one.offset), reverse=True)

    def _fits(self, letter: Letter) -> bool:
        return (
            (not self._names or (letter.partition, letter.offset) in self._names)
            and self._reason in (None, letter.code)
            and (self._since is None or letter.rejected >= self._since)
        )


def body(settings: Settings, letter: Letter) -> bytes | None:
    """The original bytes."""
    with closing(KafkaReader(settings.kafka)) as reader:
        (record,) = bodies(reader, settings.topics, letter.partition, {letter.offset})
    return record.value


def _parsed(name: str) -> tuple[int, int]:
    partition, _, offset = name.partition(":")
    if not (partition.isdigit() and offset.isdigit()):
        raise InputError(f"{name!r} is no dead letter: write PARTITION:OFFSET, as `eddyline dead-letters list` does")
    return int(partition), int(offset)
