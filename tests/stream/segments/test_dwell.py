"""Dwell: nobody leaves a segment before its time, under any cut, replay or restart."""

from __future__ import annotations

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from stream.durations import DAY
from stream.engine import Engine
from stream.entries import Entry, ModelAdopted
from stream.store.memory import MemoryStore
from stream.updates import SegmentChanged
from tests.stream.fold import config, events, run, with_models

DWELL = 12 * DAY
SEGMENTS = {"k": 3, "warm_up": 20, "sample": 64}
CONFIG = config(segments={**SEGMENTS, "dwell": "12d"}, recommend={"triggers": ()})
FREE = config(segments=SEGMENTS, recommend={"triggers": ()})


@cache
def entries() -> tuple[Entry, ...]:
    """The models are learnt from features, so that dwell changes none of them."""
    return tuple(with_models(events(), FREE))


@cache
def whole() -> tuple[bytes, str]:
    engine = Engine(CONFIG)
    return run(engine, list(entries())), engine.state_hash()


@cache
def moves(dwelling: bool) -> list[SegmentChanged]:
    updates, _ = Engine(CONFIG if dwelling else FREE).apply(entries())
    return [update for update in updates if isinstance(update, SegmentChanged)]


def alive() -> set[str]:
    """Segments that every model has."""
    known = [
        set(entry.model.segments.ids)
        for entry in entries()
        if isinstance(entry, ModelAdopted) and entry.model.segments is not None
    ]
    return set.intersection(*known)


def test_no_move_before_its_time_but_out_of_a_segment_that_died() -> None:
    since: dict[str, int] = {}
    for move in moves(dwelling=True):
        if move.from_ is not None and move.from_.id in alive():
            assert move.occurred_at - since[move.customer] >= DWELL
        since[move.customer] = move.occurred_at


def test_it_holds_moves_back_that_would_have_been() -> None:
    """Guards the test above: without dwell there are moves in a shorter time."""
    since: dict[str, int] = {}
    early = 0
    for move in moves(dwelling=False):
        early += move.from_ is not None and move.occurred_at - since[move.customer] < DWELL
        since[move.customer] = move.occurred_at
    assert early > 10
    assert 0 < sum(move.from_ is not None for move in moves(dwelling=True)) < len(moves(dwelling=False))


def test_a_first_assignment_is_never_delayed() -> None:
    first = [
        [(move.customer, move.occurred_at, move.to.id) for move in found if move.from_ is None]
        for found in (moves(dwelling=True), moves(dwelling=False))
    ]
    assert first[0] == first[1] != []


def test_who_was_held_back_moves_later_and_also_without_an_event() -> None:
    """In the end all are where they would be without dwell, but for what hysteresis lets stay."""
    held, free = Engine(CONFIG), Engine(FREE)
    held.apply(entries())
    free.apply(entries())
    where = {profile.customer: profile.segment for profile in held.customers}
    other = {profile.customer: profile.segment for profile in free.customers}
    assert where.keys() == other.keys()
    assert sum(where[customer] == other[customer] for customer in where) >= 0.9 * len(where)
    assert any(move.cause.kind == "time" for move in moves(dwelling=True))


@settings(max_examples=10, deadline=None)
@given(cuts=st.deferred(lambda: st.lists(st.integers(0, len(entries())), max_size=30)))
def test_batches_change_nothing(cuts: list[int]) -> None:
    engine = Engine(CONFIG)
    assert run(engine, list(entries()), cuts) == whole()[0]
    assert engine.state_hash() == whole()[1]


@settings(max_examples=6, deadline=None)
@given(at=st.deferred(lambda: st.integers(0, len(entries()))))
def test_saved_and_loaded_goes_on_the_same(at: int) -> None:
    store = MemoryStore()
    epoch = store.acquire(0)
    first = Engine(CONFIG)
    for low in range(0, at, 50):
        _, delta = first.apply(entries()[low : min(low + 50, at)])
        store.commit(0, epoch, delta, b"")
    second = Engine(CONFIG, store.load(0))
    assert second.state_hash() == first.state_hash()
    assert run(second, list(entries()[at:])) == run(first, list(entries()[at:]))
    assert second.state_hash() == whole()[1]
