"""All state of a partition at one position, as it leaves a store and as it comes into one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Dump:
    """A partition's whole state at one commit.

    `items`, `lists` and `profiles` may be read once only, in this order: there may be too many of them for the memory.
    What can be derived from profiles (indexes) is not in it.

    Attributes
    ----------
    watermark, number
        The position: next offset to apply, and journal records applied.
    scalars
        Name -> packed value: position, model, contribution, learners, tallies.
    seen
        Hashes of the newest message ids, 8 bytes each, oldest first.
    outbox
        What the last commit publishes.
    items
        Item and its packed co-counts.
    lists
        Customer and current list.
    profiles
        Customer and packed profile.
    """

    watermark: int
    number: int = 0
    scalars: Mapping[str, bytes] = field(default_factory=dict)
    seen: bytes = b""
    outbox: bytes = b""
    items: Iterable[tuple[str, bytes]] = ()
    profiles: Iterable[tuple[str, bytes]] = ()
    lists: Iterable[tuple[str, bytes]] = ()
