"""All components together: their offers become one list, by weights that are learnt for each situation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from stream.recommend.again import BuyAgain
from stream.recommend.component import Component, Floats, Numbers, Offers, Order, Query, marked
from stream.recommend.customers import SimilarCustomers
from stream.recommend.neighbours import ItemNeighbours
from stream.recommend.popularity import Popularity
from stream.recommend.ranker import EVEN, Ranker
from stream.recommend.sequences import Sequences

SITUATIONS = ("next", "new", "basket")
"""The next order, with what comes again; only what the customer never ordered; what completes an open basket."""

HEADS = 300
"""Most popular items that are candidates for everyone."""

POOL = 300
"""Candidates that are ranked, those with the highest sum of all signals."""


START = {
    "pop2": (0.15, 0.2),
    "pop7": (0.6, 0.3),
    "pop30": (-0.4, -0.2),
    "often": (0.25, 0.0),
    "rhythm": (0.0, 0.3),
    "lately": (0.0, 0.0),
    "many": (0.6, 0.0),
    "own": (0.0, 0.0),
    "with_basket": (0.3, 0.2),
    "with_last": (0.0, 0.0),
    "with_own": (0.3, 0.0),
    "after": (0.1, 0.1),
    "like_own": (0.1, 0.0),
    "like_basket": (0.1, 0.0),
    "followed": (0.0, 0.2),
    "alike": (0.3, 0.2),
    "shared_basket": (0.3, 0.2),
    "shared_last": (0.1, 0.1),
    "shared_own": (0.3, 0.1),
    "shared_popular": (0.3, 0.1),
}
"""Signal -> weights of its two features before anything is learnt, about as they came to be for a gift shop."""


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
    components
        What speaks for items, popularity first; by default all that there is, with these settings.
    extra
        Names of signals that come from elsewhere, with each question.
    """

    def __init__(
        self,
        half_life: int,
        cap: int = 128,
        components: Sequence[Component] = (),
        extra: tuple[str, ...] = (),
    ) -> None:
        self.components: tuple[Component, ...] = tuple(components) or (
            Popularity(),
            BuyAgain(),
            ItemNeighbours(half_life, cap),
            Sequences(half_life, cap),
            SimilarCustomers(),
        )
        self.signals = (*(name for component in self.components for name in component.signals), *extra)
        start = np.array([START.get(signal, (EVEN, EVEN)) for signal in self.signals]).T.ravel()
        self.rankers = {situation: Ranker(start) for situation in SITUATIONS}
        self.size = 0
        self._extra = extra
        beside = [component.beside for component in self.components for _ in component.signals] + [0] * len(extra)
        self._beside = [(row, count) for row, count in enumerate(beside) if count]
        self._pooled = np.array([[float(not count)] for count in beside])

    def reserve(self, size: int) -> None:
        """Make room for items with numbers below `size`."""
        self.size = max(size, self.size)
        for component in self.components:
            component.reserve(size)

    def learn(self, order: Order) -> None:
        """Take an order in."""
        for component in self.components:
            component.learn(order)

    def candidates(self, query: Query, exclude: Numbers, extra: Sequence[Offers] = (), size: int = 0) -> Candidates:
        """All items that a signal speaks for, less the excluded.

        Parameters
        ----------
        query
            For whom, and when.
        exclude
            Numbers of the excluded.
        extra
            Offers of the extra signals; their items may have higher numbers than any that was reserved.
        size
            Above all numbers in them.
        """
        size = max(size, self.size)
        offers = [one for component in self.components for one in component.score(query)]
        offers.extend(extra)
        popular, rest = offers[: len(Popularity.signals)], offers[len(Popularity.signals) :]
        found = np.concatenate([one.items for one in rest])
        chosen = np.zeros(size, np.bool_)
        chosen[found] = True
        for one in popular:
            values = one.values
            if len(exclude):  # those that may be shown, or a rule that hides what sells would leave nothing
                values = values.copy()
                values[exclude[exclude < len(values)]] = 0.0
            chosen[: len(values)] |= values >= least(values, HEADS)
        items = chosen.nonzero()[0]
        counted = int(np.searchsorted(items, len(popular[0].values)))
        dense = np.zeros((len(offers), len(items)))
        for row, one in zip(dense, popular, strict=False):
            row[:counted] = one.values[items[:counted]]
        place = np.zeros(size, np.intp)
        place[items] = np.arange(len(items))
        starts = (len(items) * np.arange(len(rest))).repeat([len(one.items) for one in rest])
        values = np.concatenate([one.values for one in rest])
        summed = np.bincount(starts + place[found], values, len(rest) * len(items))
        dense[len(popular) :] = summed.reshape(len(rest), len(items))
        highest = dense.max(axis=1, initial=0.0)
        units = (1000.0 / np.where(highest > 0, highest, 1.0))[:, None]
        kept = ~marked(items, exclude)
        if len(items) > POOL:
            fused = (dense * units * self._pooled).sum(axis=0) * kept
            pool = fused >= least(fused, POOL)
            for signal, most in self._beside:
                pool |= dense[signal] >= least(dense[signal] * kept, most)
            kept &= pool
        places = kept.nonzero()[0]
        items, scaled = items[places], dense[:, places] * units
        return Candidates(items, np.concatenate((np.log1p(scaled), scaled / 200.0)).T.copy(), offers)

    def scores(self, candidates: Candidates, situation: str) -> Floats:
        """What the ranker gives to each candidate, shape [n]; higher is better."""
        summed: Floats = (candidates.features * self.rankers[situation].weights).sum(axis=1)
        return summed

    def rank(self, candidates: Candidates, situation: str, count: int) -> NDArray[np.intp]:
        """Places of the best candidates, best first; of equal ones the earlier item."""
        return best(self.scores(candidates, situation), count)

    def teach(self, candidates: Candidates, situation: str, wanted: Numbers) -> bool:
        """Learn which of the candidates were ordered; whether any was."""
        ordered = marked(candidates.items, wanted)
        if not ordered.any():
            return False
        self.rankers[situation].learn(candidates.features, ordered.nonzero()[0])
        return True

    def merge(self, others: Sequence[Self], numbers: Sequence[Numbers], size: int) -> Self:
        """See `Component.merge`."""
        components = [
            component.merge([other.components[place] for other in others], numbers, size)
            for place, component in enumerate(self.components)
        ]
        merged = type(self)(1, 1, components, self._extra)
        merged.size = size
        merged.rankers = {
            name: ranker.merge([other.rankers[name] for other in others]) for name, ranker in self.rankers.items()
        }
        return merged


def least(scores: Floats, count: int) -> float:
    """What the `count` highest scores have at the least; above 0."""
    scores = scores[scores > 0]  # it takes long to find a place among many that are equal
    reached = np.partition(scores, -count)[-count] if len(scores) > count else 0.0
    return max(float(reached), np.finfo(np.float64).tiny)


def best(scores: Floats, count: int) -> NDArray[np.intp]:
    """Places of the `count` highest scores, highest first, of equal ones the first."""
    if len(scores) > count:
        places = (scores >= np.partition(scores, -count)[-count]).nonzero()[0]
    else:
        places = np.arange(len(scores))
    order = (-scores[places]).argsort(kind="stable")[:count]
    return np.asarray(places[order], np.intp)
