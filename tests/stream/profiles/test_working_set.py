"""A bounded number of profiles in memory: the same state and the same updates as with all of them."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.config import EngineConfig, parse_config
from stream.durations import DAY
from stream.engine import Engine
from stream.entries import Entry, Event, Tick
from stream.errors import ConfigError
from stream.profiles.indexes import HOT as HOT_INDEX
from stream.profiles.indexes import QUIET, borders, indexes
from stream.profiles.indexes import SAMPLE as SAMPLED
from stream.profiles.sample import priority
from stream.recommend.counts import CHANGED
from stream.store.base import Saved, StateStore, StoredProfiles
from stream.store.memory import MemoryStore
from stream.updates import SegmentChanged, to_json
from tests.stream.fold import START, config, events, run, with_models

HOT, SAMPLE = 6, 10
SETTINGS = config(
    segments={"k": 3, "warm_up": 10, "sample": SAMPLE},
    profiles={"hot": HOT, "retention": "20d"},
    targets=[{"name": "again", "events": ["Order Completed"], "horizon": "15d", "min_examples": 10}],
)


@cache
def entries() -> tuple[Entry, ...]:
    """Customers come and go: of each 100 events the ten customers are others, and some come back much later."""
    stream: list[Entry] = []
    for turn, entry in enumerate(events(600, customers=12)):
        if isinstance(entry, Event) and entry.known:
            entry = entry._replace(customer=f"{entry.customer}-{turn // 60 % 8}")
        stream.append(entry)
    return tuple(with_models(stream, SETTINGS)[:-2])  # without the long ticks at the end: all would be forgotten


@cache
def whole() -> tuple[bytes, bytes]:
    engine = Engine(SETTINGS)
    return run(engine, list(entries())), state(engine)


def state(engine: Engine) -> bytes:
    """The state's hash, and what is contributed from it."""
    return engine.state_hash().encode() + engine.contribution().pack()


def stored(store: StateStore) -> Saved:
    return store.load(0) or Saved(0, profiles=StoredProfiles(store, 0))


def folded(cuts: list[int], restarts: set[int]) -> tuple[bytes, bytes, int]:
    """Updates, state and most profiles held, when each batch is stored, and owners change at `restarts`."""
    store = MemoryStore()
    epoch, engine = store.acquire(0), Engine(SETTINGS, Saved(0, profiles=StoredProfiles(store, 0)))
    said, low, held = [], 0, 0
    for high in [*sorted(cuts), len(entries())]:
        updates, delta = engine.apply(entries()[low:high])
        store.commit(0, epoch, delta, b"")
        said += updates
        if high in restarts:
            engine = Engine(SETTINGS, stored(store))
        engine.apply([])
        held, low = max(held, engine.customers.held), high
    return b"\n".join(to_json(update) for update in said), state(engine), held


def test_the_entries_exercise_what_is_tested() -> None:
    """Guards the other tests: customers are forgotten and return, and far more come than are hot."""
    engine, forgotten, back = Engine(SETTINGS), set(), set()
    for entry in entries():
        if isinstance(entry, Event) and entry.customer in forgotten:
            back.add(entry.customer)
        _, delta = engine.apply([entry])
        forgotten |= {customer for customer, packed in delta.profiles.items() if packed is None}
    assert len(back) > 5
    assert len(forgotten) > 30
    assert len(engine.customers) > 0


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_reading_what_is_needed_changes_nothing(data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(1, len(entries()) - 1), max_size=60, unique=True))
    restarts = data.draw(st.sets(st.sampled_from(sorted(cuts)))) if cuts else set()
    said, after, _ = folded(cuts, restarts)
    assert said == whole()[0]
    assert after == whole()[1]


def test_memory_holds_the_hot_and_the_sampled() -> None:
    _, _, held = folded(list(range(20, len(entries()), 20)), set())
    assert held <= HOT + SAMPLE


def test_timers_beyond_the_edge_are_read_when_they_come_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.timers.ROOM", 3)
    monkeypatch.setattr("stream.timers.Timers.__init__.__defaults__", (None, 3))
    said, after, _ = folded(list(range(7, len(entries()), 7)), {70, 140, 350})
    assert (said, after) == whole()


@pytest.mark.parametrize("cut", [40, 150, 333, 470, None])
def test_indexes_are_made_anew_from_profiles_as_they_were_kept(cut: int | None) -> None:
    store, engine = MemoryStore(), Engine(SETTINGS)
    epoch, cut = store.acquire(0), cut or len(entries())
    for low in range(0, cut, 30):
        store.commit(0, epoch, engine.apply(entries()[low : min(low + 30, cut)])[1], b"")
    saved = store.load(0)
    assert saved is not None
    kept = {name: dict(store.range(0, name, 0, 1_000)) for name in store.indexes(0) if name != CHANGED}
    made = indexes(store.scan(0), borders(saved.scalars))
    assert made == {name: ranks for name, ranks in kept.items() if ranks}
    assert made.keys() >= {HOT_INDEX, QUIET, SAMPLED}


def visits(customer: str, *days: float) -> list[Event]:
    return [
        Event(0, START + round(at * DAY), customer, True, f"{customer}{at}", "Product Viewed", {"product_id": "p"}, {})
        for at in days
    ]


