"""Models on their topic: written in parts that any broker takes, read back by version."""

from __future__ import annotations

from consumers.source import LogReader
from producers.topics import Topics
from stream.errors import Mismatch
from stream.model import Model
from stream.records import Outgoing, TopicPartition

_PART = 512 * 1024  # a broker takes 1 MiB unless it is told otherwise


def encode(model: Model, topics: Topics) -> list[Outgoing]:
    """A model's records: key is the version; the header `part` says `1/3`, `2/3`, …

    All are sent in one transaction, so that a reader sees all of a model or nothing.
    """
    packed = model.packed
    parts = [packed[start : start + _PART] for start in range(0, len(packed), _PART)]
    return [
        Outgoing(
            topics.models,
            str(model.version).encode(),
            part,
            (("part", f"{place}/{len(parts)}".encode()), ("digest", model.digest.encode())),
            partition=0,
        )
        for place, part in enumerate(parts, 1)
    ]


class ModelLog:
    """Finds published models by version. Cheap when versions are asked for in rising order, as a replay does."""

    def __init__(self, reader: LogReader, topics: Topics) -> None:
        self._reader = reader
        self._at = TopicPartition(topics.models, 0)
        self._next = 0  # offset to read on from, after the model that was found last
        self._last = Model()

    def __call__(self, version: int, digest: str) -> Model:
        """The model that was published as `version`.

        Raises
        ------
        Mismatch
            When it is not in the topic, or is not the model with this digest.
        """
        if self._last.version > version:
            self._next = 0
        if self._last.version != version:
            self._find(version)
        if self._last.version != version or self._last.digest != digest:
            raise Mismatch(
                f"Model {version} with digest {digest} is in the journal, and not in topic {self._at.topic!r}: the "
                "topic's retention must be unlimited. Start a new deployment with topics of its own."
            )
        return self._last

    def _find(self, version: int) -> None:
        first, end = self._reader.bounds(self._at)
        parts: list[bytes] = []
        for record in self._reader.read(self._at, max(first, self._next), end):
            if int(record.key or 0) != version:
                continue
            place, _, count = dict(record.headers)["part"].decode().partition("/")
            parts.append(record.value or b"")
            if place == count:
                self._last = Model.unpack(b"".join(parts))
                self._next = record.offset + 1
                return
