"""All components together: their offers become one list, by weights that are learnt for each situation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from stream.recommend.again import BuyAgain
from stream.recommend.component import Component, Floats, Numbers, Offers, Order, Query
from stream.recommend.customers import SimilarCustomers
from stream.recommend.neighbours import ItemNeighbours
from stream.recommend.popularity import Popularity
from stream.recommend.ranker import Ranker
from stream.recommend.sequences import Sequences

SITUATIONS = ("next", "new", "basket")
"""The next order, with what comes again; only what the customer never ordered; what completes an open basket."""

HEADS = 300
"""Most popular items that are candidates for everyone."""

TAUGHT = 400
"""Candidates with the highest scores, from which those that were ordered are told apart; and each third of all."""


class Candidates(NamedTuple):
    """Items that may be shown, with what speaks for each.

    Attributes
    ----------
    items
        Numbers, ascending, shape [n].
    features
        Of each signal log(1 + 1000 r), with r = score / highest score, then of each 5 r; shape [n, 2 · signals]. The
        first tells something from nothing, the second the best from the good.
    offers
        Of each signal.
    """

    items: Numbers
    features: Floats
    offers: Sequence[Offers]


class Blend:
    """Components and a ranker for each situation; learns an order at a time.

    Parameters
    ----------
    half_life
        Of counts, in ms.
    cap
        Neighbours kept of an item.
    """

    def __init__(self, half_life: int, cap: int = 128) -> None:
        self.components: tuple[Component, ...] = (
            Popularity(),
            BuyAgain(),
            ItemNeighbours(half_life, cap),
            Sequences(half_life, cap),
            SimilarCustomers(),
        )
        self.signals = tuple(name for component in self.components for name in component.signals)
        self.rankers = {situation: Ranker(2 * len(self.signals)) for situation in SITUATIONS}
        self.size = 0

    def reserve(self, size: int) -> None:
        """Make room for items with numbers below `size`."""
        self.size = max(size, self.size)
        for component in self.components:
            component.reserve(size)

    def learn(self, order: Order) -> None:
        """Take an order in."""
        for component in self.components:
            component.learn(order)

    def candidates(self, query: Query, exclude: Numbers) -> Candidates:
        """All items that a signal speaks for, less the excluded."""
        offers = [one for component in self.components for one in component.score(query)]
        dense = np.zeros((len(offers), self.size))
        for row, one in zip(dense, offers, strict=True):
            if len(one.items) == self.size:
                row[:] = one.values
            elif len(one.items):
                row[:] = one.scores(self.size)
        chosen = np.zeros(self.size, np.bool_)
        for row in dense[: len(Popularity.signals)]:
            heads = np.argpartition(-row, HEADS)[:HEADS] if self.size > HEADS else np.arange(self.size)
            chosen[heads] |= row[heads] > 0
        for one in offers[len(Popularity.signals) :]:
            chosen[one.items] = True
        chosen[exclude] = False
        items = np.flatnonzero(chosen)
        highest = dense.max(axis=1, initial=0.0)
        scaled = dense[:, items] * (1000.0 / np.where(highest > 0, highest, 1.0))[:, None]
        return Candidates(items, np.concatenate((np.log1p(scaled), scaled / 200.0)).T.copy(), offers)

    def scores(self, candidates: Candidates, situation: str) -> Floats:
        """What the ranker gives to each candidate, shape [n]; higher is better."""
        summed: Floats = (candidates.features * self.rankers[situation].weights).sum(axis=1)
        return summed

    def rank(self, candidates: Candidates, situation: str, count: int) -> NDArray[np.intp]:
        """Places of the best candidates, best first; of equal ones the earlier item."""
        return best(self.scores(candidates, situation), count)

    def teach(self, candidates: Candidates, situation: str, wanted: Numbers) -> None:
        """Learn which of the candidates were ordered."""
        ranker = self.rankers[situation]
        ordered = np.zeros(self.size, np.bool_)
        ordered[wanted] = True
        ordered = ordered[candidates.items]
        if not ordered.any():
            return
        kept = ordered.copy()
        kept[self.rank(candidates, situation, TAUGHT)] = True
        kept[::3] = True
        ranker.learn(candidates.features[kept], np.flatnonzero(ordered[kept]))

    def merge(self, others: Sequence[Self], numbers: Sequence[Numbers], size: int) -> Self:
        """See `Component.merge`."""
        merged = type(self)(1)
        merged.components = tuple(
            component.merge([other.components[place] for other in others], numbers, size)
            for place, component in enumerate(self.components)
        )
        merged.size = size
        merged.rankers = {
            name: ranker.merge([other.rankers[name] for other in others]) for name, ranker in self.rankers.items()
        }
        return merged


def best(scores: Floats, count: int) -> NDArray[np.intp]:
    """Places of the `count` highest scores, highest first, of equal ones the first."""
    if len(scores) > count:
        least = np.partition(scores, -count)[-count]
        places = np.flatnonzero(scores >= least)
    else:
        places = np.arange(len(scores))
    return places[np.argsort(-scores[places], kind="stable")][:count]
