"""Commands as Redis reads them (RESP), packed faster than by the client: a commit has thousands of values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TypeVar

Value = bytes | str | int
Command = tuple[Value, ...]
T = TypeVar("T")

PAIRS = 5_000
"""Fields of one HSET or HSCAN: some megabytes at most, so that no single call holds the server long."""


PIECE = 65_536
"""Bytes to send at once: the allocator gives small pieces out again, while large ones of all sizes leave gaps."""


def pack(commands: Iterable[Command], piece: int = PIECE) -> Iterator[bytes]:
    r"""All commands, in pieces to be sent one after the other.

    Texts are sent as UTF-8, integers in decimal.

    Parameters
    ----------
    commands
        Read as the pieces are.
    piece
        A piece ends with the value that fills so many bytes.

    >>> list(pack([("SET", "k", b"v"), ("INCR", "n")]))
    [b'*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n']
    >>> list(pack([("INCR", "n")], piece=4))
    [b'*2\r\n$4\r\nINCR\r\n', b'$1\r\nn\r\n']
    """
    parts: list[bytes] = []
    size = 0
    for command in commands:
        parts.append(b"*%d\r\n" % len(command))
        for value in command:
            if type(value) is not bytes:
                value = str(value).encode()
            parts.append(b"$%d\r\n%b\r\n" % (len(value), value))
            size += len(value)
            if size >= piece:
                yield b"".join(parts)
                parts.clear()
                size = 0
    if parts:
        yield b"".join(parts)


def hash_writes(key: str, changes: Mapping[str, bytes | None]) -> Iterator[Command]:
    """Commands that write changes into a hash; None deletes a field."""
    kept = [(name, value) for name, value in changes.items() if value is not None]
    for some in chunks(kept, PAIRS):
        yield "HSET", key, *(part for pair in some for part in pair)
    for names in chunks((name for name, value in changes.items() if value is None), PAIRS):
        yield "HDEL", key, *names


def index_writes(key: str, ranks: Mapping[str, int | None]) -> Iterator[Command]:
    """Commands that write changes into a sorted set; None takes a member out."""
    kept = [(name, rank) for name, rank in ranks.items() if rank is not None]
    for some in chunks(kept, PAIRS):
        yield "ZADD", key, *(part for name, rank in some for part in (rank, name))
    for names in chunks((name for name, rank in ranks.items() if rank is None), PAIRS):
        yield "ZREM", key, *names


def chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` values; the last may be shorter."""
    remaining = iter(values)
    while some := list(islice(remaining, size)):
        yield some
