"""State in memory: for tests, replays and short runs. It ends with the process."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from threading import RLock

from stream.errors import Aborted, Fenced
from stream.store.base import Delta, Saved, StateStore, StoredProfiles
from stream.store.claim import Claim
from stream.store.index import Index

_HASH_BYTES = 8


@dataclass(slots=True)
class _Partition:
    """State of one partition. Values are immutable bytes, so copies of the mappings suffice."""

    watermark: int
    profiles: dict[str, bytes] = field(default_factory=dict)
    indexes: dict[str, Index] = field(default_factory=dict)
    items: dict[str, bytes] = field(default_factory=dict)
    lists: dict[str, bytes] = field(default_factory=dict)
    hidden: dict[str, bytes] = field(default_factory=dict)
    seen: bytearray = field(default_factory=bytearray)
    scalars: dict[str, bytes] = field(default_factory=dict)
    outbox: bytes = b""
    number: int = 0


class MemoryStore(StateStore):
    """A state store that keeps everything in this process; its owners share the object.

    Safe to use from several threads.

    Examples
    --------
    >>> store = MemoryStore()
    >>> epoch = store.acquire(0)
    >>> store.commit(0, epoch, Delta(watermark=12, profiles={"ada": b"packed"}), outbox=b"")
    >>> store.position(0), store.profile(0, "ada")
    ((12, 0), b'packed')
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._claim: Claim | None = None
        self._epochs: dict[int, int] = {}
        self._partitions: dict[int, _Partition] = {}
        self._similar: dict[str, dict[str, float]] = {}
        self._popular: dict[str, float] = {}
        self._shared: dict[str, bytes] = {}
        self._areas: dict[str, MemoryStore] = {}

    def claim(self, deployment: str, partitions: int) -> None:
        """See `StateStore.claim`."""
        claim = Claim(deployment, partitions)
        with self._lock:
            if self._claim is None:
                self._claim = claim
            claim.check(self._claim, "memory store")

    def acquire(self, partition: int) -> int:
        """See `StateStore.acquire`; the first epoch is 1."""
        with self._lock:
            self._epochs[partition] = self._epochs.get(partition, 0) + 1
            return self._epochs[partition]

    def epoch(self, partition: int) -> int:
        """See `StateStore.epoch`."""
        with self._lock:
            return self._epochs.get(partition, 0)

    def memory(self) -> None:
        """See `StateStore.memory`: there is no server."""

    def position(self, partition: int) -> tuple[int, int] | None:
        """See `StateStore.position`."""
        with self._lock:
            kept = self._partitions.get(partition)
            return None if kept is None else (kept.watermark, kept.number)

    def load(self, partition: int) -> Saved | None:
        """See `StateStore.load`; what is returned is the caller's own."""
        with self._lock:
            kept = self._partitions.get(partition)
            if kept is None:
                return None
            copies = dict(kept.items), bytes(kept.seen), dict(kept.scalars)
            return Saved(kept.watermark, *copies, kept.number, StoredProfiles(self, partition))

    def commit(self, partition: int, epoch: int, delta: Delta, outbox: bytes) -> None:
        """See `StateStore.commit`."""
        with self._lock:
            if self._epochs.get(partition, 0) > epoch:
                raise Fenced(f"Partition {partition} has another owner, so nothing was written.")
            position = self.position(partition) or (0, 0)
            if self._epochs.get(partition) != epoch or delta.follows not in (None, position):
                raise Aborted(f"The store has lost what was written of partition {partition}: it is at {position}.")
            kept = self._partitions.setdefault(partition, _Partition(delta.watermark))
            kept.watermark, kept.number = delta.watermark, delta.number
            _write(kept.profiles, delta.profiles)
            for name, ranks in delta.indexes.items():
                if ranks:
                    kept.indexes.setdefault(name, Index()).update(ranks)
            _write(kept.items, delta.items)
            _write(kept.lists, delta.lists)
            if delta.hidden_anew:
                kept.hidden.clear()
            _write(kept.hidden, delta.hidden)
            kept.scalars.update(delta.scalars)
            kept.outbox = outbox
            if delta.seen:
                kept.seen += delta.seen
                del kept.seen[: max(0, len(kept.seen) - delta.seen_limit * _HASH_BYTES)]

    def outbox(self, partition: int) -> bytes | None:
        """See `StateStore.outbox`."""
        kept = self._partitions.get(partition)
        return None if kept is None else kept.outbox

    def wipe(self, partition: int) -> None:
        """See `StateStore.wipe`."""
        with self._lock:
            self._partitions.pop(partition, None)

    def profile(self, partition: int, customer: str) -> bytes | None:
        """See `StateStore.profile`."""
        kept = self._partitions.get(partition)
        return None if kept is None else kept.profiles.get(customer)

    def profiles(self, partition: int, customers: Collection[str]) -> dict[str, bytes]:
        """See `StateStore.profiles`."""
        kept = self._partitions.get(partition)
        stored = {} if kept is None else kept.profiles
        return {customer: stored[customer] for customer in customers if customer in stored}

    def customers(self, partition: int) -> int:
        """See `StateStore.customers`."""
        kept = self._partitions.get(partition)
        return 0 if kept is None else len(kept.profiles)

    def scan(self, partition: int) -> Iterator[tuple[str, bytes]]:
        """See `StateStore.scan`."""
        kept = self._partitions.get(partition)
        return iter(() if kept is None else list(kept.profiles.items()))

    def indexes(self, partition: int) -> list[str]:
        """See `StateStore.indexes`."""
        kept = self._partitions.get(partition)
        return [] if kept is None else sorted(kept.indexes)

    def range(self, partition: int, index: str, low: int, count: int) -> list[tuple[str, int]]:
        """See `StateStore.range`."""
        kept = self._partitions.get(partition)
        found = None if kept is None else kept.indexes.get(index)
        return [] if found is None else found.range(low, count)

    def scalar(self, partition: int, name: str) -> bytes | None:
        """See `StateStore.scalar`."""
        kept = self._partitions.get(partition)
        return None if kept is None else kept.scalars.get(name)

    def items(self, partition: int, names: Iterable[str] | None = None) -> dict[str, bytes]:
        """See `StateStore.items`; names that are not stored are left out."""
        with self._lock:
            kept = self._partitions.get(partition)
            stored = {} if kept is None else kept.items
            return dict(stored) if names is None else {name: stored[name] for name in names if name in stored}

    def lists(self, partition: int) -> Iterator[tuple[str, bytes]]:
        """See `StateStore.lists`."""
        kept = self._partitions.get(partition)
        return iter(() if kept is None else list(kept.lists.items()))

    def hidden(self, partition: int) -> dict[str, bytes]:
        """See `StateStore.hidden`."""
        kept = self._partitions.get(partition)
        return {} if kept is None else dict(kept.hidden)

    def publish_similar(self, neighbours: Mapping[str, Mapping[str, float]]) -> None:
        """See `StateStore.publish_similar`."""
        with self._lock:
            self._similar.update({item: dict(others) for item, others in neighbours.items()})

    def similar(self, item: str, count: int = 10) -> list[tuple[str, float]]:
        """See `StateStore.similar`."""
        with self._lock:
            return _highest(self._similar.get(item, {}), count)

    def publish_popular(self, weights: Mapping[str, float]) -> None:
        """See `StateStore.publish_popular`."""
        with self._lock:
            self._popular = dict(weights)

    def popular(self, count: int = 10) -> list[tuple[str, float]]:
        """See `StateStore.popular`."""
        with self._lock:
            return _highest(self._popular, count)

    def put_shared(self, name: str, value: bytes) -> None:
        """See `StateStore.put_shared`."""
        self._shared[name] = value

    def shared(self, name: str) -> bytes | None:
        """See `StateStore.shared`."""
        return self._shared.get(name)

    def area(self, name: str) -> MemoryStore:
        """See `StateStore.area`."""
        return self._areas.setdefault(name, MemoryStore())

    def copy(self, partition: int, area: str) -> None:
        """See `StateStore.copy`."""
        with self._lock:
            target = self.area(area)
            target.wipe(partition)
            if (kept := self._partitions.get(partition)) is not None:
                target._partitions[partition] = deepcopy(kept)

    def move(self, partition: int, area: str) -> None:
        """See `StateStore.move`."""
        with self._lock:
            prepared = self.area(area)._partitions.pop(partition, None)
            if prepared is not None:
                self._partitions[partition] = prepared

    def claimed(self) -> Claim | None:
        """See `StateStore.claimed`."""
        return self._claim

    def reclaim(self, deployment: str, partitions: int) -> None:
        """See `StateStore.reclaim`."""
        with self._lock:
            self._claim = Claim(deployment, partitions)

    def close(self) -> None:
        """Keep everything: the next owner opens the same object."""


def _highest(scores: Mapping[str, float], count: int) -> list[tuple[str, float]]:
    """As ZREVRANGE gives them."""
    return sorted(scores.items(), key=lambda pair: (pair[1], pair[0]), reverse=True)[: max(0, count)]


def _write(stored: dict[str, bytes], changes: Mapping[str, bytes | None]) -> None:
    """Apply changes in place; None deletes."""
    for key, value in changes.items():
        if value is None:
            stored.pop(key, None)
        else:
            stored[key] = value
