"""Whole states put in the place of what a store holds: prepared beside it, then all of them switched.

A partition is switched in one step of the store, and several are not: so what is to be done is noted first. Whoever
dies before the note has changed nothing; after it, `finish` does the rest, as often as it is called. Workers do not
start while a note is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from stream.errors import Aborted, Mismatch
from stream.store.base import Delta, StateStore
from stream.store.dump import Dump

CACHED = "cached"
"""Says how far the cache of items has come, by the states of the partitions: it has to begin anew with other ones."""

_NOTE = "unfinished"
_PREPARED, _FROZEN = "prepared", "frozen"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a store will hold.

    Attributes
    ----------
    command
        Who does it, for messages: the command to run again when it was interrupted.
    deployment, partitions
        Whose state it is, and how many partitions the topic has.
    settings
        What the state is made of, as the worker records it; None: as it was.
    placed, emptied
        Partitions that were prepared, and those that will hold nothing. All others stay as they are.
    """

    command: str
    deployment: str
    partitions: int
    settings: dict[str, Any] | None
    placed: tuple[int, ...]
    emptied: tuple[int, ...] = ()


@contextmanager
def frozen(store: StateStore, partition: int) -> Iterator[Dump | None]:
    """All of a partition as it was at one commit, also while its owner goes on; None where nothing is stored.

    The copy is the server's own. It takes as much memory again while it is read.

    Raises
    ------
    Aborted
        When another copy was made meanwhile.
    """
    area = store.area(_FROZEN)
    store.copy(partition, _FROZEN)
    try:
        dump = dumped(area, partition)
        yield dump
        if dump is not None and area.position(partition) != (dump.watermark, dump.number):
            raise Aborted(f"Partition {partition} was copied by somebody else at the same time: run it again.")
    finally:
        area.wipe(partition)


def dumped(store: StateStore, partition: int) -> Dump | None:
    """All of a partition that nobody writes to; None where nothing is stored."""
    saved = store.load(partition)
    if saved is None:
        return None
    return Dump(
        saved.watermark,
        saved.number,
        saved.scalars,
        saved.seen,
        store.outbox(partition) or b"",
        saved.items.items(),
        store.scan(partition),
        store.lists(partition),
    )


def prepare(store: StateStore, partition: int, deltas: Iterable[Delta], outbox: bytes) -> None:
    """Write a partition's state beside the living one; what was prepared before is dropped."""
    area = store.area(_PREPARED)
    area.wipe(partition)
    epoch = area.acquire(partition)
    for delta in deltas:
        area.commit(partition, epoch, delta, outbox)


def put_in_place(store: StateStore, plan: Plan) -> None:
    """Switch to what was prepared. It is certain from the moment that the note is written."""
    store.put_shared(_NOTE, json.dumps(asdict(plan)).encode())
    finish(store)


def unfinished(store: StateStore) -> Plan | None:
    """What was begun and not finished, if anything."""
    packed = store.shared(_NOTE)
    if not packed:
        return None
    values = json.loads(packed)
    return Plan(**values | {name: tuple(values[name]) for name in ("placed", "emptied")})


def finish(store: StateStore) -> Plan | None:
    """Finish what was begun, if anything was; what it was."""
    plan = unfinished(store)
    if plan is None:
        return None
    for partition in (*plan.placed, *plan.emptied):
        store.acquire(partition)  # whoever still writes has lost it
    for partition in plan.emptied:
        store.wipe(partition)
    for partition in plan.placed:
        store.move(partition, _PREPARED)
    if plan.settings is not None:
        store.put_shared("settings", json.dumps(plan.settings).encode())
    store.put_shared(CACHED, b"")
    store.reclaim(plan.deployment, plan.partitions)
    store.put_shared(_NOTE, b"")
    return plan


def check_finished(store: StateStore) -> None:
    """Refuse a store in which some partitions have been switched and others have not.

    Raises
    ------
    Mismatch
        Naming the command that was interrupted.
    """
    if (plan := unfinished(store)) is not None:
        raise Mismatch(f"`{plan.command}` was interrupted: run it again, and it finishes what it began.")
