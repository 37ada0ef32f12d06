"""Reading a snapshot: in one pass, and nothing of it counts before its checksum and its state hash agree."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
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
    SECTIONS,
    SEEN,
    VERSION,
    Header,
    StateHash,
)
from stream.snapshot.sorting import Pair
from stream.store.dump import Dump

_MOST = 1024 * 1024 * 1024  # bytes of one frame: a damaged length must not take the memory
_START = len(MAGIC) + 6
_HEADER = 16 * 1024 * 1024


def read_header(path: Path) -> Header:
    """Whose state a file holds, without reading all of it.

    Raises
    ------
    DataError
        When it is no snapshot, of a later version, cut off, or its header is damaged.
    """
    with SnapshotReader(path) as reader:
        return reader.header


def verify(path: Path) -> Header:
    """Read all of a file: every length, the checksum, counts, and the state hash computed again.

    Raises
    ------
    DataError
        Saying what is wrong.
    """
    with SnapshotReader(path) as reader:
        for pairs in (dump := reader.dump()).items, dump.lists, dump.profiles:
            for _ in pairs:
                pass
        return reader.header


class SnapshotReader:
    """One snapshot, opened; a context manager.

    Raises
    ------
    DataError
        See `read_header`.

    Attributes
    ----------
    header
        What it holds.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: IO[bytes] = path.open("rb")
        except OSError as error:
            raise DataError(f"{path}: the snapshot cannot be read: {error.strerror}") from error
        self._digest = blake2b(digest_size=CHECKSUM)
        try:
            self.header = self._open()
        except BaseException:
            self._file.close()
            raise
        self._state = StateHash(self.header.watermark, self.header.number)
        self._counts = dict.fromkeys(SECTIONS, 0)
        self._section, self._last = b"", ""
        self._ahead: tuple[bytes, list[Pair]] | None = None

    def __enter__(self) -> SnapshotReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def dump(self) -> Dump:
        """The state. Items, then lists, then profiles, are read as they are asked for.

        Whoever takes the last profile has all of it and knows that it is right: that is when the checksum is compared.

        Raises
        ------
        DataError
            When the file is damaged; also while items, lists and profiles are read.
        """
        scalars = dict(self._pairs(SCALARS))
        (_, seen), (_, outbox) = self._one(SEEN), self._one(OUTBOX)
        header = self.header
        items, lists = self._pairs(ITEMS), self._pairs(LISTS)  # older files have no lists
        return Dump(header.watermark, header.number, scalars, seen, outbox, items, self._profiles(lists), lists)

    def _open(self) -> Header:
        start = self._file.read(_START)
        if not start.startswith(MAGIC):
            raise DataError(f"{self._path} is no snapshot of Eddyline")
        self._digest.update(start)
        version, length = int.from_bytes(start[8:10], "big"), int.from_bytes(start[10:], "big")
        if version != VERSION:
            raise DataError(
                f"{self._path} has version {version} of the layout, and this release reads version {VERSION}: restore "
                "it with the release of Eddyline that wrote it"
            )
        header = Header.parse(self._take(length) if length <= _HEADER else b"", str(self._path))
        size = self._path.stat().st_size
        if size != header.size:
            raise self._damaged(f"it has {size} bytes, and {header.size} were written")
        return header

    def _one(self, section: bytes) -> Pair:
        found = list(self._pairs(section))
        if len(found) != 1:
            raise self._damaged("a section is missing")
        return found[0]

    def _profiles(self, before: Iterator[Pair]) -> Iterator[Pair]:
        for _ in before:  # whoever has no use for lists need not read them
            pass
        yield from self._pairs(PROFILES)
        section, some = self._next()
        if section != END or some:
            raise self._damaged("sections are out of order")
        computed = self._digest.digest()
        if self._file.read() != computed:
            raise self._damaged("its checksum is another")
        header = self.header
        found = (self._state.hex(), self._counts[PROFILES], self._counts[ITEMS])
        if found != (header.state_hash, header.profiles, header.items):
            raise self._damaged("the state in it is not what its header says")

    def _pairs(self, section: bytes) -> Iterator[Pair]:
        while True:
            found, some = self._next()
            if found != section:
                self._ahead = (found, some)
                return
            for name, value in some:
                if found == self._section and name <= self._last:
                    raise self._damaged("it is not in order")
                self._section, self._last = found, name
                self._state.add(section, name, value)
                self._counts[section] += 1
                yield name, value

    def _next(self) -> tuple[bytes, list[Pair]]:
        """The next frame."""
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            return ahead
        start = self._take(5)
        section, length = start[:1], int.from_bytes(start[1:], "big")
        if section == END and length == 0:
            return section, []
        if section not in SECTIONS or length > _MOST:
            raise self._damaged("a frame is none")
        packed = self._take(length)
        try:
            if zstandard.frame_content_size(packed) > _MOST:
                raise ValueError
            plain = zstandard.ZstdDecompressor().decompress(packed, max_output_size=_MOST)
            some = [(str(name), bytes(value)) for name, value in msgpack.unpackb(plain)]
        except (zstandard.ZstdError, ValueError, TypeError, msgpack.UnpackException, MemoryError):
            raise self._damaged("a frame cannot be read") from None
        return section, some

    def _take(self, count: int) -> bytes:
        taken = self._file.read(count)
        if len(taken) != count:
            raise self._damaged("it is cut off")
        self._digest.update(taken)
        return taken

    def _damaged(self, what: str) -> DataError:
        return DataError(f"{self._path} is damaged: {what}; take another copy of this snapshot")
