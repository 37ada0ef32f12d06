"""The fold is pure: cuts, redelivery, restarts and hash seeds change nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.durations import DAY
from stream.engine import Engine
from stream.entries import Entry, Event, ModelAdopted, Tick
from stream.store.memory import MemoryStore
from stream.updates import ItemsRecommended, PropensityScored, SegmentChanged, to_json
from tests.stream.fold import START, config, events, run, with_models

CONFIG = config()
SEGMENTS = {"k": 3, "warm_up": 20, "sample": 64, "min_share": 0.2}


@cache
def entries() -> tuple[Entry, ...]:
    return tuple(with_models(events(), CONFIG))


@cache
def whole() -> tuple[bytes, str]:
    engine = Engine(CONFIG)
    return run(engine, list(entries())), engine.state_hash()


def test_every_kind_of_update_comes_out() -> None:
    """Guards the other tests here: they would pass on an engine that says nothing."""
    updates, _ = Engine(CONFIG).apply(entries())
    kinds = {type(update) for update in updates}
    assert {SegmentChanged, PropensityScored, ItemsRecommended} < kinds
    causes = {update.cause.kind for update in updates if isinstance(update, SegmentChanged)}
    assert causes == {"event", "time", "model"}


@settings(max_examples=40, deadline=None)
@given(cuts=st.deferred(lambda: st.lists(st.integers(0, len(entries())), max_size=30)))
def test_batches_change_nothing(cuts: list[int]) -> None:
    engine = Engine(CONFIG)
    assert run(engine, list(entries()), cuts) == whole()[0]
    assert engine.state_hash() == whole()[1]


def test_one_entry_at_a_time_is_the_same() -> None:
    engine = Engine(CONFIG)
    assert run(engine, list(entries()), list(range(len(entries())))) == whole()[0]
    assert engine.state_hash() == whole()[1]


@settings(max_examples=25, deadline=None)
@given(at=st.deferred(lambda: st.integers(1, len(entries()) - 1)), again=st.integers(1, 400))
def test_redelivery_changes_nothing(at: int, again: int) -> None:
    """Any prefix delivered again, under new offsets, after any point: the same updates, the same profiles."""
    once = list(entries())
    repeats = [entry for entry in once[:at] if isinstance(entry, Event)][:again]
    engine = Engine(CONFIG)
    run(engine, once[:at])
    before = engine.customers.pack(), engine.recommender.pack(), engine.clock
    assert run(engine, [entry._replace(position=10_000 + n) for n, entry in enumerate(repeats)]) == b""
    assert (engine.customers.pack(), engine.recommender.pack(), engine.clock) == before


def test_duplicates_are_remembered_up_to_the_bound() -> None:
    small = config(events={"remember": 10})
    stream = [Event(n, START + n, "u", True, f"m{n}", "Product Viewed", {"product_id": "p"}, {}) for n in range(12)]
    engine = Engine(small)
    engine.apply(stream)
    before = engine.customers.pack()
    engine.apply([stream[2]._replace(position=12)])  # ten others since: still known
    assert engine.customers.pack() == before
    engine.apply([stream[1]._replace(position=13)])  # eleven: forgotten, so it counts again
    assert engine.customers.pack() != before


@settings(max_examples=20, deadline=None)
@given(at=st.deferred(lambda: st.integers(0, len(entries()))))
def test_saved_and_loaded_goes_on_the_same(at: int) -> None:
    store = MemoryStore()
    epoch = store.acquire(0)
    first = Engine(CONFIG)
    updates = b""
    for low in range(0, at, 50):
        some, delta = first.apply(entries()[low : min(low + 50, at)])
        store.commit(0, epoch, delta, b"")
        updates += b"".join(f"{update.model_dump_json(by_alias=True)}\n".encode() for update in some)
    second = Engine(CONFIG, store.load(0))
    assert second.state_hash() == first.state_hash()
    rest = list(entries()[at:])
    assert run(second, rest) == run(first, rest)
    assert second.state_hash() == first.state_hash() == whole()[1]


@settings(max_examples=25, deadline=None)
@given(items=st.lists(st.integers(0, 60), min_size=12, max_size=120), every=st.integers(1, 30))
def test_a_customer_of_many_items_is_the_same_saved_or_not(items: list[int], every: int) -> None:
    """Distinct counts pass from a list to a set to registers: none of them remembers that it was stored."""
    orders = [
        Event(n, START + n, "u", True, f"m{n}", "Order Completed", {"products": [{"product_id": f"p{item}"}]}, {})
        for n, item in enumerate(items)
    ]
    store, whole = MemoryStore(), Engine(CONFIG)
    epoch, engine = store.acquire(0), Engine(CONFIG)
    for low in range(0, len(orders), every):
        whole.apply(orders[low : low + every])
        _, delta = engine.apply(orders[low : low + every])
        store.commit(0, epoch, delta, b"")
        engine = Engine(CONFIG, store.load(0))
        assert engine.state_hash() == whole.state_hash()


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_order_among_customers_leaves_profiles_unchanged(data: st.DataObject) -> None:
    stream = [entry for entry in entries() if isinstance(entry, Event)][:120]
    queues: dict[str, list[Event]] = {}
    for event in stream:
        queues.setdefault(event.customer, []).append(event)
    order = data.draw(st.permutations([event.customer for event in stream]))
    shuffled = [queues[customer].pop(0) for customer in order]
    one, other = Engine(CONFIG), Engine(CONFIG)
    one.apply(stream)
    other.apply(shuffled)
    for customer in queues:
        mine, theirs = one.customers.get(customer), other.customers.get(customer)
        if mine is None:
            assert theirs is None  # an anonymous visitor has no profile
        else:
            assert theirs is not None
            mine.touched, mine.due = theirs.touched, theirs.due  # which come of the order
            assert mine.pack() == theirs.pack()


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_hash_seed_changes_nothing(seed: str) -> None:
    code = (
        "import hashlib\n"
        "from stream.engine import Engine\n"
        "from tests.stream.fold import config, events, run, with_models\n"
        "engine = Engine(config())\n"
        "updates = run(engine, with_models(events(), config()))\n"
        "print(hashlib.sha256(updates).hexdigest(), engine.state_hash())\n"
    )
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    import hashlib

    assert done.stdout.split() == [hashlib.sha256(whole()[0]).hexdigest(), whole()[1]]


def test_quiet_customers_move_without_an_event() -> None:
    *past, first, second, third = entries()
    assert isinstance(first, Tick)
    engine = Engine(CONFIG)
    engine.apply(past)
    updates, _ = engine.apply([first, second, third])
    moves = [update for update in updates if isinstance(update, SegmentChanged)]
    assert moves
    assert {move.cause.kind for move in moves} == {"time"}


def test_a_tick_split_in_two_fires_the_same_timers() -> None:
    engine, stepwise = Engine(CONFIG), Engine(CONFIG)
    past = [entry for entry in entries() if not isinstance(entry, Tick)]
    engine.apply(past)
    stepwise.apply(past)
    end = engine.clock + 30 * DAY
    assert run(engine, [Tick(end)]) == run(stepwise, [Tick(end - 11 * DAY), Tick(end)])
    assert engine.state_hash() == stepwise.state_hash()


@pytest.mark.parametrize("algorithm", ["kmeans", "hierarchical", "density"])
def test_receipts_add_up_and_cuts_change_nothing_whatever_the_algorithm(algorithm: str) -> None:
    everything = config(segments=SEGMENTS | {"algorithm": algorithm, "reasons": 100})
    stream = with_models(events(), everything)
    engine = Engine(everything)
    updates, _ = engine.apply(stream)
    moves = [update for update in updates if isinstance(update, SegmentChanged)]
    assert len(moves) > 40
    for move in moves:
        assert move.margin > 0
        assert sum(feature.contribution for feature in move.features) == pytest.approx(move.margin, abs=1e-4)
        assert move.from_ is None or move.from_.id != move.to.id
    for cuts in (list(range(len(stream))), list(range(0, len(stream), 37))):
        again = Engine(everything)
        assert run(again, stream, cuts) == b"\n".join(to_json(update) for update in updates)
        assert again.state_hash() == engine.state_hash()
    store = MemoryStore()
    first, half = Engine(everything), len(stream) // 2
    _, delta = first.apply(stream[:half])
    store.commit(0, store.acquire(0), delta, b"")
    second = Engine(everything, store.load(0))
    assert run(second, stream[half:]) == run(first, stream[half:])
    assert second.state_hash() == engine.state_hash()


def test_update_ids_are_unique() -> None:
    updates, _ = Engine(CONFIG).apply(entries())
    ids = [update.id for update in updates]
    assert len(ids) == len(set(ids))


def test_models_are_adopted_at_once_and_survive_packing() -> None:
    adopted = [entry for entry in entries() if isinstance(entry, ModelAdopted)]
    assert len(adopted) >= 3
    from stream.model import Model

    for entry in adopted:
        again = Model.unpack(entry.model.packed)
        assert again.to_dict() == entry.model.to_dict()
        assert again.digest == entry.model.digest
