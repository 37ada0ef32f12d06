"""Writing a snapshot: sorted, compressed, and complete or not there at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import IO

import msgpack
import zstandard

from stream.errors import DataError
from stream.snapshot.header import (
    CHECKSUM,
    END,
    ITEMS,
    LISTS,
    MAGIC,
    OUTBOX,
    PROFILES,
    SCALARS,
    SEEN,
    VERSION,
    Header,
    StateHash,
)
from stream.snapshot.sorting import Pair, in_order
from stream.store.dump import Dump

_FRAME = 1024 * 1024  # bytes of a frame before it is compressed
_LEVEL = 3
_LONGEST = 10**15  # room in the header for each number that is known at the end only
_READ = 1024 * 1024


def write_snapshot(path: Path, header: Header, dump: Dump) -> Header:
    """Write a snapshot under a temporary name beside `path`, and rename it when it is on the disk.

    Parameters
    ----------
    path
        Of the file; its directory is made if it is missing.
    header
        Whose state it is; counts, hash and size are filled in.
    dump
        The state; its items, lists and profiles are read once, in any order.

    Returns
    -------
    Header
        As it was written.

    Raises
    ------
    DataError
        When the file cannot be written; nothing is left of it then.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w+b") as file:
            written = _write(file, header, dump)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise DataError(f"{path}: the snapshot cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            partial.unlink()
    return written


def _write(file: IO[bytes], header: Header, dump: Dump) -> Header:
    header = replace(header, watermark=dump.watermark, number=dump.number)
    length = len(replace(header, profiles=_LONGEST, items=_LONGEST, size=_LONGEST).pack())
    file.write(MAGIC + VERSION.to_bytes(2, "big") + length.to_bytes(4, "big") + header.pack(length))
    digest, counts = StateHash(dump.watermark, dump.number), {}
    sections: tuple[tuple[bytes, Iterable[Pair]], ...] = (
        (SCALARS, sorted(dump.scalars.items())),
        (SEEN, [("", dump.seen)]),
        (OUTBOX, [("", dump.outbox)]),
        (ITEMS, in_order(dump.items)),
        (LISTS, in_order(dump.lists)),
        (PROFILES, in_order(dump.profiles)),
    )
    compressor = zstandard.ZstdCompressor(level=_LEVEL)
    for section, pairs in sections:
        counts[section] = 0
        for some in _frames(pairs):
            for name, value in some:
                digest.add(section, name, value)
            counts[section] += len(some)
            packed = compressor.compress(msgpack.packb(some))
            file.write(section + len(packed).to_bytes(4, "big") + packed)
    file.write(END + bytes(4))
    header = replace(
        header,
        state_hash=digest.hex(),
        profiles=counts[PROFILES],
        items=counts[ITEMS],
        size=file.tell() + CHECKSUM,
    )
    file.seek(len(MAGIC) + 6)
    file.write(header.pack(length))
    file.write(_checksum(file))
    return header


def _frames(pairs: Iterable[Pair]) -> Iterator[list[Pair]]:
    some: list[Pair] = []
    size = 0
    for pair in pairs:
        some.append(pair)
        size += len(pair[0]) + len(pair[1])
        if size >= _FRAME:
            yield some
            some, size = [], 0
    if some:
        yield some


def _checksum(file: IO[bytes]) -> bytes:
    """Of the whole file; it is left at its end."""
    digest = blake2b(digest_size=CHECKSUM)
    file.seek(0)
    while piece := file.read(_READ):
        digest.update(piece)
    return digest.digest()


def _sync(directory: Path) -> None:
    """Have the new name on the disk too."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
