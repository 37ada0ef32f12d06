"""Labels in the fold: features of the moment, one label each, and never from the future."""

from __future__ import annotations

from stream.durations import DAY
from stream.engine import Engine
from stream.entries import Entry, Event, ModelAdopted, Tick
from stream.model import Model
from tests.stream import fold

HORIZON = 10 * DAY
SETTINGS = fold.config(propensity={"min_examples": 1, "horizon": HORIZON})


def model() -> Model:
    """Segments, and so a scaling; no classifier yet."""
    entries = fold.with_models(fold.events(120), SETTINGS)
    return next(
        entry.model for entry in entries if isinstance(entry, ModelAdopted) and entry.model.segments is not None
    )


def order(day: float, customer: str = "ann", position: int = 0) -> Event:
    time = fold.START + round(day * DAY)
    products = {"products": [{"product_id": "p1", "price": 5.0}]}
    return Event(position, time, customer, True, f"m-{customer}-{day}", "Order Completed", products, {})


def learnt(*entries: Entry) -> tuple[int, int]:
    """Examples and positives learnt from these entries."""
    engine = Engine(SETTINGS)
    engine.apply([ModelAdopted(model()), *entries])
    contribution = engine.contribution().propensity
    assert contribution is not None
    return contribution.examples, contribution.positives


def day(days: float) -> Tick:
    return Tick(fold.START + round(days * DAY))


def test_an_example_is_learnt_when_its_horizon_has_passed_and_not_before() -> None:
    assert learnt(order(0), day(9.99)) == (0, 0)
    assert learnt(order(0), day(10.01)) == (1, 0)
    assert learnt(order(0), order(3), day(9.99)) == (0, 0)
    assert learnt(order(0), order(3), day(10.01)) == (1, 1)


def test_a_customer_who_orders_every_day_is_no_more_examples_than_one_who_is_gone() -> None:
    busy = [order(place, position=place) for place in range(20)]
    assert learnt(*busy, day(19.5)) == (1, 1)
    assert learnt(order(0), day(19.5))[0] == 1


def test_what_happens_at_the_moment_or_after_the_horizon_does_not_count() -> None:
    at_once = order(0)._replace(message_id="other", position=1)
    assert learnt(order(0), at_once, day(10.01)) == (1, 0)
    assert learnt(order(0), order(10.01, position=1)) == (1, 0)
    assert learnt(order(0), order(10, position=1), day(10.01)) == (1, 1)


def test_a_late_order_counts_at_its_own_time() -> None:
    other = order(9, "bob", 1)
    assert learnt(order(0), other, order(5, position=2), day(10.01)) == (1, 1)
    before = order(-1, position=2)
    assert learnt(order(0), other, before, day(10.01)) == (1, 0)
