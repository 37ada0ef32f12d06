"""Commands as Redis reads them (RESP), packed faster than by the client: a commit has thousands of values."""

from __future__ import annotations

from collections.abc import Iterable

Value = bytes | str | int
Command = tuple[Value, ...]


def pack(commands: Iterable[Command]) -> bytes:
    r"""All commands in one piece.

    Texts are sent as UTF-8, integers in decimal.

    >>> pack([("SET", "k", b"v"), ("INCR", "n")])
    b'*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n'
    """
    parts: list[bytes] = []
    for command in commands:
        parts.append(b"*%d\r\n" % len(command))
        for value in command:
            if type(value) is not bytes:
                value = str(value).encode()
            parts.append(b"$%d\r\n%b\r\n" % (len(value), value))
    return b"".join(parts)
