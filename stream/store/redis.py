"""State in Redis: one hash slot a partition, one MULTI a commit, plain keys for other services.

With the default prefix and the topic `events`, partition 3 lives in these keys:

====================================  ======  =========================================================
`eddyline:{events:3}:epoch`           string  raised by each new owner
`eddyline:{events:3}:watermark`       string  next offset to apply
`eddyline:{events:3}:number`          string  journal records applied
`eddyline:{events:3}:outbox`          string  packed outputs of the last commit
`eddyline:{events:3}:profiles`        hash    customer -> packed profile
`eddyline:{events:3}:items`           hash    item -> packed co-counts
`eddyline:{events:3}:scalars`         hash    name -> packed value
`eddyline:{events:3}:seen`            string  hashes of message ids, 8 bytes each, appended
`eddyline:{events:3}:seen:older`      string  the generation before: together they hold the limit or more
`eddyline:{events:3}:seen:limit`      string  how many hashes are to be kept
====================================  ======  =========================================================

The topic as a whole has `eddyline:deployment:events` (JSON), `eddyline:events:shared:NAME` (string) and
`eddyline:events:similar:ITEM` (sorted set of the nearest items, for any service to read).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from secrets import randbelow
from typing import Any

from redis.exceptions import NoPermissionError

from stream.errors import Aborted, Fenced
from stream.store.address import RedisAddress
from stream.store.base import Delta, Saved, StateStore
from stream.store.claim import Claim
from stream.store.clients import Client
from stream.store.connection import Server, exchange
from stream.store.redis_areas import copy_keys, move_keys
from stream.store.resp import PAIRS, Command, chunks, hash_writes

_HASH_BYTES = 8
_STATE = ("watermark", "number", "outbox", "profiles", "items", "scalars", "seen", "seen:older", "seen:limit")
_STRIDE = 2**32  # longest step from one epoch to the next: two that start from nothing do not meet
_SETS = 500  # similar-items sets replaced in one round trip


class RedisStore(StateStore):
    """A state store in Redis 6 or later.

    Reading is tried again, with growing pauses, when a connection breaks. Writing is not once its EXEC may have
    been sent: `Unreachable` is raised, and the caller finds out by the watermark what was written.

    Parameters
    ----------
    at
        A URL or an address (see `RedisAddress`), or a client with `decode_responses` off. A client stays the
        caller's to close, and keeps its own timeouts.
    topic
        The events topic whose state this is.
    prefix
        Start of every key, to keep several deployments in one database apart.

    Raises
    ------
    ConfigError
        When the URL cannot be understood or the client decodes replies.
    """

    def __init__(self, at: Client | RedisAddress | str, topic: str, prefix: str = "eddyline") -> None:
        self._server = Server(at)
        self._topic, self._prefix = topic, prefix
        self._claim_key = f"{prefix}:deployment:{topic}"

    def claim(self, deployment: str, partitions: int) -> None:
        """See `StateStore.claim`."""
        claim = Claim(deployment, partitions)
        with self._server.answering():
            self._client.set(self._claim_key, claim.pack(), nx=True)
            recorded = self._client.get(self._claim_key)
        claim.check(Claim.parse(recorded or claim.pack()), f"{self._server.where}, prefix {self._prefix!r},")

    def acquire(self, partition: int) -> int:
        """See `StateStore.acquire`. Steps are drawn: a server that was emptied or set back gives none out again."""
        with self._server.answering():
            return int(self._client.incrby(self._key(partition, "epoch"), 1 + randbelow(_STRIDE)))

    def epoch(self, partition: int) -> int:
        """See `StateStore.epoch`."""
        return int(self._value("GET", self._key(partition, "epoch")) or 0)

    def memory(self) -> tuple[int, int] | None:
        """See `StateStore.memory`. Of a cluster, the sum of its masters; None where the user may not ask (INFO)."""
        with self._server.answering():
            try:
                nodes = self._server.memory()
            except NoPermissionError:
                return None
        return sum(node["used_memory"] for node in nodes), sum(node.get("maxmemory", 0) for node in nodes)

    def position(self, partition: int) -> tuple[int, int] | None:
        """See `StateStore.position`."""
        with self._server.answering():
            watermark, number = self._client.mget([self._key(partition, name) for name in ("watermark", "number")])
        return None if watermark is None else (int(watermark), int(number or 0))

    def load(self, partition: int) -> Saved | None:
        """See `StateStore.load`; acquire first, so that no earlier owner can write meanwhile."""
        with self._server.answering():
            names = ("watermark", "number", "seen:limit", "seen:older", "seen")
            watermark, number, limit, older, newer = self._client.mget([self._key(partition, name) for name in names])
            if watermark is None:
                return None
            seen = (older or b"") + (newer or b"")
            return Saved(
                int(watermark),
                profiles=dict(self._scan(partition, "profiles")),
                items=dict(self._scan(partition, "items")),
                seen=seen[max(0, len(seen) - int(limit or 0) * _HASH_BYTES) :],
                scalars=dict(self._scan(partition, "scalars")),
                number=int(number or 0),
            )

    def commit(self, partition: int, epoch: int, delta: Delta, outbox: bytes) -> None:
        """See `StateStore.commit`. Two round trips: WATCH and compare epoch and position, then MULTI to EXEC.

        Raises
        ------
        Unreachable
            Also when Redis refuses to write at present, such as out of memory; nothing was written then.
        """
        guards = [self._key(partition, name) for name in ("epoch", "watermark", "number")]
        look = [("WATCH", *guards), ("MGET", *guards), ("STRLEN", self._key(partition, "seen"))]
        written = None
        with self._server.connection(guards[0]) as connection:
            while written is None:  # something changed between WATCH and EXEC: look what it was
                _, stored, seen_bytes = connection.retry.call_with_retry(
                    lambda: exchange(connection, look), lambda error: connection.disconnect()
                )
                current, *position = (int(value or 0) for value in stored)
                if current > epoch:
                    raise Fenced(f"Partition {partition} of {self._topic} has another owner, so nothing was written.")
                if current != epoch or delta.follows not in (None, tuple(position)):
                    raise Aborted(
                        f"{self._server.where} has lost what was written of partition {partition} of {self._topic}: "
                        "it was emptied, or came back with older data."
                    )
                writes = self._writes(partition, delta, outbox, seen_bytes)
                *_, written = exchange(connection, [("MULTI",), *writes, ("EXEC",)])

    def outbox(self, partition: int) -> bytes | None:
        """See `StateStore.outbox`."""
        return self._value("GET", self._key(partition, "outbox"))

    def wipe(self, partition: int) -> None:
        """See `StateStore.wipe`."""
        with self._server.answering():
            self._client.unlink(*(self._key(partition, name) for name in self._names(partition)))

    def profile(self, partition: int, customer: str) -> bytes | None:
        """See `StateStore.profile`."""
        return self._value("HGET", self._key(partition, "profiles"), customer)

    def scalar(self, partition: int, name: str) -> bytes | None:
        """See `StateStore.scalar`."""
        return self._value("HGET", self._key(partition, "scalars"), name)

    def items(self, partition: int, names: Iterable[str] | None = None) -> dict[str, bytes]:
        """See `StateStore.items`; names that are not stored are left out."""
        found: dict[str, bytes] = {}
        with self._server.answering():
            if names is None:
                return dict(self._scan(partition, "items"))
            for some in chunks(names, PAIRS):
                values = self._client.hmget(self._key(partition, "items"), some)
                found.update((name, value) for name, value in zip(some, values, strict=True) if value is not None)
        return found

    def publish_similar(self, neighbours: Mapping[str, Mapping[str, float]]) -> None:
        """See `StateStore.publish_similar`. Each item's set is replaced at once; an item without any is removed."""
        items = {self._similar(item): others for item, others in neighbours.items()}
        with self._server.answering():
            nodes = self._server.by_node(items)
        for some in (some for keys in nodes for some in chunks(keys, _SETS)):
            commands: list[Command] = []
            for key in some:
                scores = [part for name, score in items[key].items() for part in (repr(float(score)), name)]
                add = [("ZADD", key, *scores)] if scores else []
                commands += [("MULTI",), ("DEL", key), *add, ("EXEC",)]
            with self._server.connection(some[0]) as connection:
                exchange(connection, commands)

    def similar(self, item: str, count: int = 10) -> list[tuple[str, float]]:
        """See `StateStore.similar`."""
        if count <= 0:
            return []
        with self._server.answering():
            found = self._client.zrevrange(self._similar(item), 0, count - 1, withscores=True)
        return [(name.decode(), float(score)) for name, score in found]

    def put_shared(self, name: str, value: bytes) -> None:
        """See `StateStore.put_shared`."""
        with self._server.answering():
            self._client.set(self._shared(name), value)

    def shared(self, name: str) -> bytes | None:
        """See `StateStore.shared`."""
        return self._value("GET", self._shared(name))

    def area(self, name: str) -> RedisStore:
        """See `StateStore.area`: the same keys with `NAME:` before the hash tag, in the same slot."""
        with self._server.answering():
            return RedisStore(self._client, self._topic, f"{self._prefix}:{name}")

    def copy(self, partition: int, area: str) -> None:
        """See `StateStore.copy`; Redis 6.2 or later."""
        target = self.area(area)
        target.wipe(partition)
        pairs = [(self._key(partition, name), target._key(partition, name)) for name in _STATE]
        copy_keys(self._server, pairs, lambda: target.position(partition) is not None)

    def move(self, partition: int, area: str) -> None:
        """See `StateStore.move`."""
        source = self.area(area)
        if source.position(partition) is not None:
            pairs = [(source._key(partition, name), self._key(partition, name)) for name in source._names(partition)]
            old = [self._key(partition, name) for name in self._names(partition)]
            move_keys(self._server, old, pairs)

    def claimed(self) -> Claim | None:
        """See `StateStore.claimed`."""
        recorded = self._value("GET", self._claim_key)
        return None if recorded is None else Claim.parse(recorded)

    def reclaim(self, deployment: str, partitions: int) -> None:
        """See `StateStore.reclaim`."""
        with self._server.answering():
            self._client.set(self._claim_key, Claim(deployment, partitions).pack())

    def close(self) -> None:
        """See `StateStore.close`."""
        self._server.close()

    @property
    def _client(self) -> Any:
        return self._server.client

    def _names(self, partition: int) -> tuple[str, ...]:
        return _STATE

    def _key(self, partition: int, name: str) -> str:
        return f"{self._prefix}:{{{self._topic}:{partition}}}:{name}"

    def _similar(self, item: str) -> str:
        return f"{self._prefix}:{self._topic}:similar:{item}"

    def _shared(self, name: str) -> str:
        return f"{self._prefix}:{self._topic}:shared:{name}"

    def _value(self, *command: str) -> bytes | None:
        with self._server.answering():
            value: bytes | None = self._client.execute_command(*command)
        return value

    def _scan(self, partition: int, name: str) -> Iterator[tuple[str, bytes]]:
        for key, value in self._client.hscan_iter(self._key(partition, name), count=PAIRS):
            yield key.decode(), value

    def _writes(self, partition: int, delta: Delta, outbox: bytes, seen_bytes: int) -> Iterator[Command]:
        for name, changes in (("profiles", delta.profiles), ("items", delta.items), ("scalars", delta.scalars)):
            yield from hash_writes(self._key(partition, name), changes)
        if delta.seen:
            # Two generations: nothing is read back or rewritten to trim, and a commit costs what it appends.
            seen = self._key(partition, "seen")
            if seen_bytes and seen_bytes >= delta.seen_limit * _HASH_BYTES:
                yield "RENAME", seen, self._key(partition, "seen:older")
            yield "APPEND", seen, delta.seen
            yield "SET", self._key(partition, "seen:limit"), delta.seen_limit
        yield "SET", self._key(partition, "outbox"), outbox
        yield "SET", self._key(partition, "watermark"), delta.watermark
        yield "SET", self._key(partition, "number"), delta.number
