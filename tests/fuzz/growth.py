"""Decoding and folding take time in proportion to an input's size, whatever it is made of."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from stream.config import EventsConfig
from stream.engine import Engine
from stream.events import decode
from stream.records import Record
from tests.fuzz.properties import config, grown
from tests.stream.conftest import NOW

_SIZES = (2**17, 2**19)  # bytes; 32 KiB is the limit unless it is set higher
_ROUNDS = 3
MOST = 1.35
"""Largest exponent: 1 is linear and 2 quadratic; n log n is 1.1 here."""

_START = b'{"type":"track","userId":"ann","messageId":"m","event":"Order Completed","properties":{'

FAMILIES: dict[str, Callable[[int], bytes]] = {
    "one long text": lambda n: b'"a":"' + b"x" * n + b'"',
    "escapes": lambda n: b'"a":"' + b"\\u00e9" * (n // 6) + b'"',
    "backslashes": lambda n: b'"a":"' + b"\\\\" * (n // 2) + b'"',
    "no end of a text": lambda n: b'"a":"' + b'\\"' * (n // 2),
    "white space": lambda n: b'"a":' + b" " * n + b"1",
    "a long number": lambda n: b'"a":' + b"9" * n,
    "a long fraction": lambda n: b'"a":0.' + b"3" * n,
    "a number as a long text": lambda n: b'"revenue":"' + b"9" * n + b'"',
    "nesting": lambda n: b'"a":' + b"[" * (n // 2) + b"]" * (n // 2),
    "many short arrays": lambda n: b'"a":[' + b"[]," * (n // 3) + b"0]",
    "many keys": lambda n: b",".join(b'"k%d":1' % place for place in range(n // 10)),
    "the same key": lambda n: b",".join([b'"k":1'] * (n // 6)),
    "products": lambda n: b'"products":[' + b",".join(b'{"sku":"p%d"}' % place for place in range(n // 14)) + b"]",
    "the same product": lambda n: b'"products":[' + b",".join([b'{"sku":"p1","price":2}'] * (n // 23)) + b"]",
    "products that are none": lambda n: b'"products":[' + b",".join([b"0"] * (n // 2)) + b"]",
    "long ids of products": lambda n: b'"products":[{"sku":"' + b"x" * n + b'"}]',
}


class Growth(NamedTuple):
    """How the time of one family grows: `exponent` p of time ~ size^p, and µs at the largest size."""

    family: str
    exponent: float
    microseconds: float


def growths() -> Iterator[Growth]:
    """Measure all families; processor time, the least of some rounds."""
    limits = EventsConfig(max_bytes=2**30)
    for family, make in FAMILIES.items():
        times: list[float] = []
        for size in _SIZES:
            record = Record("events", 0, 10**6, NOW, b"ann", _START + make(size) + b"}}")
            taken = []
            for _ in range(_ROUNDS):
                engine = Engine(config(), grown())
                gc.collect()
                gc.disable()
                began = time.thread_time()
                engine.apply([decode(record, limits)])
                taken.append(time.thread_time() - began)
                gc.enable()
            times.append(min(taken))
        exponent = math.log(times[1] / times[0]) / math.log(_SIZES[1] / _SIZES[0])
        yield Growth(family, exponent, 1e6 * times[-1])
