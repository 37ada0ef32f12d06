"""Stored state that cannot be read: said in words, which part it is and what to do."""

from __future__ import annotations

import msgpack

from consumers.owned import Owned
from stream.config import EngineConfig
from stream.damage import WHAT_TO_DO, readable
from stream.engine import Engine
from stream.errors import Damaged, EddylineError
from stream.model import Model
from stream.profiles.profile import Profile
from stream.recommend.rows import ItemRow
from stream.store.base import Saved, StoredProfiles


def open_partition(
    partition: int, epoch: int, config: EngineConfig, saved: Saved | None, profiles: StoredProfiles, now: float
) -> Owned:
    """The partition that a store holds.

    Raises
    ------
    Damaged
        Naming the part that cannot be read or is missing.
    """
    if saved is not None:
        _complete(partition, saved)
    try:
        engine = Engine(config, saved or Saved(0, profiles=profiles))
        return Owned(partition, epoch, engine, saved, now)
    except EddylineError:
        raise
    except Exception:
        if saved is not None:
            _find(partition, saved, profiles)
        raise


def _complete(partition: int, saved: Saved) -> None:
    merged = saved.scalars.get("merged")
    for name, needed in (("position", True), ("model", merged not in (None, msgpack.packb([])))):
        if needed and name not in saved.scalars:
            raise Damaged(f"Partition {partition}: the scalar {name!r} is missing. {WHAT_TO_DO}")


def _find(partition: int, saved: Saved, profiles: StoredProfiles) -> None:
    """Read part after part, until one cannot be read."""
    for customer, packed in profiles.scan():
        with readable(f"Partition {partition}: the profile of customer {customer!r}"):
            Profile.unpack(customer, packed)
    for item, packed in saved.items.items():
        with readable(f"Partition {partition}: the counts of item {item!r}"):
            ItemRow.unpack(packed)
    if "model" in saved.scalars:
        with readable(f"Partition {partition}: the model"):
            Model.unpack(saved.scalars["model"])
    for name, packed in saved.scalars.items():
        with readable(f"Partition {partition}: the scalar {name!r}"):
            msgpack.unpackb(packed, strict_map_key=False)
