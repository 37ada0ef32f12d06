"""A small shop's entries, with models learnt on the way: input for tests of the fold."""

from __future__ import annotations

import random
from itertools import pairwise

from stream.config import EngineConfig, preset
from stream.contribution import Contribution, merge
from stream.durations import DAY
from stream.engine import Engine
from stream.entries import Entry, Event, ModelAdopted, Rejected, Tick
from stream.model import Model, learn
from stream.updates import Update, to_json
from tests.stream.merging import ItemsMerger

START = 1_700_000_000_000


def config(**overrides: object) -> EngineConfig:
    """The shop preset, made small enough to learn from a few hundred entries."""
    sections: dict[str, object] = {
        "segments": {"k": 3, "warm_up": 20, "sample": 64},
        "learning": {"every": 60},
        "targets": targets(min_examples=10),
    }
    return preset("shop", **{**sections, **overrides})


def targets(**changes: object) -> list[dict[str, object]]:
    """The shop's targets, changed."""
    return [{**target.model_dump(), **changes} for target in preset("shop").targets]


def events(count: int = 400, customers: int = 40, seed: int = 1) -> list[Entry]:
    """Events of a seeded shop in rough time order, some late, some anonymous, with two rejected records."""
    draw = random.Random(seed)
    entries: list[Entry] = []
    time = START
    for position in range(count):
        time += draw.randrange(DAY // 4)
        number = draw.randrange(customers)
        known = draw.random() < 0.95
        eager = number % 3
        kind = draw.choices(
            ["Product Viewed", "Product Added", "Order Completed", "Order Refunded"],
            [(6, 3, 1, 0.0), (2, 3, 3, 0.1), (1, 2, 6, 1.5)][eager],
        )[0]
        group = number % 4 * 5
        products = [
            {"product_id": f"p{group + draw.randrange(5)}", "price": 5.0 * (1 + eager), "category": f"c{group}"}
            for _ in range(draw.randrange(1, 5) if kind == "Order Completed" else 1)
        ]
        properties = {"products": products} if kind.startswith("Order") else products[0]
        late = draw.randrange(2 * DAY) if draw.random() < 0.1 else 0
        if position in (7, 130):
            entries.append(Rejected(position, "not_json", "It is not JSON.", "events", 0, time, b"k", b"{"))
        else:
            customer = f"u{number}" if known else f"anon{position}"
            entries.append(Event(position, time - late, customer, known, f"m{position}", kind, properties, {}))
    return entries


def next_model(engine: Engine, contribution: bytes, merger: ItemsMerger) -> Model:
    """What a merger makes of this partition alone."""
    contributed = merge([Contribution.unpack(contribution)])
    items = merger.merge([engine.recommender.rows()], engine.model.items, contributed.rankers)
    return learn(contributed, items, engine.model, engine.config)


def with_models(entries: list[Entry], settings: EngineConfig) -> list[Entry]:
    """The entries with a model adopted after each boundary, and ticks at the end, as a worker would write them."""
    engine, merger = Engine(settings), ItemsMerger(settings.recommend)
    out: list[Entry] = []
    for entry in entries:
        _, delta = engine.apply([entry])
        out.append(entry)
        if "contribution" in delta.scalars:
            adopted = ModelAdopted(next_model(engine, delta.scalars["contribution"], merger))
            engine.apply([adopted])
            out.append(adopted)
    for days in (1, 20, 45):
        out.append(Tick(engine.clock + days * DAY))
    return out


def run(engine: Engine, entries: list[Entry], cuts: list[int] | None = None) -> bytes:
    """All updates as canonical bytes, the entries applied in batches cut at `cuts`."""
    updates: list[Update] = []
    edges = [0, *sorted(cuts or []), len(entries)]
    for low, high in pairwise(edges):
        updates += engine.apply(entries[low:high])[0]
    return b"\n".join(to_json(update) for update in updates)
