"""Whole partitions copied and replaced inside Redis, each in one step of the server."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from stream.errors import Unreachable
from stream.store.connection import Server, exchange
from stream.store.resp import Command

_LOOKS = 60  # each as long as the client waits for an answer


def copy_keys(server: Server, pairs: Iterable[tuple[str, str]], arrived: Callable[[], bool]) -> None:
    """Copy each key to another, all as they are at one moment; what the others were is gone.

    Redis serves nobody else meanwhile: some 3 s for a million profiles of 600 bytes. That may be longer than a client
    waits, and is done all the same.

    Parameters
    ----------
    pairs
        From where, to where; all in one slot.
    arrived
        Whether there is a copy; false before.

    Raises
    ------
    Unreachable
        When the server has not made it.
    """
    copies = list(pairs)
    gone: Command = ("UNLINK", *(target for _, target in copies))
    try:
        _at_once(server, copies[0][0], [gone, *(("COPY", *pair) for pair in copies)])
    except Unreachable:
        for _ in range(_LOOKS):
            with suppress(Unreachable):
                if arrived():
                    return
                break
        raise


def move_keys(server: Server, old: Iterable[str], pairs: Iterable[tuple[str, str]]) -> None:
    """Remove `old`, and give each key another name, all at one moment. Keys that do not exist are passed over.

    Parameters
    ----------
    old
        What has to go.
    pairs
        Names before and after; all in one slot.
    """
    pairs = list(pairs)
    with server.connection(pairs[0][0]) as connection:
        found = exchange(connection, [("EXISTS", source) for source, _ in pairs])
    moves: list[Command] = [("RENAME", *pair) for pair, exists in zip(pairs, found, strict=True) if exists]
    _at_once(server, pairs[0][0], [("UNLINK", *old), *moves])


def _at_once(server: Server, key: str, commands: Iterable[Command]) -> None:
    with server.connection(key) as connection:
        exchange(connection, [("MULTI",), *commands, ("EXEC",)])
