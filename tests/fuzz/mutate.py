"""Records that are nearly right: real ones, changed at the level of bytes, of JSON tokens, and of the object."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from producers.simulator import Shop
from stream.records import Record
from stream.requests import REQUESTED
from tests.stream.conftest import EVENT, NOW

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[-+.\w]+|\s+|.', re.DOTALL)
_KEPT = 400  # mutants that were let in, to be changed again

BYTES = (
    *(b"\xef\xbb\xbf", b"\x00", b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x1f\x8b\x08", b"\n"),
    *(b'"', b"\\", b"\\u0000", b"\\ud800", b"\\udc00\\ud800", b"\\x41", b"{", b"}", b"[", b"]", b",", b":", b"/**/"),
)
TOKENS = (
    *(b"null", b"true", b"false", b"NaN", b"Infinity", b"-Infinity", b"nan", b"0", b"-0", b"-1", b"1.5", b"1e5"),
    *(b"1e308", b"1e309", b"-1e400", b"1e-400", b"9" * 25, b"9" * 400, b"9" * 4_400, b"0x10", b"01", b"1_000", b"+1"),
    *(b"9223372036854775808", b"18446744073709551616", b"1E+2", b".5", b"5.", b"--1", b"0." + b"3" * 3_000),
    *(b'""', b'" "', b'"\\u0000"', b'"\\ud83e\\udd86"', b'"\\ud800"', b'"a\\nb"', b'"' + b"x" * 101 + b'"'),
    *(b'"NaN"', b'"Infinity"', b'"1e400"', b'"12"', b'"-3"', b'"1_000"', b'"' + b"9" * 5_000 + b'"', b'"\xc3\xa9"'),
    *(b"[]", b"{}", b"[[]]", b'[{"a":1}]', b"[" * 300, b"]" * 300, b'{"a":' * 150, b"[" * 199 + b"]" * 199),
    *(b'"type"', b'"userId"', b'"anonymousId"', b'"messageId"', b'"timestamp"', b'"event"', b'"traits"', b'"context"'),
    *(b'"properties"', b'"products"', b'"product_id"', b'"sku"', b'"id"', b'"price"', b'"quantity"', b'"category"'),
    *(b'"revenue"', b'"total"', b'"value"', b'"list_id"', b'"recommendation_id"', b'"country"', b'"previousId"'),
    *(b'"track"', b'"identify"', b'"alias"', b'"page"', b'"screen"', b'"group"', b'"Order Completed"', b'"ann"'),
    *(b'"Product Added"', b'"Product Viewed"', b'"Order Refunded"', b'"Recommendation Shown"', b'"Product Clicked"'),
    *(b'"2026-03-01T12:34:56.789Z"', b'"2026-03-01T12:34:60Z"', b'"2016-12-31T23:59:60.000Z"', b'"0001-01-01"'),
    *(b'"9999-12-31T23:59:59.999Z"', b'"2026-02-30T00:00:00.000Z"', b'"1969-12-31T23:59:59.999Z"', b'"24:00"'),
    *(b'"2026-W09-7T12:34:56.78Z"', b'"2026-03-01T12:34:56+14:00"', b'"2026-03-01T12:34:56-23:59"', b"1772368496800"),
    *(b"1772368496", b"1772368496.789", b'"1772368496800"', b"-62135596800", b"253402300799999"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2.5, 1e9, -1e9, 1e300, 10**18, 10**30, 10**4_299, float("nan"), float("inf")),
    *("", " ", "ann", "x" * 100, "x" * 101, "a\x00b", "\x7f", "🦆", "é", "null", "85123A", "2.50", "1,5", "free", "-4"),
    *([], {}, [1], [None], {"a": 1}, [[]], [{}], {"products": []}, [{"product_id": "a"}], "2026-03-01T12:34:56.789Z"),
    *(NOW, NOW + 10**7, "Order Completed", "Product Added", "Recommendation Shown", REQUESTED, "gold"),
)
NAMES = (
    *("type", "messageId", "userId", "anonymousId", "timestamp", "event", "properties", "traits", "context"),
    *("products", "product_id", "sku", "id", "quantity", "price", "category", "revenue", "total", "value", "list_id"),
    *("recommendation_id", "country", "channel", "age", "previousId", "groupId", "", "\x00", "x" * 200),
    *("correlation_id", "items", "count"),
)
STAMPS = (0, -1, 1, NOW - 86_400_000, NOW + 3_600_000, 7_258_118_399_999, 7_258_118_400_000, 2**62, -(2**62))
KEYS = (None, b"", b"bob", b"\xff\xfe", b"\x00", b"x" * 5_000)


def seeds() -> list[bytes]:
    """Well-formed records: of the simulated shop, and one for each corner of the contract."""
    shop = [record.value for record in islice(Shop(7, customers=40, days=10).events(), 300) if record.value]
    products = [{"product_id": f"p{n}", "price": "2.50", "quantity": n, "category": "c"} for n in range(12)]
    corners: list[dict[str, Any]] = [
        EVENT,
        {"type": "identify", "userId": 12345, "traits": {"country": "Spain", "age": 41, "vip": True}},
        {"type": "alias", "userId": "ann", "previousId": "v1"},
        {"type": "page", "anonymousId": "v1", "properties": {"path": "/", "product_id": "p1"}},
        {"type": "group", "userId": "ann", "traits": {"plan": "gold"}},
        EVENT | {"event": "completed_order", "properties": {"products": products, "revenue": "12.50"}},
        EVENT | {"event": "Order Refunded", "timestamp": NOW // 1000, "properties": {"products": products[:1]}},
        EVENT | {"event": "Recommendation Shown", "properties": {"recommendation_id": 17, "products": products}},
        EVENT | {"event": "Product Clicked", "properties": {"recommendation_id": 17, "product_id": "p3"}},
        EVENT | {"event": REQUESTED, "properties": {"correlation_id": "c7", "items": ["p1", "p2"], "count": 3}},
        EVENT | {"event": "Ticket Opened", "context": {"ip": "::1", "nested": [[{"a": [1, {"b": None}]}]]}},
    ]
    return shop + [json.dumps(one, separators=(",", ":")).encode() for one in corners]


class Mutator:
    """An endless stream of records, decided by the seed alone.

    Parameters
    ----------
    seed
        Same seed, same records, as long as the same of them are kept.
    """

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._seeds = seeds()
        self._kept: list[bytes] = []
        self._ways: Sequence[Callable[[bytes], bytes]] = (self._of_bytes, self._of_tokens, self._of_object)

    def records(self) -> Iterator[Record]:
        """Mutants; one in fifty is a seed as it is."""
        rng = self._rng
        for offset in range(2**62):
            value: bytes | None = self._base()
            for _ in range(min(int(rng.expovariate(0.9)) + 1, 8) if rng.random() > 0.02 else 0):
                value = rng.choices(self._ways, (1, 2, 6))[0](value or b"")
            if rng.random() < 0.001:
                value = rng.choice((None, b"", gzip.compress(value or b"", 1)))
            stamp = NOW if rng.random() < 0.95 else rng.choice(STAMPS)
            yield Record("events", 0, offset, stamp, self._key(value), value)

    def keep(self, value: bytes) -> None:
        """Change this one again, later: so that what is let in gets ever further from the seeds."""
        if len(self._kept) < _KEPT:
            self._kept.append(value)
        else:
            self._kept[self._rng.randrange(_KEPT)] = value

    def _base(self) -> bytes:
        kept = self._kept if self._kept and self._rng.random() < 0.3 else self._seeds
        return self._rng.choice(kept)

    def _key(self, value: bytes | None) -> bytes | None:
        """Mostly the customer's, as far as one can be read."""
        if self._rng.random() < 0.05:
            return self._rng.choice(KEYS)
        try:
            fields = json.loads(value or b"")
            who = fields.get("userId")
            who = fields.get("anonymousId") if who is None else who
            return str(who).encode()
        except (ValueError, AttributeError, RecursionError):
            return b"ann"

    def _of_bytes(self, value: bytes) -> bytes:
        rng = self._rng
        at, way = rng.randrange(len(value) + 1), rng.randrange(7)
        to = min(len(value), at + int(rng.expovariate(0.1)))
        if way == 0 and value:
            at = min(at, len(value) - 1)
            return value[:at] + bytes([value[at] ^ 1 << rng.randrange(8)]) + value[at + 1 :]
        if way == 1:
            return value[:at] + rng.choice(BYTES) + value[at:]
        if way == 2:
            return value[:at] + value[to:]
        if way == 3:
            return value[:to] + value[at:]
        if way == 4:
            return value[:at]
        if way == 5:
            return value[:at] + rng.randbytes(rng.randrange(4)) + value[to:]
        other = self._base()
        return value[:at] + other[rng.randrange(len(other) + 1) :]

    def _of_tokens(self, value: bytes) -> bytes:
        rng = self._rng
        tokens = _TOKEN.findall(value)
        if not tokens:
            return rng.choice(TOKENS)
        at, way = rng.randrange(len(tokens)), rng.randrange(6)
        if way <= 2:
            tokens[at] = rng.choice(TOKENS)
        elif way == 3:
            tokens.insert(at, rng.choice(TOKENS))
        elif way == 4:
            other = rng.randrange(len(tokens))
            tokens[at], tokens[other] = tokens[other], tokens[at]
        else:
            tokens[at:at] = tokens[at : at + rng.randrange(1, 12)]
        return b"".join(tokens)

    def _of_object(self, value: bytes) -> bytes:
        try:
            fields = json.loads(value)
            changed = self._changed(fields)
            text = json.dumps(changed, separators=(",", ":"), ensure_ascii=self._rng.random() < 0.5)
            return text.encode("utf-8", "surrogatepass")
        except (ValueError, RecursionError):
            return self._of_tokens(value)

    def _changed(self, fields: Any) -> Any:
        """An object or array with something else somewhere inside."""
        rng = self._rng
        if not isinstance(fields, dict | list) or not fields or rng.random() < 0.02:
            return rng.choice(VALUES)
        if isinstance(fields, list):
            at = rng.randrange(len(fields))
            if rng.random() < 0.03:
                return fields * rng.randrange(1, 2 + 2_000 // len(fields))
            fields[at] = self._changed(fields[at])
            return fields
        inner = [name for name, value in fields.items() if isinstance(value, dict | list) and value]
        name, way = rng.choice(inner if inner and rng.random() < 0.6 else list(fields)), rng.random()
        if way < 0.6 and isinstance(fields[name], dict | list):
            fields[name] = self._changed(fields[name])
        elif way < 0.75:
            fields[name] = rng.choice(VALUES)
        elif way < 0.82:
            del fields[name]
        elif way < 0.95:
            fields[rng.choice(NAMES)] = rng.choice(VALUES)
        else:
            fields[rng.choice(NAMES)] = fields.pop(name)
        return fields
