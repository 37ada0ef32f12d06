"""State in Redis: one hash slot a partition, one MULTI a commit, plain keys for other services."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from secrets import randbelow
from typing import Any

from redis.exceptions import NoPermissionError

from stream.errors import Aborted, Fenced
from stream.store.address import RedisAddress
from stream.store.base import Delta, Saved, StateStore, StoredProfiles
from stream.store.claim import Claim
from stream.store.clients import Client
from stream.store.connection import Server, exchange
from stream.store.redis_areas import copy_keys, move_keys
from stream.store.redis_keys import STATE, Keys
from stream.store.redis_sets import highest, replace_sets
from stream.store.resp import PAIRS, Command, chunks, hash_writes, index_writes

_HASH_BYTES = 8
_STRIDE = 2**32  # longest step from one epoch to the next: two that start from nothing do not meet


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
        self._keys = Keys(prefix, topic)

    def claim(self, deployment: str, partitions: int) -> None:
        """See `StateStore.claim`."""
        claim = Claim(deployment, partitions)
        with self._server.answering():
            self._client.set(self._keys.deployment, claim.pack(), nx=True)
            recorded = self._client.get(self._keys.deployment)
        claim.check(Claim.parse(recorded or claim.pack()), f"{self._server.where}, prefix {self._prefix!r},")

    def acquire(self, partition: int) -> int:
        """See `StateStore.acquire`. Steps are drawn: a server that was emptied or set back gives none out again."""
        with self._server.answering():
            return int(self._client.incrby(self._keys.of(partition, "epoch"), 1 + randbelow(_STRIDE)))

    def epoch(self, partition: int) -> int:
        """See `StateStore.epoch`."""
        return int(self._value("GET", self._keys.of(partition, "epoch")) or 0)

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
            watermark, number = self._client.mget([self._keys.of(partition, name) for name in ("watermark", "number")])
        return None if watermark is None else (int(watermark), int(number or 0))

    def load(self, partition: int) -> Saved | None:
        """See `StateStore.load`; acquire first, so that no earlier owner can write meanwhile."""
        with self._server.answering():
            names = ("watermark", "number", "seen:limit", "seen:older", "seen")
            watermark, number, limit, older, newer = self._client.mget(
                [self._keys.of(partition, name) for name in names]
            )
            if watermark is None:
                return None
            seen = (older or b"") + (newer or b"")
            return Saved(
                int(watermark),
                items=dict(self._scan(partition, "items")),
                seen=seen[max(0, len(seen) - int(limit or 0) * _HASH_BYTES) :],
                scalars=dict(self._scan(partition, "scalars")),
                number=int(number or 0),
                profiles=StoredProfiles(self, partition),
            )

    def commit(self, partition: int, epoch: int, delta: Delta, outbox: bytes) -> None:
        """See `StateStore.commit`. Two round trips: WATCH and compare epoch and position, then MULTI to EXEC.

        Raises
        ------
        Unreachable
            Also when Redis refuses to write at present, such as out of memory; nothing was written then.
        """
        guards = [self._keys.of(partition, name) for name in ("epoch", "watermark", "number")]
        look = [("WATCH", *guards), ("MGET", *guards), ("STRLEN", self._keys.of(partition, "seen"))]
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
        return self._value("GET", self._keys.of(partition, "outbox"))

    def wipe(self, partition: int) -> None:
        """See `StateStore.wipe`."""
        with self._server.answering():
            self._client.unlink(*(self._keys.of(partition, name) for name in self._names(partition)))

    def profile(self, partition: int, customer: str) -> bytes | None:
        """See `StateStore.profile`."""
        return self._value("HGET", self._keys.of(partition, "profiles"), customer)

    def profiles(self, partition: int, customers: Collection[str]) -> dict[str, bytes]:
        """See `StateStore.profiles`."""
        return self._named(partition, "profiles", customers)

    def customers(self, partition: int) -> int:
        """See `StateStore.customers`."""
        with self._server.answering():
            return int(self._client.hlen(self._keys.of(partition, "profiles")))

    def scan(self, partition: int) -> Iterator[tuple[str, bytes]]:
        """See `StateStore.scan`."""
        with self._server.answering():
            yield from self._scan(partition, "profiles")

    def indexes(self, partition: int) -> list[str]:
        """See `StateStore.indexes`."""
        with self._server.answering():
            return sorted(name.decode() for name in self._client.smembers(self._keys.of(partition, "indexes")))

    def range(self, partition: int, index: str, low: int, count: int) -> list[tuple[str, int]]:
        """See `StateStore.range`."""
        key = self._keys.of(partition, f"index:{index}")
        with self._server.answering():
            found = self._client.zrangebyscore(key, low, "+inf", 0, count, withscores=True)
            if found and len(found) == count:  # there may be more of the last rank
                last = found[-1][1]
                found = [pair for pair in found if pair[1] < last]
                found += self._client.zrangebyscore(key, int(last), int(last), withscores=True)
        return [(name.decode(), int(rank)) for name, rank in found]

    def scalar(self, partition: int, name: str) -> bytes | None:
        """See `StateStore.scalar`."""
        return self._value("HGET", self._keys.of(partition, "scalars"), name)

    def items(self, partition: int, names: Iterable[str] | None = None) -> dict[str, bytes]:
        """See `StateStore.items`; names that are not stored are left out."""
        if names is not None:
            return self._named(partition, "items", names)
        with self._server.answering():
            return dict(self._scan(partition, "items"))

    def lists(self, partition: int) -> Iterator[tuple[str, bytes]]:
        """See `StateStore.lists`."""
        with self._server.answering():
            yield from self._scan(partition, "lists")

    def hidden(self, partition: int) -> dict[str, bytes]:
        """See `StateStore.hidden`."""
        with self._server.answering():
            return dict(self._scan(partition, "hidden"))

    def publish_similar(self, neighbours: Mapping[str, Mapping[str, float]]) -> None:
        """See `StateStore.publish_similar`. Each item's set is replaced at once; an item without any is removed."""
        replace_sets(self._server, {self._keys.similar(item): others for item, others in neighbours.items()})

    def similar(self, item: str, count: int = 10) -> list[tuple[str, float]]:
        """See `StateStore.similar`."""
        with self._server.answering():
            return highest(self._client, self._keys.similar(item), count)

    def publish_popular(self, weights: Mapping[str, float]) -> None:
        """See `StateStore.publish_popular`."""
        replace_sets(self._server, {self._keys.popular: weights})

    def popular(self, count: int = 10) -> list[tuple[str, float]]:
        """See `StateStore.popular`."""
        with self._server.answering():
            return highest(self._client, self._keys.popular, count)

    def put_shared(self, name: str, value: bytes) -> None:
        """See `StateStore.put_shared`."""
        with self._server.answering():
            self._client.set(self._keys.shared(name), value)

    def shared(self, name: str) -> bytes | None:
        """See `StateStore.shared`."""
        return self._value("GET", self._keys.shared(name))

    def area(self, name: str) -> RedisStore:
        """See `StateStore.area`: the same keys with `NAME:` before the hash tag, in the same slot."""
        with self._server.answering():
            return RedisStore(self._client, self._topic, f"{self._prefix}:{name}")

    def copy(self, partition: int, area: str) -> None:
        """See `StateStore.copy`; Redis 6.2 or later."""
        target = self.area(area)
        target.wipe(partition)
        pairs = [(self._keys.of(partition, name), target._keys.of(partition, name)) for name in STATE]
        copy_keys(self._server, pairs, lambda: target.position(partition) is not None)

    def move(self, partition: int, area: str) -> None:
        """See `StateStore.move`."""
        source = self.area(area)
        if source.position(partition) is not None:
            pairs = [
                (source._keys.of(partition, name), self._keys.of(partition, name)) for name in source._names(partition)
            ]
            old = [self._keys.of(partition, name) for name in self._names(partition)]
            move_keys(self._server, old, pairs)

    def claimed(self) -> Claim | None:
        """See `StateStore.claimed`."""
        recorded = self._value("GET", self._keys.deployment)
        return None if recorded is None else Claim.parse(recorded)

    def reclaim(self, deployment: str, partitions: int) -> None:
        """See `StateStore.reclaim`."""
        with self._server.answering():
            self._client.set(self._keys.deployment, Claim(deployment, partitions).pack())

    def close(self) -> None:
        """See `StateStore.close`."""
        self._server.close()

    @property
    def _client(self) -> Any:
        return self._server.client

    def _names(self, partition: int) -> tuple[str, ...]:
        return (*STATE, "indexes", *(f"index:{name}" for name in self.indexes(partition)))

    def _value(self, *command: str) -> bytes | None:
        with self._server.answering():
            value: bytes | None = self._client.execute_command(*command)
        return value

    def _named(self, partition: int, key: str, names: Iterable[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        with self._server.answering():
            for some in chunks(names, PAIRS):
                values = self._client.hmget(self._keys.of(partition, key), some)
                found.update((name, value) for name, value in zip(some, values, strict=True) if value is not None)
        return found

    def _scan(self, partition: int, name: str) -> Iterator[tuple[str, bytes]]:
        for key, value in self._client.hscan_iter(self._keys.of(partition, name), count=PAIRS):
            yield key.decode(), value

    def _writes(self, partition: int, delta: Delta, outbox: bytes, seen_bytes: int) -> Iterator[Command]:
        if delta.hidden_anew:
            yield "DEL", self._keys.of(partition, "hidden")
        for name in ("profiles", "items", "scalars", "lists", "hidden"):
            yield from hash_writes(self._keys.of(partition, name), getattr(delta, name))
        for name, ranks in delta.indexes.items():
            yield from index_writes(self._keys.of(partition, f"index:{name}"), ranks)
        if names := [name for name, ranks in delta.indexes.items() if ranks]:
            yield "SADD", self._keys.of(partition, "indexes"), *names
        if delta.seen:
            # Two generations: nothing is read back or rewritten to trim, and a commit costs what it appends.
            seen = self._keys.of(partition, "seen")
            if seen_bytes and seen_bytes >= delta.seen_limit * _HASH_BYTES:
                yield "RENAME", seen, self._keys.of(partition, "seen:older")
            yield "APPEND", seen, delta.seen
            yield "SET", self._keys.of(partition, "seen:limit"), delta.seen_limit
        yield "SET", self._keys.of(partition, "outbox"), outbox
        yield "SET", self._keys.of(partition, "watermark"), delta.watermark
        yield "SET", self._keys.of(partition, "number"), delta.number