def test_who_comes_back_after_the_retention_is_new() -> None:
    engine, fresh = Engine(SETTINGS), Engine(SETTINGS)
    engine.apply([*visits("ann", 0, 1), Tick(START + 40 * DAY)])
    assert len(engine.customers) == 0
    assert engine.customers.get("ann") is None
    engine.apply(visits("ann", 200))
    fresh.apply(visits("ann", 200))
    mine, theirs = engine.customers.get("ann"), fresh.customers.get("ann")
    assert mine is not None
    assert theirs is not None
    mine.touched = theirs.touched
    assert mine.pack() == theirs.pack()


def test_nothing_is_left_in_the_store_of_who_was_forgotten() -> None:
    store = MemoryStore()
    engine = Engine(SETTINGS, Saved(0, profiles=StoredProfiles(store, 0)))
    epoch = store.acquire(0)
    store.commit(0, epoch, engine.apply(entries()[:400])[1], b"")
    store.commit(0, epoch, engine.apply([Tick(engine.clock + 24 * DAY)])[1], b"")
    engine.apply([])
    assert (store.customers(0), len(engine.customers), engine.customers.held) == (0, 0, 0)
    assert {name: store.range(0, name, 0, 10) for name in store.indexes(0) if name != CHANGED} == {
        name: [] for name in ("due:quiet", "hot", "label:again", "sample")
    }


def test_who_is_forgotten_and_comes_back_within_a_batch_is_new() -> None:
    store = MemoryStore()
    epoch = store.acquire(0)
    others = [event for number in range(40) for event in visits(f"c{number}", 0, 23.5)]
    store.commit(0, epoch, Engine(SETTINGS).apply([*visits("ann", 0), *others])[1], b"")
    engine, whole = Engine(SETTINGS, store.load(0)), Engine(SETTINGS)
    whole.apply([*visits("ann", 0), *others])
    for one in (engine, whole):
        one.apply([Tick(START + 24 * DAY), *visits("ann", 24.2)])
    assert len(engine.customers) == 41
    assert state(engine) == state(whole)


def test_the_sample_is_drawn_anew_when_half_of_it_was_forgotten() -> None:
    engine = Engine(SETTINGS)
    names = sorted((f"c{number}" for number in range(40)), key=priority)
    engine.apply([event for name in names for event in visits(name, 0)])
    assert engine.contribution().ids == tuple(names[:SAMPLE])
    engine.apply([event for name in names[SAMPLE:] for event in visits(name, 15)])
    engine.apply([Tick(START + 25 * DAY)])
    left = engine.contribution().ids
    assert left == tuple(names[SAMPLE : SAMPLE + len(left)])
    assert len(left) >= SAMPLE / 2


def test_a_sample_that_has_lost_some_stays_below_its_threshold_after_a_restart() -> None:
    store = MemoryStore()
    engine, epoch = Engine(SETTINGS), store.acquire(0)
    names = sorted((f"c{number}" for number in range(40)), key=priority)
    old = [event for name in names for event in visits(name, 0)]
    active = [event for name in names[3:] for event in visits(name, 15)]
    store.commit(0, epoch, engine.apply([*old, *active, Tick(START + 24 * DAY)])[1], b"")
    assert len(engine.contribution().ids) == SAMPLE - 3
    again = Engine(SETTINGS, store.load(0))
    for one in (engine, again):
        one.apply([event for number in range(40) for event in visits(f"new{number}", 25)])
    assert again.contribution().pack() == engine.contribution().pack()


def test_who_comes_before_the_retention_is_over_is_kept() -> None:
    engine = Engine(SETTINGS)
    engine.apply([*visits("ann", 0, 18), Tick(START + 30 * DAY)])
    assert len(engine.customers) == 1


def test_nobody_is_forgotten_without_a_retention() -> None:
    engine = Engine(config(profiles={"retention": None}))
    engine.apply([*visits("ann", 0), Tick(START + 10_000 * DAY)])
    assert len(engine.customers) == 1


def test_a_new_model_moves_hot_customers_at_once_and_others_at_their_next_look() -> None:
    """With all hot, every customer is decided at the adoption; with six hot, the others by time or at an event."""

    def first_segments(settings: EngineConfig) -> dict[str, str]:
        updates, _ = Engine(settings).apply(entries())
        firsts: dict[str, str] = {}
        for update in updates:
            if isinstance(update, SegmentChanged):
                firsts.setdefault(update.customer, update.cause.kind)
        return firsts

    every = first_segments(SETTINGS.model_copy(update={"profiles": SETTINGS.profiles.model_copy(update={"hot": 999})}))
    few = first_segments(SETTINGS)
    by_model = [name for name, kind in every.items() if kind == "model"]
    assert len(by_model) > HOT
    assert sum(few.get(name) == "model" for name in by_model) <= HOT
    assert {few[name] for name in by_model if name in few} >= {"model", "time"}


def test_a_horizon_beyond_the_retention_is_refused() -> None:
    values = SETTINGS.model_dump(mode="json", exclude_none=True)
    values["profiles"]["retention"] = "10d"
    with pytest.raises(ConfigError, match=r"again.*retention"):
        parse_config(values)
