"""What holds of any record: it is decoded, within bounds, and folded without harm."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgpack
import numpy as np

import stream.events
from producers.encode import encode
from producers.topics import Topics
from stream.config import EngineConfig, EventsConfig, Feature, preset
from stream.engine import Engine
from stream.entries import Event, Rejected, Tick
from stream.events import decode
from stream.records import Record
from stream.store.base import Delta, Saved
from stream.store.memory import MemoryStore
from stream.updates import EventRejected
from tests.fuzz.mutate import Mutator
from tests.stream import fold
from tests.stream.conftest import NOW

CODES = frozenset(re.findall(r"^([a-z_]+) {2,}", stream.events.__doc__ or "", re.MULTILINE)) - {"code"}
_LIMITS = (
    EventsConfig(),
    EventsConfig(require_key=False),
    EventsConfig(max_bytes=1_500, max_id_length=20, allowed_skew=1),
    EventsConfig(max_bytes=2**20, require_key=False),
)
_END = 7_258_118_400_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]").search
_TOPICS = Topics()
_SLOWEST = 1.0  # seconds of processor time for one record: it takes microseconds
_AT_ONCE = 1_000


class Broken(AssertionError):
    """A record for which something does not hold; says which, so that it can be made a test."""


@cache
def config() -> EngineConfig:
    """The small shop, with features of traits and a named trait's categories."""
    traits = (
        Feature(name="age", aggregate="trait", value="age", least=0, most=120),
        Feature(name="country", aggregate="trait", value="country", categories=("Spain", "17", "true")),
    )
    known = tuple(feature.model_dump(exclude_unset=True) for feature in (*preset("shop").features, *traits))
    return fold.config(features=known)


@cache
def grown() -> Saved:
    """A partition with customers and a model, whose clock is where the records' is."""
    settings = config()
    engine = Engine(settings)
    _, delta = engine.apply([*fold.with_models(fold.events(), settings), Tick(NOW)])
    return as_saved(delta)


def as_saved(delta: Delta) -> Saved:
    """What a store would hold of the first delta of an engine."""
    store = MemoryStore()
    store.commit(0, store.acquire(0), delta, b"")
    saved = store.load(0)
    assert saved is not None
    return saved


class Fuzz:
    """Decodes and folds mutants, and counts what became of them.

    Parameters
    ----------
    seed
        Decides all.

    Attributes
    ----------
    outcomes
        Kind of an outcome -> records: `event`, the codes of refusals, and classes of updates.
    slowest
        Longest decoding, in seconds of processor time, and the record's value.
    """

    def __init__(self, seed: int) -> None:
        self.outcomes: Counter[str] = Counter()
        self.slowest: tuple[float, bytes] = (0.0, b"")
        self._mutator = Mutator(seed)
        self._records = self._mutator.records()
        self._config, self._saved = config(), grown()
        self._place = 0

    def run(self, count: int) -> None:
        """Look at the next `count` records.

        Raises
        ------
        Broken
            At the first for which something does not hold.
        """
        while count > 0:
            records = [next(self._records) for _ in range(min(count, _AT_ONCE))]
            self._fold([self._decode(record) for record in records])
            count -= len(records)

    def _decode(self, record: Record) -> Event | Rejected:
        self._place += 1
        limits = _LIMITS[self._place % 7 % len(_LIMITS)]
        began = time.thread_time()
        try:
            entry = decode(record, limits)
        except BaseException as error:
            raise Broken(f"decode raises {error!r} for {record!r}") from error
        took = time.thread_time() - began
        if took > self.slowest[0]:
            self.slowest = (took, record.value or b"")
        wrong = wrongs(entry, record, limits)
        if took > _SLOWEST:
            wrong.append(f"it took {took:.1f} s")
        if wrong:
            raise Broken(f"{'; '.join(wrong)}: {record!r} became {entry!r}")
        if isinstance(entry, Event):
            self.outcomes["event"] += 1
            self._mutator.keep(record.value or b"")
        else:
            self.outcomes[entry.code] += 1
        return entry

    def _fold(self, entries: list[Event | Rejected]) -> None:
        try:
            self.outcomes.update(harm(Engine(self._config, self._saved), entries))
        except Exception as last:
            error, taken, broken = last, 0, len(entries)  # which of them it is
            while broken - taken > 1:
                count = (taken + broken) // 2
                try:
                    harm(Engine(self._config, self._saved), entries[:count])
                    taken = count
                except Exception as earlier:
                    broken, error = count, earlier
            raise Broken(f"the fold does not take {entries[taken]!r}: {error!r}") from error


def _no_number(name: str) -> None:
    raise AssertionError(f"{name} got into an update")


def wrongs(entry: Event | Rejected, record: Record, limits: EventsConfig) -> list[str]:
    """What does not hold of a decoded record."""
    if isinstance(entry, Rejected):
        holds = {
            "its code is in the table": entry.code in CODES,
            "its detail is a sentence": entry.detail.endswith(".") and len(entry.detail) < 1_000,
            "the record is kept": (entry.key, entry.value, entry.position) == (record.key, record.value, record.offset),
        }
    elif isinstance(entry, Event):
        ids = (entry.customer, entry.message_id)
        holds = {
            "ids are no longer than allowed": all(
                0 < len(one) <= limits.max_id_length for one in ids if one != f"events-0-{record.offset}"
            ),
            "ids and names have no control characters": not any(map(_CONTROL, (*ids, entry.kind))),
            "the name is no longer than allowed": 0 < len(entry.kind) <= max(limits.max_id_length, 40),
            "the time is in range": type(entry.time) is int and 0 <= entry.time < _END,
            "it is not ahead": entry.time - record.timestamp <= limits.allowed_skew,
            "properties and traits are objects": isinstance(entry.properties, Mapping)
            and isinstance(entry.traits, Mapping),
            "the key is the customer": not limits.require_key or record.key == entry.customer.encode(),
        }
    else:
        return [f"decode gives {type(entry).__name__}"]
    return [f"not so: {what}" for what, true in holds.items() if not true]


def harm(engine: Engine, entries: list[Event | Rejected]) -> Counter[str]:
    """Fold records; classes of the updates.

    Raises
    ------
    AssertionError
        When a number that is none, or a text that cannot be written, got into state or output.
    """
    updates, delta = engine.apply(entries)
    assert delta.watermark == entries[-1].position + 1
    for update in updates:
        record = encode(update, _TOPICS)
        if not isinstance(update, EventRejected):
            json.loads(record.value or b"", parse_constant=_no_number)
    touched = [engine.customers.get(customer) for customer in delta.profiles]
    rows = [profile for profile in touched if profile is not None]
    slots = np.frombuffer(b"".join(profile.slots.tobytes() for profile in rows))
    assert np.isfinite(slots).all(), "an accumulator is not finite"
    if rows:
        features = engine.customers.read(rows, engine.clock)
        assert not np.isinf(features).any(), "a feature is infinite"
        assert engine.model.segments is not None
        scaled = engine.model.segments.scaling.transform_many(features)
        assert np.isfinite(scaled).all(), "a prepared feature is not finite"
    packed: list[Any] = [delta.profiles, delta.items, delta.scalars]
    msgpack.packb(packed)  # names that are UTF-8
    return Counter(type(update).__name__ for update in updates)
