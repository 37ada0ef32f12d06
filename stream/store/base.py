"""The state store's contract: what a partition's owner saves and loads.

One suite (`tests/stream/store/`) runs on every implementation. A store keeps, for each
partition: the position of its state (the next offset to apply, and the journal records applied), the state, the
outbox of the last batch, and the epoch, which each new owner raises so that an earlier owner's writes fail.

Profiles are read as they are needed: a worker holds a bounded number of them, and a partition may have any. So beside
them lie *indexes*, sorted sets of customers that are kept in the same step, by which an owner finds who is due next.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from stream.store.claim import Claim


@dataclass(slots=True)
class Delta:
    """What one batch changed: the whole of it, or nothing, is written.

    Values are packed bytes whose meaning the engine knows and the store does not. In the mappings a value
    of None deletes the key.

    `follows` is the position that this batch continues from, (watermark, number): a store that has lost writes, or got
    them back, is found out by it. Without it the batch is written on top of whatever is there.
    """

    watermark: int
    profiles: dict[str, bytes | None] = field(default_factory=dict)  # customer -> packed profile
    items: dict[str, bytes | None] = field(default_factory=dict)  # item -> packed co-counts
    seen: bytes = b""  # 8-byte hashes of message ids, to append
    seen_limit: int = 0  # how many of them to keep, the newest
    scalars: dict[str, bytes] = field(default_factory=dict)  # name -> packed value: clock, model, contribution, …
    number: int = 0  # journal records applied
    follows: tuple[int, int] | None = None
    indexes: dict[str, dict[str, int | None]] = field(default_factory=dict)  # index -> customer -> rank
    lists: dict[str, bytes | None] = field(default_factory=dict)  # customer -> current list, JSON, for others to read
    hidden: dict[str, bytes | None] = field(default_factory=dict)  # item -> why nobody is shown it, for others to read
    hidden_anew: bool = False  # these are all: what was there before goes


@dataclass(slots=True)
class Saved:
    """What a partition's store holds, as loaded by a new owner; its profiles and indexes are read as needed.

    Without `profiles` an engine keeps all of its customers in memory.
    """

    watermark: int
    items: dict[str, bytes] = field(default_factory=dict)
    seen: bytes = b""
    scalars: dict[str, bytes] = field(default_factory=dict)
    number: int = 0
    profiles: StoredProfiles | None = field(default=None, compare=False)


class StateStore(ABC):
    """State of the partitions of one events topic."""

    @abstractmethod
    def claim(self, deployment: str, partitions: int) -> None:
        """Record, once, which deployment and how many partitions this store serves.

        Raises
        ------
        Mismatch
            When it was recorded for another deployment or another partition count.
        """

    @abstractmethod
    def acquire(self, partition: int) -> int:
        """Become the owner: raise the partition's epoch and return it; no earlier owner ever held the same."""

    @abstractmethod
    def epoch(self, partition: int) -> int:
        """Epoch of the present owner; 0 when nobody ever owned the partition."""

    @abstractmethod
    def memory(self) -> tuple[int, int] | None:
        """Bytes that the server uses, for whomever, and its limit (0: none); None where it does not say."""

    @abstractmethod
    def position(self, partition: int) -> tuple[int, int] | None:
        """Next offset to apply, and journal records applied; None when nothing is stored."""

    @abstractmethod
    def load(self, partition: int) -> Saved | None:
        """State of a partition; None when nothing is stored."""

    @abstractmethod
    def commit(self, partition: int, epoch: int, delta: Delta, outbox: bytes) -> None:
        """Write the delta and replace the outbox, atomically.

        Raises
        ------
        Fenced
            When the partition has another owner; nothing was written.
        Aborted
            When the store has lost what was written before: its position is not `delta.follows`, or it knows of no
            such owner; nothing was written.
        Unreachable
            When the server does not answer; the write may or may not have happened.
        """

    @abstractmethod
    def outbox(self, partition: int) -> bytes | None:
        """The outbox of the last commit."""

    @abstractmethod
    def wipe(self, partition: int) -> None:
        """Forget a partition's state but not its epoch (before a rebuild from the log)."""

    @abstractmethod
    def profile(self, partition: int, customer: str) -> bytes | None:
        """One customer's packed profile."""

    @abstractmethod
    def profiles(self, partition: int, customers: Collection[str]) -> dict[str, bytes]:
        """Packed profiles of the named customers; those that are not stored are left out."""

    @abstractmethod
    def customers(self, partition: int) -> int:
        """How many profiles there are."""

    @abstractmethod
    def scan(self, partition: int) -> Iterator[tuple[str, bytes]]:
        """All (customer, packed profile), in no order, some perhaps twice; must not be written meanwhile."""

    @abstractmethod
    def indexes(self, partition: int) -> list[str]:
        """Names of the indexes, in order."""

    @abstractmethod
    def range(self, partition: int, index: str, low: int, count: int) -> list[tuple[str, int]]:
        """Customers of an index and their ranks from `low` on, ascending by (rank, customer).

        Some `count` of them: more or fewer, so that those of one rank are never torn apart; none only at the end.
        """

    @abstractmethod
    def scalar(self, partition: int, name: str) -> bytes | None:
        """One scalar, such as `contribution`."""

    @abstractmethod
    def items(self, partition: int, names: Iterable[str] | None = None) -> dict[str, bytes]:
        """Packed co-counts of the named items, or of all."""

    @abstractmethod
    def lists(self, partition: int) -> Iterator[tuple[str, bytes]]:
        """Customers and their current lists, in any order; no worker reads them, any service may."""

    @abstractmethod
    def hidden(self, partition: int) -> dict[str, bytes]:
        """Items that nobody is to be shown, and why; no worker reads them, any service may."""

    @abstractmethod
    def publish_similar(self, neighbours: Mapping[str, Mapping[str, float]]) -> None:
        """Replace the cached nearest items (item -> other item -> similarity); read by any service."""

    @abstractmethod
    def similar(self, item: str, count: int = 10) -> list[tuple[str, float]]:
        """Nearest items from the cache, most similar first (ties by name, descending, as ZREVRANGE does)."""

    @abstractmethod
    def publish_popular(self, weights: Mapping[str, float]) -> None:
        """Replace the cached popular items (item -> weight); read by any service."""

    @abstractmethod
    def popular(self, count: int = 10) -> list[tuple[str, float]]:
        """Popular items from the cache, heaviest first (ties by name, descending)."""

    @abstractmethod
    def put_shared(self, name: str, value: bytes) -> None:
        """Store something that belongs to no partition (the current merged model)."""

    @abstractmethod
    def shared(self, name: str) -> bytes | None:
        """Read what `put_shared` stored."""

    @abstractmethod
    def area(self, name: str) -> StateStore:
        """A store beside this one, to prepare or keep whole partitions in; it ends with this one."""

    @abstractmethod
    def copy(self, partition: int, area: str) -> None:
        """Copy a partition into an area in one atomic step, as it was at one commit; its indexes are left out."""

    @abstractmethod
    def move(self, partition: int, area: str) -> None:
        """Replace a partition by the one in an area, in one atomic step; nothing changes where there is none.

        The epoch stays. Acquire first, so that no earlier owner can write meanwhile.
        """

    @abstractmethod
    def claimed(self) -> Claim | None:
        """Which deployment and how many partitions are recorded."""

    @abstractmethod
    def reclaim(self, deployment: str, partitions: int) -> None:
        """Record which deployment and how many partitions this store serves, whatever was recorded before."""

    @abstractmethod
    def close(self) -> None:
        """Release connections."""


@dataclass(frozen=True, slots=True)
class StoredProfiles:
    """One partition's profiles, as its owner's engine reads them."""

    store: StateStore
    partition: int

    def __len__(self) -> int:
        return self.store.customers(self.partition)

    def read(self, customers: Collection[str]) -> dict[str, bytes]:
        """See `StateStore.profiles`."""
        return self.store.profiles(self.partition, customers) if customers else {}

    def scan(self) -> Iterator[tuple[str, bytes]]:
        """See `StateStore.scan`."""
        return self.store.scan(self.partition)

    def range(self, index: str, low: int, count: int) -> list[tuple[str, int]]:
        """See `StateStore.range`."""
        return self.store.range(self.partition, index, low, count)
