"""What one customer does wrong must not move anyone else: from events to segments, through the engine."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import pytest

from stream.config import EngineConfig, Feature, preset
from stream.durations import DAY
from stream.engine import Engine
from stream.entries import Entry, Event, ModelAdopted
from stream.store.memory import MemoryStore
from tests.stream.fold import START, next_model
from tests.stream.merging import ItemsMerger

BULK = [{"step": step} for step in ("clean", "impute", "log1p", "winsorise")]
UNIT = {"step": "min_max"}
PIPELINES = {
    "default": [*BULK, UNIT],
    "standardise": [*BULK, {"step": "standardise"}],
    "select": [*BULK, {"step": "select", "target": "monetary", "k": 2}, UNIT],
    "drop": [*BULK, {"step": "decorrelate"}, UNIT],
    "pca": [*BULK, {"step": "decorrelate", "method": "pca"}, UNIT],
    "careless": [{"step": "clean"}, {"step": "impute"}, UNIT],
}
CAREFUL = [steps for steps in PIPELINES if steps != "careless"]
CUSTOMERS = 300
END = START + 91 * DAY


def config(steps: str) -> EngineConfig:
    known = [one for one in preset("shop").features if one.name in ("recency", "frequency", "monetary", "order_value")]
    age = Feature(name="age", aggregate="trait", value="age", least=0, most=120)
    return EngineConfig(
        features=(*known, age),
        segments={"k": 3, "warm_up": 50, "sample": 1_024, "steps": PIPELINES[steps]},  # type: ignore[arg-type]
        learning={"every": 100_000},  # type: ignore[arg-type]
        recommend={"triggers": ()},  # type: ignore[arg-type]
    )


def order(customer: str, time: int, price: Any, message: str, traits: dict[str, Any] | None = None) -> Event:
    line = {"product_id": f"p{message[-1]}", "price": price, "quantity": 1}
    return Event(0, time, customer, True, message, "Order Completed", {"products": [line]}, traits or {})


def shop() -> list[Entry]:
    """Customers of all ages who ordered twice; a third of them cheap things, a third dear ones."""
    draw = random.Random(4)
    events: list[Entry] = []
    for number in range(CUSTOMERS):
        for place in range(2):
            price = (10.0, 40.0, 160.0)[number % 3] * draw.uniform(0.8, 1.2)
            age = draw.randrange(20, 80)
            events.append(order(f"u{number}", END - DAY, price, f"m{number}.{place}", {"age": age}))
    return events


@cache
def begun(steps: str) -> MemoryStore:
    """The shop, with a first model."""
    engine, store = Engine(config(steps)), MemoryStore()
    epoch = store.acquire(0)
    store.commit(0, epoch, engine.apply(shop())[1], b"")
    store.commit(0, epoch, engine.apply([model(engine)])[1], b"")
    return store


def model(engine: Engine) -> ModelAdopted:
    """Of what the engine knows now."""
    return ModelAdopted(next_model(engine, engine.contribution().pack(), ItemsMerger(engine.config.recommend)))


def segments(steps: str, extra: list[Entry]) -> dict[str, str]:
    """The segment of each customer but the one who errs, after a model before the error and one after it."""
    engine = Engine(config(steps), begun(steps).load(0))
    engine.apply(extra)
    engine.apply([model(engine)])
    return {profile.customer: profile.segment for profile in engine.customers if profile.customer != "wild"}


WILD: dict[str, list[Entry]] = {
    "nobody": [],
    "one value of 1e6": [order("wild", END, 1e6, "w1")],
    "one value of 1e300": [order("wild", END, 1e300, "w1")],
    "not a number": [order("wild", END, float("nan"), "w1", {"age": float("nan")})],
    "infinity": [order("wild", END, float("inf"), "w1", {"age": float("-inf")})],
    "impossible": [order("wild", END, 50.0, "w1", {"age": 999})],
    "3,000 orders": [order("wild", END + place, 20.0, f"w{place}") for place in range(3_000)],
}


@cache
def calm(steps: str) -> dict[str, str]:
    return segments(steps, WILD["nobody"])


@pytest.mark.parametrize("steps", PIPELINES)
def test_the_shop_has_the_segments_it_was_made_of(steps: str) -> None:
    """Guards the next test: it would pass if all were in one segment."""
    found = list(calm(steps).values())
    assert len(found) == CUSTOMERS
    assert max(map(found.count, sorted(set(found)))) < 0.5 * CUSTOMERS
    if steps == "default":
        for kind in range(3):
            assert len({calm(steps)[f"u{number}"] for number in range(kind, CUSTOMERS, 3)}) == 1


@pytest.mark.parametrize("steps", CAREFUL)
@pytest.mark.parametrize("what", [what for what in WILD if what != "nobody"])
def test_a_customer_who_errs_moves_nobody_else(what: str, steps: str) -> None:
    assert segments(steps, WILD[what]) == calm(steps)


def test_without_care_one_value_moves_many() -> None:
    """Guards the test before: the shop is one in which a wild value does harm."""
    after, before = segments("careless", WILD["one value of 1e6"]), calm("careless")
    assert sum(after[customer] != before[customer] for customer in before) > CUSTOMERS / 4
