"""Sorted sets that any service reads: each replaced whole, many in one round trip."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stream.store.connection import Server, exchange
from stream.store.resp import Command, chunks

_SETS = 500  # replaced in one round trip


def replace_sets(server: Server, sets: Mapping[str, Mapping[str, float]]) -> None:
    """Replace sorted sets (key -> member -> score), each in one step of the server; one without members is removed."""
    with server.answering():
        nodes = server.by_node(sets)
    for some in (some for keys in nodes for some in chunks(keys, _SETS)):
        commands: list[Command] = []
        for key in some:
            scores = [part for name, score in sets[key].items() for part in (repr(float(score)), name)]
            add = [("ZADD", key, *scores)] if scores else []
            commands += [("MULTI",), ("DEL", key), *add, ("EXEC",)]
        with server.connection(some[0]) as connection:
            exchange(connection, commands)


def highest(client: Any, key: str, count: int) -> list[tuple[str, float]]:
    """The `count` members of a sorted set with the highest scores, highest first, ties by name, descending."""
    if count <= 0:
        return []
    return [(name.decode(), float(score)) for name, score in client.zrevrange(key, 0, count - 1, withscores=True)]
