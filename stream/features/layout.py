"""Declared features compiled: which slots a customer's row has, how events write them, how features read them."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from datasketches import hll_sketch

from stream.config import EngineConfig, Feature
from stream.durations import DAY
from stream.entries import Event
from stream.features.accumulators import (
    Accumulator,
    Column,
    Decayed,
    First,
    Last,
    Latest,
    Matrix,
    Slots,
    Total,
    Windowed,
)
from stream.preprocessing.one_hot import indicator
from stream.products import Amount, Product, amount_of, clean_number

Reader = Callable[[Matrix, Column], Column]
Write = tuple[Sequence[str], Amount | None, float]  # events, amount (None: 1), sign
A = TypeVar("A", bound=Accumulator)

_PLANS = 1_000  # kinds of events that are remembered: their names come from outside, and must not fill the memory
LG_K = 8
"""HyperLogLog of 2^8 registers: exact while small, then within about 7 %; at most some 300 bytes."""


class Layout:
    """The compiled features of one configuration.

    Parameters
    ----------
    config
        Engine settings; features that need the same quantity share its slots.

    Attributes
    ----------
    names
        Feature names, in declared order: the columns of `read`.
    width
        Float64 slots of a customer.
    sketches
        Distinct-count sketches of a customer.
    """

    def __init__(self, config: EngineConfig) -> None:
        self.features = config.features
        self.names = tuple(feature.name for feature in config.features)
        self.width = 0
        self.sketches = 0
        self._known: dict[tuple[object, ...], Accumulator] = {}
        self._writes: list[tuple[frozenset[str], Accumulator, Amount | None, float]] = []
        self._distinct: list[tuple[frozenset[str], int, int, str]] = []  # events, sketch, slot, value
        self._traits: list[tuple[str, str | None, Accumulator]] = []  # name, category if it is one, where
        self._readers = [self._compile(feature) for feature in config.features]
        self._plans: dict[str, list[tuple[Accumulator, Amount | None, float]]] = {}
        self._distinct_plans: dict[str, list[tuple[int, int, str]]] = {}

    def blank(self) -> Slots[float]:
        """Slots of a customer of whom nothing is known."""
        return array("d", bytes(8 * self.width))

    def blank_sketches(self) -> list[hll_sketch]:
        """Sketches of a customer of whom nothing is known."""
        return [hll_sketch(LG_K) for _ in range(self.sketches)]

    def write(
        self, slots: Slots[float], sketches: Sequence[hll_sketch], event: Event, products: Sequence[Product]
    ) -> None:
        """Fold one event into a customer's slots and sketches."""
        kind, time = event.kind, event.time
        plan = self._plans.get(kind)
        if plan is None:
            plan = self._plan(kind)
        for accumulator, amount, sign in plan:
            if amount is None:
                accumulator.add(slots, time, sign)
            else:
                value = amount(event, products)
                if value is not None:
                    accumulator.add(slots, time, sign * value)
        for sketch, slot, field in self._distinct_plans[kind]:
            target = sketches[sketch]
            for product in products:
                name = product.id if field == "product_id" else product.category
                if name:
                    target.update(name)
            slots[slot] = round(target.get_estimate())  # nobody has bought 21.000001 items
        if event.traits:
            for name, category, trait in self._traits:
                given = event.traits.get(name)
                number = clean_number(given) if category is None else indicator(given, category)
                if number is not None:
                    trait.add(slots, time, number)

    def read(self, rows: Matrix, times: Column) -> Matrix:
        """Features of many customers.

        Parameters
        ----------
        rows
            Slots, shape [n, width].
        times
            Time (ms) at which each row is read, shape [n]; no earlier than the row's last event.

        Returns
        -------
        Matrix
            Shape [n, features], in the features' own units; NaN where there is nothing to measure.
        """
        out = np.empty((len(rows), len(self._readers)))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            for column, reader in enumerate(self._readers):
                out[:, column] = reader(rows, times)
        return out

    def _plan(self, kind: str) -> list[tuple[Accumulator, Amount | None, float]]:
        if len(self._plans) >= _PLANS:
            self._plans.clear()
            self._distinct_plans.clear()
        plan = [(acc, amount, sign) for kinds, acc, amount, sign in self._writes if not kinds or kind in kinds]
        self._plans[kind] = plan
        self._distinct_plans[kind] = [
            (sketch, slot, field) for kinds, sketch, slot, field in self._distinct if not kinds or kind in kinds
        ]
        return plan

    def _share(self, key: tuple[object, ...], make: Callable[[int], A], writes: Sequence[Write]) -> A:
        """The accumulator for `key`, made and wired to its events at first need."""
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = make(self.width)
            self.width += known.width
            for kinds, amount, sign in writes:
                self._writes.append((frozenset(kinds), known, amount, sign))
        return known  # type: ignore[return-value]

    def _sum(self, feature: Feature, events: Sequence[str], minus: Sequence[str], value: str | None) -> Accumulator:
        amount = None if value is None else amount_of(value)
        writes: list[Write] = [(events, amount, 1.0)]
        if minus:
            writes.append((minus, amount, -1.0))
        key = ("sum", tuple(sorted(events)), tuple(sorted(minus)), value, feature.half_life, feature.window)
        if feature.half_life is not None:
            half_life = feature.half_life
            return self._share(key, lambda at: Decayed(at, half_life), writes)
        if feature.window is not None:
            window, buckets = feature.window, feature.buckets
            return self._share((*key, buckets), lambda at: Windowed(at, window, buckets), writes)
        return self._share(key, Total, writes)

    def _compile(self, feature: Feature) -> Reader:
        events = feature.events
        first_writes: list[Write] = [(events, None, 1.0)]
        if feature.aggregate == "trait":
            assert feature.value is not None
            trait = self._share(("trait", feature.value, feature.category), Latest, [])
            self._traits.append((feature.value, feature.category, trait))
            return trait.read
        if feature.aggregate == "distinct":
            assert feature.value is not None
            slot = self._share(("distinct", tuple(sorted(events)), feature.value), Total, [])
            self._distinct.append((frozenset(events), self.sketches, slot.at, feature.value))
            self.sketches += 1
            return slot.read
        if feature.aggregate == "recency":
            last = self._share(("last", tuple(sorted(events))), Last, first_writes)
            return lambda rows, times: (times - last.read(rows, times)) / DAY
        if feature.aggregate == "tenure":
            first = self._share(("first", tuple(sorted(events))), First, first_writes)
            return lambda rows, times: (times - first.read(rows, times)) / DAY
        if feature.aggregate == "mean_gap":
            first = self._share(("first", tuple(sorted(events))), First, first_writes)
            last = self._share(("last", tuple(sorted(events))), Last, first_writes)
            number = self._sum(feature, events, (), None)
            return lambda rows, times: _gap(first.read(rows, times), last.read(rows, times), number.read(rows, times))
        value = None if feature.aggregate == "count" else feature.value
        top = self._sum(feature, events, feature.minus, value)
        if feature.aggregate in ("count", "sum"):
            return top.read
        if feature.aggregate == "mean":
            below = self._sum(feature, events, (), None)
            return lambda rows, times: _ratio(top.read(rows, times), below.read(rows, times))
        below = self._sum(feature, feature.over, (), value)
        if feature.complement:
            return lambda rows, times: np.clip(1.0 - _ratio(top.read(rows, times), below.read(rows, times)), 0.0, 1.0)
        return lambda rows, times: _ratio(top.read(rows, times), below.read(rows, times))


def _ratio(top: Column, below: Column) -> Column:
    return np.where(below > 1e-9, top / below, np.nan)


def _gap(first: Column, last: Column, number: Column) -> Column:
    return np.where(number >= 2, (last - first) / DAY / (number - 1.0), np.nan)
