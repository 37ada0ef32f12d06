"""From format 4: of an item, a partition counted its neighbours and one popularity; of a customer's item, the time."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import replace

import msgpack
import numpy as np

from stream.config import EngineConfig
from stream.recommend.lists import STATE
from stream.recommend.pairs import BLOCK
from stream.recommend.popularity import HALF_LIVES
from stream.store.dump import Dump

_HEAD = struct.Struct("<Iiqddd")
_BLOCK = 256  # half-lives
_BOUGHT = 10  # the place of a customer's items in a profile


def step(dump: Dump, config: EngineConfig) -> Dump:
    """Format 5. Sequences are not known yet; popularity is taken to be the same at each half-life.

    All weights are brought to the units of the newest item's time, which all rows have in common.
    """
    rows = list(dump.items)  # a worker holds all of them too
    heads = [_HEAD.unpack_from(packed) for _, packed in rows]
    newest = max((last for _, _, last, *_ in heads), default=0)
    following = max((number for number, *_ in heads), default=-1) + 1
    items = [(item, _row(packed, newest, config.recommend.half_life)) for item, packed in rows]
    scalars = {**dump.scalars, STATE: msgpack.packb((newest, following, 0))}
    return replace(dump, items=items, scalars=scalars, profiles=_profiles(dump.profiles))


def _row(packed: bytes, newest: int, half_life: int) -> bytes:
    number, block, _, weight, mass, floor = _HEAD.unpack_from(packed)
    count = (len(packed) - _HEAD.size) // 12
    others = packed[_HEAD.size : _HEAD.size + 4 * count]
    counted = np.frombuffer(packed, "<f8", count, _HEAD.size + 4 * count)
    orders = weight * 2.0 ** max(_BLOCK * block - newest / half_life, -1074)  # in orders made at `newest`
    popularity = [orders * 2.0 ** (newest / one - BLOCK * (newest // (one * BLOCK))) for one in HALF_LIVES]
    now = newest // (half_life * BLOCK)
    mass, floor, *weights = np.ldexp(np.array([mass, floor, *counted]), _BLOCK * block - BLOCK * now).tolist()
    columns = (np.array(column, "<f4").tobytes() for column in (weights, [floor] * count))
    row: bytes = msgpack.packb(
        (number, newest, popularity, (mass, mass, floor, now, others, *columns), (0.0, 0.0, 0.0, 0, b"", b"", b""), ())
    )
    return row


def _profiles(profiles: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    for customer, packed in profiles:
        values = msgpack.unpackb(packed)
        values[_BOUGHT] = [(item, 1, last, 0) for item, last in values[_BOUGHT]]
        values.append(())  # views
        yield customer, msgpack.packb(values)
