"""Sorting more than the memory holds: sorted runs on disk, then merged."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import IO

import msgpack

Pair = tuple[str, bytes]
RUN = 64 * 1024 * 1024
"""Bytes of one run, which is sorted in memory."""


def in_order(pairs: Iterable[Pair], run: int = RUN) -> Iterator[Pair]:
    """Pairs by name; one that comes twice is given once, as a scan of a Redis hash may repeat.

    Parameters
    ----------
    pairs
        Names and values, in any order.
    run
        Bytes that are held in memory; what is more is written to temporary files.

    Examples
    --------
    >>> list(in_order([("bob", b"2"), ("ann", b"1"), ("bob", b"2")], run=1))
    [('ann', b'1'), ('bob', b'2')]
    """
    with ExitStack() as files:
        runs: list[IO[bytes]] = []
        held: list[Pair] = []
        size = 0
        for pair in pairs:
            held.append(pair)
            size += len(pair[0]) + len(pair[1])
            if size >= run:
                runs.append(files.enter_context(tempfile.TemporaryFile()))
                _write(held, runs[-1])
                held, size = [], 0
        held.sort()
        before = None
        for pair in heapq.merge(held, *(_read(one) for one in runs)):
            if pair[0] != before:
                yield pair
            before = pair[0]


def _write(held: list[Pair], file: IO[bytes]) -> None:
    held.sort()
    for pair in held:
        file.write(msgpack.packb(pair))
    file.seek(0)


def _read(file: IO[bytes]) -> Iterator[Pair]:
    yield from map(tuple, msgpack.Unpacker(file, max_buffer_size=2**31 - 1, read_size=256 * 1024))
