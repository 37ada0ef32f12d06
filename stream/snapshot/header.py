"""What stands at the beginning of a snapshot: whose state it is, and of which position."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import blake2b
from typing import Any

import msgpack

from stream.errors import DataError

MAGIC = b"EDDYSNAP"
VERSION = 1
SECTIONS = (SCALARS, SEEN, OUTBOX, ITEMS, LISTS, PROFILES) = (b"s", b"m", b"o", b"i", b"l", b"p")
END = b"."
CHECKSUM = 32
"""Bytes of the checksum at the end of a file."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a snapshot holds.

    Attributes
    ----------
    format
        Of the state (`stream.model.FORMAT`); older ones are migrated when they are restored.
    deployment, topic, partition, partitions
        Whose state it is; `partitions` is how many the topic had.
    watermark, number
        The position: next offset to apply, and journal records applied.
    settings
        Digests of the settings that the state is made of, as the store has recorded them.
    created
        When it was saved, ISO-8601, UTC.
    state_hash
        Of the contents, 32 hexadecimal digits.
    profiles, items
        How many there are.
    size
        Of the whole file, in bytes.
    """

    format: int
    deployment: str
    topic: str
    partition: int
    partitions: int
    watermark: int
    number: int
    settings: Mapping[str, Any]
    created: str
    state_hash: str = "0" * 32
    profiles: int = 0
    items: int = 0
    size: int = 0

    def pack(self, length: int = 0) -> bytes:
        """As JSON, filled up with spaces to `length` bytes."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False).encode().ljust(length)

    @classmethod
    def parse(cls, packed: bytes, where: str) -> Header:
        """Reverse of `pack`.

        Raises
        ------
        DataError
            When it is not a header; the message begins with `where`.
        """
        try:
            values = json.loads(packed)
            header = cls(**{field.name: values[field.name] for field in fields(cls)})
        except (ValueError, KeyError, TypeError):
            raise DataError(f"{where}: the header is damaged; take another copy of this snapshot") from None
        return header


class StateHash:
    """Hash of a partition's contents, pair by pair; see `stream.snapshot`.

    >>> StateHash(0, 0).hex() == StateHash(0, 1).hex()
    False
    """

    def __init__(self, watermark: int, number: int) -> None:
        self._digest = blake2b(msgpack.packb((watermark, number)), digest_size=16)

    def add(self, section: bytes, name: str, value: bytes) -> None:
        """Take a pair in; the order counts."""
        if section not in (OUTBOX, LISTS):
            self._digest.update(msgpack.packb((section, name, value)))

    def hex(self) -> str:
        """32 hexadecimal digits."""
        return self._digest.hexdigest()
