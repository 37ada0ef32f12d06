"""Labels in the fold: features of the moment, one label each, and never from the future."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from stream.config import EngineConfig, ProfilesConfig
from stream.durations import DAY
from stream.engine import Engine
from stream.entries import Entry, Event, ModelAdopted, Tick
from stream.model import Model
from stream.propensity.classifiers.naive_bayes import BayesPart
from stream.propensity.labels import OpenExample, Resolved
from stream.store.base import Saved
from stream.store.memory import MemoryStore
from tests.stream import fold

HORIZON = 10 * DAY


def config(*targets: dict[str, Any]) -> EngineConfig:
    """The small shop with one target of ten days, or these."""
    base: dict[str, Any] = {"name": "orders", "events": ["Order Completed"], "horizon": HORIZON, "min_examples": 1}
    return fold.config(targets=[base | changes for changes in targets or ({},)])


@cache
def model() -> Model:
    """Segments, and so a scaling; no classifier yet."""
    settings = config()
    entries = fold.with_models(fold.events(120), settings)
    found = next(one.model for one in entries if isinstance(one, ModelAdopted) and one.model.segments is not None)
    return Model(found.version, found.clock, found.learnt)


def event(day: float, kind: str = "Order Completed", customer: str = "ann", **properties: Any) -> Event:
    time = fold.START + round(day * DAY)
    position = round(1_000 * (day + 100))
    products = {"products": [{"product_id": "p1", "price": 5.0}]} | properties
    return Event(position, time, customer, True, f"m-{customer}-{day}-{kind}", kind, products, {})


def day(days: float) -> Tick:
    return Tick(fold.START + round(days * DAY))


def engine_after(settings: EngineConfig, *entries: Entry) -> Engine:
    engine = Engine(settings)
    engine.apply([ModelAdopted(model()), *entries])
    return engine


def learnt(*entries: Entry, settings: EngineConfig | None = None, target: str = "orders") -> tuple[int, int]:
    """Examples and positives learnt from these entries."""
    contribution = engine_after(settings or config(), *entries).contribution().propensity[target]
    return contribution.examples, contribution.positives


def open_example(engine: Engine, target: str = "orders", customer: str = "ann") -> OpenExample | None:
    profile = engine.customers.get(customer)
    assert profile is not None
    standing = profile.standings.get(target)
    return None if standing is None else standing.example


def test_an_example_is_learnt_when_its_horizon_has_passed_and_not_before() -> None:
    assert learnt(event(0), day(9.99)) == (0, 0)
    assert learnt(event(0), day(10.01)) == (1, 0)
    assert learnt(event(0), event(3), day(9.99)) == (0, 0)
    assert learnt(event(0), event(3), day(10.01)) == (1, 1)


def test_an_example_is_learnt_before_its_customer_is_forgotten() -> None:
    """Looks after 12.2 and 23.8 days of silence: what opened at the first is due at 22.2 and learnt at the second."""
    settings = config().model_copy(update={"profiles": ProfilesConfig(retention=20 * DAY)})
    engine = engine_after(settings, event(0), day(22))
    assert engine.contribution().propensity["orders"].examples == 1
    engine.apply([day(24)])
    assert len(engine.customers) == 0
    assert engine.contribution().propensity["orders"].examples == 2


def test_the_label_is_known_as_soon_as_it_happens_and_never_turns_back() -> None:
    settings = config()
    target = settings.targets[0]
    for entries, known in (
        ([event(0)], False),
        ([event(0), event(3)], True),
        ([event(0), event(3), event(4, "Order Refunded"), day(9)], True),
    ):
        example = open_example(engine_after(settings, *entries))
        assert example is not None
        assert example.label(target) is known


def test_a_customer_who_orders_every_day_is_no_more_examples_than_one_who_is_gone() -> None:
    busy = [event(place) for place in range(20)]
    assert learnt(*busy, day(19.5)) == (1, 1)
    assert learnt(event(0), day(19.5))[0] == 1


def test_one_label_for_each_example_never_both_and_never_twice() -> None:
    """Orders before and after the horizon, late ones among them: examples are opened and learnt one for one."""
    entries = [event(0), event(3), event(10), event(10.5), event(3.5), event(19), day(31)]
    engine = engine_after(config(), *entries)
    contribution = engine.contribution().propensity["orders"]
    assert (contribution.examples, contribution.positives) == (2, 2)  # of day 0 and of day 10.5; a third is open
    engine.apply([day(31), event(3), event(10.5)])  # nothing new: time stands still, and events come again
    assert engine.contribution().propensity["orders"].examples == contribution.examples


def test_what_happens_at_the_moment_or_after_the_horizon_does_not_count() -> None:
    at_once = event(0)._replace(message_id="other")
    assert learnt(event(0), at_once, day(10.01)) == (1, 0)
    assert learnt(event(0), event(10.01)) == (1, 0)
    assert learnt(event(0), event(10), day(10.01)) == (1, 1)


def test_a_late_order_counts_at_its_own_time() -> None:
    other = event(9, customer="bob")
    assert learnt(event(0), other, event(5), day(10.01)) == (1, 1)
    assert learnt(event(0), other, event(-1), day(10.01)) == (1, 0)


def test_a_planted_leak_stays_out() -> None:
    """`frequency` counts orders, so with the label it would tell all: what is learnt is its value when scored."""
    settings = config({"classifier": "naive_bayes"})
    place = [feature.name for feature in settings.features].index("frequency")
    engine = engine_after(settings, event(0), event(1), event(2), event(3), day(10.01))
    part = engine.contribution().propensity["orders"].part
    assert isinstance(part, BayesPart)
    assert part.count.tolist() == [0, 1]
    assert np.expm1(part.mean[1, place]) == pytest.approx(1.0)  # one order at the moment, four when the label was known


def test_absence_is_a_label_too() -> None:
    settings = config({"absent": True})
    assert learnt(event(0), event(3), day(10.01), settings=settings) == (1, 0)
    assert learnt(event(0), day(10.01), settings=settings) == (1, 1)


def test_amounts_are_summed_until_they_are_enough() -> None:
    settings = config({"value": "revenue", "at_least": 100})
    spent = [event(0), event(1, revenue=60), event(2, "Product Viewed", revenue=500), event(3, revenue=39.5)]
    assert learnt(*spent, day(10.01), settings=settings) == (1, 0)
    assert learnt(*spent, event(4, revenue=0.5), day(10.01), settings=settings) == (1, 1)
    twice = config({"at_least": 2})
    assert learnt(event(0), event(1), day(10.01), settings=twice) == (1, 0)
    assert learnt(event(0), event(1), event(2), day(10.01), settings=twice) == (1, 1)


def test_only_events_with_the_properties_asked_for_count() -> None:
    settings = config({"where": {"tier": "gold"}})
    assert learnt(event(0), event(1, tier="blue"), event(2), day(10.01), settings=settings) == (1, 0)
    assert learnt(event(0), event(1, tier="gold"), day(10.01), settings=settings) == (1, 1)


def test_defaults_on_the_next_payment() -> None:
    """A payment that comes first settles it: what is missed after it does not count."""
    settings = config({"events": ["Order Cancelled"], "until": ["Order Completed"]})
    missed, paid = event(2, "Order Cancelled"), event(1)
    assert learnt(event(0), missed, day(10.01), settings=settings) == (1, 1)
    assert learnt(event(0), paid, missed, day(10.01), settings=settings) == (1, 0)


def test_only_who_is_eligible_is_scored_and_learnt_from() -> None:
    settings = config({"eligible": [{"feature": "frequency", "least": 2}]})
    engine = engine_after(settings, event(0), event(1, customer="bob"))
    assert open_example(engine) is None
    assert learnt(event(0), event(1), day(30), settings=settings)[0] >= 1
    engine = engine_after(settings, event(0), event(1))
    example = open_example(engine)
    assert example is not None
    assert example.opened_at == event(1).time


@pytest.mark.parametrize(
    ("changes", "scored"),
    [
        ({}, [0, 0.2, 1, 2, 3]),
        ({"score_on": ["Product Added"]}, [1, 2, 3]),
        ({"score_on": ["Product Added"], "score_quiet": False}, [1, 2]),
        ({"every": "1d"}, [0, 1, 2, 3]),
        ({"every": "2d"}, [0, 2]),
    ],
)
def test_a_customer_is_scored_when_the_target_says(changes: dict[str, Any], scored: list[float]) -> None:
    """Events on days 0, 0.2, 1 and 2, and a look at the quiet customer on day 3."""
    engine = engine_after(config(changes))
    found = set()
    for entry in (
        event(0, "Product Viewed"),
        event(0.2, "Product Viewed"),
        event(1, "Product Added"),
        event(2, "Product Added"),
        day(3.5),
    ):
        engine.apply([entry])
        profile = engine.customers.get("ann")
        assert profile is not None
        if (standing := profile.standings.get("orders")) is not None:
            found.add(round((standing.scored_at - fold.START) / DAY, 1))
    assert sorted(found) == scored


def test_targets_are_apart() -> None:
    settings = config({}, {"name": "leaves", "absent": True, "horizon": "5d"})
    entries = [event(0), event(7), day(10.01)]
    assert learnt(*entries, settings=settings) == (1, 1)
    assert learnt(*entries, settings=settings, target="leaves") == (1, 1)
    engine = engine_after(settings, *entries, day(40))
    assert {one.target for one in engine.apply([event(41)])[0] if hasattr(one, "target")} <= {"orders", "leaves"}


def saved_after(settings: EngineConfig, *entries: Entry) -> Saved:
    """What a store holds when the entries are applied."""
    store = MemoryStore()
    store.commit(0, store.acquire(0), Engine(settings).apply(entries)[1], b"")
    saved = store.load(0)
    assert saved is not None
    return saved


def test_a_target_that_is_no_longer_declared_is_forgotten() -> None:
    both = config({}, {"name": "leaves", "absent": True})
    entries = [ModelAdopted(model()), event(0), event(1)]
    saved = saved_after(both, *entries)
    assert open_example(Engine(both, saved), "leaves") is not None
    engine = Engine(config(), saved)
    assert open_example(engine, "leaves") is None
    assert open_example(engine) is not None


def test_an_observer_is_told_of_each_example_once_and_changes_nothing() -> None:
    entries = [event(0), event(3), event(20, customer="bob"), day(40)]
    told: list[Resolved] = []
    watched, unwatched = Engine(config()), Engine(config())
    watched.scorer.observe(told.append)
    for engine in (watched, unwatched):
        engine.apply([ModelAdopted(model()), *entries])
    happened = [(one.target, one.customer, one.happened) for one in told]
    assert happened[0] == ("orders", "ann", True)
    assert ("orders", "bob", False) in happened
    assert all(one.example.due < watched.clock for one in told)
    assert watched.state_hash() == unwatched.state_hash()
    assert len(told) == watched.contribution().propensity["orders"].examples


def test_a_target_that_is_added_learns_from_the_next_start_on() -> None:
    """A model is there already, and none is adopted before the first horizon is over."""
    one, two = config(), config({}, {"name": "leaves", "absent": True, "horizon": "5d"})
    engine = Engine(two, saved_after(one, ModelAdopted(model()), event(0)))
    engine.apply([event(1), day(6.01)])
    assert engine.contribution().propensity["leaves"].examples == 1
    assert engine.contribution().propensity["orders"].examples == 0


def test_history_that_comes_late_is_not_learnt_as_what_did_not_happen() -> None:
    """Ann's year is loaded after Bob's: by Ann's first event all her horizons are over, and her orders are to come."""
    late = [event(place) for place in range(0, 60, 5)]
    assert learnt(event(100, customer="bob"), *late)[0] == 0
    in_order = learnt(*late, event(100, customer="bob"))
    assert in_order[1] >= 5


def test_a_look_at_who_came_late_is_at_the_present_time() -> None:
    engine = engine_after(config({"score_on": ["Product Added"]}), event(100, customer="bob"), event(1), day(100.5))
    profile = engine.customers.get("ann")
    assert profile is not None
    assert profile.standings["orders"].scored_at >= event(100).time


def test_true_is_not_one() -> None:
    settings = config({"where": {"gift": True}})
    assert learnt(event(0), event(1, gift=1), day(10.01), settings=settings) == (1, 0)
    assert learnt(event(0), event(1, gift=True), day(10.01), settings=settings) == (1, 1)
