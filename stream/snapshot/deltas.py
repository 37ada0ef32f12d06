"""A dump in portions, as a store takes them."""

from __future__ import annotations

from collections.abc import Iterator

from stream.config import EngineConfig
from stream.profiles.indexes import borders, indexes
from stream.store.base import Delta
from stream.store.dump import Dump
from stream.store.resp import PAIRS, chunks


def deltas(dump: Dump, config: EngineConfig) -> Iterator[Delta]:
    """Portions that together make the dump's state, the last one its scalars.

    Parameters
    ----------
    dump
        The state.
    config
        Engine settings: how many message ids are kept.
    """
    within = borders(dump.scalars)
    for items in chunks(dump.items, PAIRS):
        yield Delta(dump.watermark, items=dict(items), number=dump.number)
    for lists in chunks(dump.lists, PAIRS):
        yield Delta(dump.watermark, lists=dict(lists), number=dump.number)
    for profiles in chunks(dump.profiles, PAIRS):
        ranks = indexes(profiles, within)
        yield Delta(dump.watermark, profiles=dict(profiles), number=dump.number, indexes=ranks)
    yield Delta(
        dump.watermark,
        seen=dump.seen,
        seen_limit=config.events.remember,
        scalars=dict(dump.scalars),
        number=dump.number,
    )
