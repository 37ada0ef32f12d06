"""What operators ask for, on its topic; the worker that learns the models follows it."""

from __future__ import annotations

import logging
from dataclasses import replace

from consumers.source import LogReader
from producers.topics import Topics
from stream.commands import Wishes, decode_command
from stream.errors import InputError
from stream.records import TopicPartition

log = logging.getLogger(__name__)


class CommandLog:
    """Reads commands from where a model has followed them."""

    def __init__(self, reader: LogReader, topics: Topics) -> None:
        self._reader = reader
        self._at = TopicPartition(topics.commands, 0)

    def end(self) -> int:
        """Offset of the next command."""
        return self._reader.bounds(self._at)[1]

    def follow(self, wishes: Wishes) -> Wishes:
        """With all commands that have come since; what is no command is left out, and said."""
        first, end = self._reader.bounds(self._at)
        asked: list[str] = []
        for record in self._reader.read(self._at, max(first, wishes.read), end):
            try:
                command = decode_command(record.value)
            except InputError as error:
                log.warning("the record at offset %d of %r is left out: %s", record.offset, self._at.topic, error)
                continue
            wishes = wishes.after(command)
            asked.append(command.sentence)
            log.info("an operator asked: %s", command.sentence)
        return replace(wishes, read=end, asked=tuple(asked))
