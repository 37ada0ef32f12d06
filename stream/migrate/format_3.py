"""From format 3: nothing said in which order customers were seen, and the store had no indexes."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from typing import IO

import msgpack

from stream.config import EngineConfig
from stream.profiles.indexes import BORDERS, Borders
from stream.profiles.sample import CustomerSample
from stream.store.dump import Dump

_NONE = -(2**53)  # below every rank


def step(dump: Dump, config: EngineConfig) -> Dump:
    """Format 4. Customers are in the order of their last events, and all of them before whoever acts from now on.

    Who is hot and who is sampled is known when all have been looked at, so profiles pass through a temporary file.
    """
    clock = msgpack.unpackb(dump.scalars["position"])[0] if "position" in dump.scalars else 0
    items = list(dump.items)  # they come before the profiles, and a worker holds all of them too
    sample, hot = CustomerSample(config.segments.sample), config.profiles.hot
    latest: list[int] = []  # ranks of the hot, and the one before them
    file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by whoever reads it to its end)
    for customer, packed in dump.profiles:
        slots, sketches, last, due, *rest = msgpack.unpackb(packed)
        touched = last - clock - 1  # entries have ranks from 0 on
        file.write(msgpack.packb((customer, msgpack.packb((slots, sketches, last, due or 0, touched, *rest)))))
        sample.add(customer)
        heapq.heappush(latest, touched)
        if len(latest) > hot + 1:
            heapq.heappop(latest)
    floor = latest[0] if len(latest) > hot else _NONE
    scalars = {**dump.scalars, BORDERS: Borders(floor, sample.threshold).pack()}
    return replace(dump, scalars=scalars, items=items, lists=(), profiles=_read(file))


def _read(file: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    with file:
        file.seek(0)
        yield from map(tuple, msgpack.Unpacker(file, max_buffer_size=2**31 - 1))
