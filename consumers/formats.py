"""A store that an older release has filled, brought to the present format in its place."""

from __future__ import annotations

import json
import logging

from stream.config import EngineConfig
from stream.errors import InputError, Mismatch
from stream.migrate import check, migrated, settings
from stream.model import FORMAT
from stream.snapshot.deltas import deltas
from stream.store.base import StateStore
from stream.store.transplant import Plan, dumped, finish, prepare, put_in_place

COMMAND = "eddyline state migrate"

log = logging.getLogger(__name__)


def migrate_state(store: StateStore, config: EngineConfig, deployment: str) -> tuple[int, int]:
    """Bring all partitions to the present format. No worker may run; killed anywhere, it is run again.

    Returns
    -------
    before, now
        The formats; the same when there was nothing to do.

    Raises
    ------
    InputError
        When nothing is stored.
    Mismatch
        When the store is another deployment's, or of a format that is not read.
    """
    finish(store)
    claim, packed = store.claimed(), store.shared("settings")
    if claim is None or packed is None:
        raise InputError("nothing is stored, so there is nothing to migrate: just run a worker")
    if claim.deployment != deployment:
        raise Mismatch(f"the store holds the state of deployment {claim.deployment!r}, and this is {deployment!r}")
    known = json.loads(packed)
    written = known.get("format", 1)
    check(written, "the store")
    if written == FORMAT:
        return FORMAT, FORMAT
    placed = []
    for partition in range(claim.partitions):
        if (dump := dumped(store, partition)) is not None:
            now = migrated(dump, written, config, "the store")
            prepare(store, partition, deltas(now, config), dump.outbox)
            placed.append(partition)
            log.info("partition %d is prepared in format %d", partition, FORMAT)
    put_in_place(store, Plan(COMMAND, deployment, claim.partitions, settings(known), tuple(placed)))
    return written, FORMAT
