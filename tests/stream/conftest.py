"""The standard event, changed a little, and what decoding makes of it."""

from __future__ import annotations

import json
from typing import Any

import stream.events
from stream.config import EventsConfig
from stream.entries import Event, Rejected
from stream.events import decode
from stream.records import Record

NOW = 1_772_368_496_800  # 2026-03-01T12:34:56.800Z
CONFIG = EventsConfig()
EVENT: dict[str, Any] = {
    "type": "track",
    "messageId": "m1",
    "userId": "ann",
    "timestamp": "2026-03-01T12:34:56.789Z",
    "event": "Product Added",
    "properties": {"product_id": "85123A", "price": 2.55},
}


def record(value: bytes | None, key: bytes | None = b"ann", timestamp: int = NOW) -> Record:
    return Record("events", 3, 17, timestamp, key, value)


def decoded(config: EventsConfig = CONFIG, key: bytes | None = b"ann", **changes: Any) -> Event | Rejected:
    """The standard event with some fields changed (None removes one), decoded."""
    fields = {name: value for name, value in (EVENT | changes).items() if value is not None}
    return decode(record(json.dumps(fields).encode(), key), config)


def accepted(config: EventsConfig = CONFIG, key: bytes | None = b"ann", **changes: Any) -> Event:
    event = decoded(config, key, **changes)
    assert isinstance(event, Event), event
    return event


def refused(value: bytes | None, config: EventsConfig = CONFIG, key: bytes | None = b"ann") -> tuple[str, str]:
    rejected = decode(record(value, key), config)
    assert isinstance(rejected, Rejected), rejected
    assert rejected == Rejected(17, rejected.code, rejected.detail, "events", 3, NOW, key, value)
    assert f"\n{rejected.code} " in (stream.events.__doc__ or ""), "every code is in the table"
    assert rejected.detail.endswith(".")
    return rejected.code, rejected.detail


def refused_with(**changes: Any) -> tuple[str, str]:
    rejected = decoded(**changes)
    assert isinstance(rejected, Rejected), rejected
    return refused(rejected.value, key=rejected.key)
