"""When customers come, and what they look at: all visits at once, as columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from producers.simulator.catalog import Catalog, Floats, Ints
from producers.simulator.kinds import KINDS, Kind
from producers.simulator.people import People

_ANONYMOUS = 0.06  # visits of visitors who never say who they are, for each visit of a customer
_SHELF = 24  # most items looked at on one visit
_BROWSER = [kind.name for kind in KINDS].index("browser")
_DAY = 86_400_000
_JERK = 0.3  # shape of the daily appetite's gamma distribution


class Visits(NamedTuple):
    """Visits in the order of their times, a row each.

    `customer` is from the number of customers on for anonymous visitors; `start` in ms since the shop's first moment,
    `step` ms between two actions. The first `viewed` items of `shelf` are viewed, the first `added` of these go into
    the cart, and the first `bought` of these are ordered; `pieces` of each.
    """

    customer: Ints
    kind: Ints
    start: Ints
    step: Ints
    shelf: Ints
    viewed: Ints
    added: Ints
    bought: Ints
    pieces: Ints


def make_visits(rng: np.random.Generator, people: People, catalog: Catalog, days: int) -> Visits:
    """Draw all visits, at the rate of the kind, the person and the season."""
    customer, day, kind, theme = _arrivals(rng, people, catalog, days)
    count = len(customer)
    hour = np.clip(rng.normal(15.0, 3.5, count), 7.0, 22.0)  # late enough to finish before midnight
    start = day * _DAY + (hour * 3_600_000).astype(np.int64)
    order = np.argsort(start, kind="stable")
    customer, kind, theme, start = customer[order], kind[order], theme[order], start[order]

    buys = rng.random(count) < _of("orders")[kind]
    basket = 1 + rng.poisson(_of("basket")[kind] - 1)
    left = rng.poisson(_of("abandoned")[kind])
    shelf = _shelves(rng, catalog, kind, theme)
    most = shelf.shape[1]
    bought = np.minimum(np.where(buys, basket, 0), most)
    added = np.minimum(bought + np.where(buys, rng.random(count) < 0.1, left), most)
    viewed = np.clip(added + rng.poisson(_of("browsed")[kind]), 1, most)
    pieces = 1 + rng.poisson(np.maximum(_of("pieces")[kind] - 1, 0.0)[:, None], shelf.shape)
    return Visits(
        customer,
        kind,
        start,
        rng.integers(15_000, 90_000, count),
        shelf,
        viewed,
        added,
        bought.astype(np.int64),
        pieces,
    )


def _arrivals(rng: np.random.Generator, people: People, catalog: Catalog, days: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Customer, day, kind and theme of each visit, in no order."""
    day = np.arange(days)
    kinds = np.where(day < people.turn[:, None], people.before[:, None], people.after[:, None])
    here = (day > people.joined[:, None]) & (day < people.quiet[:, None])
    season = np.exp(-(((day - 0.6 * days) / (0.08 * days)) ** 2))
    weekend = np.where(day % 7 >= 5, 1.3, 0.88)
    swing = weekend * (1.0 + _of("season")[:, None] * season)
    rates = _of("visits")[kinds] * people.pace[:, None] * swing[kinds, day] * here
    # Customers have habits: a visit falls due whenever so much appetite has built up, by jerks of random size. The
    # gaps vary about half as much as they would in a Poisson process.
    appetite = np.cumsum(rates * rng.gamma(_JERK, 1.0 / _JERK, rates.shape), axis=1)
    due = np.floor(appetite + rng.random((len(appetite), 1))).astype(np.int64)
    counts = np.diff(due, axis=1, prepend=0)
    counts[np.arange(len(people.joined)), people.joined] += 1
    customer, on = (index.repeat(counts[counts > 0]) for index in np.nonzero(counts))
    taste = rng.choice(3, len(customer), p=(0.6, 0.28, 0.12))
    theme = people.likes[customer, taste]

    visitors = int(len(customer) * _ANONYMOUS)
    return (
        np.concatenate([customer, len(people.joined) + np.arange(visitors)]),
        np.concatenate([on, rng.integers(0, days, visitors)]),
        np.concatenate([kinds[customer, on], np.full(visitors, _BROWSER)]),
        np.concatenate([theme, rng.choice(len(catalog.popularity), visitors, p=catalog.popularity)]),
    )


def _shelves(rng: np.random.Generator, catalog: Catalog, kind: Ints, theme: Ints) -> Ints:
    """Different items for each visit, the most attractive first: weighted sampling by the Gumbel trick."""
    size = min(_SHELF, len(catalog.ids))
    parts: list[Ints] = []
    for at in range(0, len(kind), 4_096):
        drawn = catalog.attraction[kind[at : at + 4_096], theme[at : at + 4_096]]
        keys: Floats = -(drawn + rng.gumbel(size=drawn.shape))
        near: NDArray[np.int64] = np.argpartition(keys, size - 1, axis=1)[:, :size]
        ranked = np.argsort(np.take_along_axis(keys, near, axis=1), axis=1, kind="stable")
        parts.append(np.take_along_axis(near, ranked, axis=1))
    return np.concatenate(parts) if parts else np.empty((0, size), dtype=np.int64)


def _of(field: str) -> Floats:
    """One number of every kind."""
    return np.array([kind[Kind._fields.index(field)] for kind in KINDS], dtype=np.float64)
