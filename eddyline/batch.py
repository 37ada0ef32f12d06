"""Baselines as a weekly batch job makes them: factors of customers and items, by the package `implicit`."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.durations import DAY
from stream.errors import InputError
from stream.evaluate.baselines import Baseline
from stream.recommend.component import Floats, Numbers, Order, Query, grown

WEEK = 7 * DAY
FACTORS = 64
SEED = 7
BASKET = 5
"""Orders that an item of the open basket counts as, beside those of the customer's past."""


class Weekly(Baseline):
    """A model of how often each customer ordered each item, rebuilt when a week (since 1970, UTC) of event time ends.

    It is fitted when it is first asked, from what was known at the week's end. On one thread and from a fixed seed, so
    that the same machine gives the same bits. An order without a customer is nobody's history, and tells nothing. What
    was popular at the week's end decides where the factors do not. An item that was unknown then is in no list.

    Raises
    ------
    InputError
        When the package is not installed.
    """

    name: str
    """In `--against`."""

    def __init__(self) -> None:
        try:
            import implicit  # noqa: F401
        except ImportError:
            raise InputError(f"{self.name} needs the package implicit: pip install 'eddyline[baselines]'") from None
        self._week = -1
        self._room = 0
        self._places: dict[str, int] = {}
        self._counts: list[dict[int, int]] = []  # of each customer: item -> orders
        self._ordered = np.zeros(64)
        self._popular = np.zeros(0)  # at the week's end
        self._table: Any = None  # what the next model is fitted to
        self._model: Any = None

    def reserve(self, size: int) -> None:
        """See `Baseline.reserve`."""
        self._room = max(size, self._room)
        self._ordered = grown(self._ordered, size)

    def advance(self, time: int) -> None:
        """See `Baseline.advance`."""
        if time // WEEK <= self._week:
            return
        self._week = time // WEEK
        if self._counts:
            self._table = _table(self._counts, self._room)
            self._popular = self._ordered[: self._room].copy()

    def learn(self, order: Order, customer: str | None) -> None:
        """See `Baseline.learn`."""
        self._ordered[order.items] += 1
        if customer is None:
            return
        place = self._places.setdefault(customer, len(self._counts))
        if place == len(self._counts):
            self._counts.append({})
        counts = self._counts[place]
        for item in order.items.tolist():
            counts[item] = counts.get(item, 0) + 1

    def scores(self, query: Query, customer: str | None) -> Floats:
        """See `Baseline.scores`."""
        found = np.full(self._room, -np.inf)
        known = len(self._popular)
        found[:known] = 1e-9 * self._popular
        if self._table is not None:
            from threadpoolctl import threadpool_limits

            with threadpool_limits(1, "blas"):
                self._model, self._table = self._fit(self._table), None
        if self._model is None:
            return found
        place = self._places.get(customer, -1) if customer is not None else -1
        own = self._counts[place] if place >= 0 else {}
        factors = self._of(query.basket[query.basket < known], {i: n for i, n in own.items() if i < known}, place)
        found[:known] += np.einsum("ij,j->i", self._model.item_factors, factors)
        return found

    @abstractmethod
    def _fit(self, table: Any) -> Any:
        """A model of a sparse table of counts, shape [customers, items]."""

    @abstractmethod
    def _of(self, basket: Numbers, own: dict[int, int], place: int) -> NDArray[np.float32]:
        """Factors of who has this basket and ordered this before; `place` is the customer's, -1 for none."""


class WeeklyALS(Weekly):
    """Weighted least squares; the customer's factors are solved anew from all that was ordered until now.

    That makes it a strong baseline: only the items' factors are up to a week old.

    Notes
    -----
    Source: Hu, Koren and Volinsky, Collaborative filtering for implicit feedback datasets (2008).
    """

    name = "weekly-als"

    def _fit(self, table: Any) -> Any:
        from implicit.cpu.als import AlternatingLeastSquares

        model = AlternatingLeastSquares(FACTORS, regularization=0.01, num_threads=1, random_state=SEED)
        model.fit(table, show_progress=False)
        model.YtY  # noqa: B018  kept by the model; worked out here, where one thread does it
        return model

    def _of(self, basket: Numbers, own: dict[int, int], place: int) -> NDArray[np.float32]:
        counts = own | {item: own.get(item, 0) + BASKET for item in basket.tolist()}
        factors: NDArray[np.float32] = self._model.recalculate_user(0, _table([counts], len(self._popular)))
        return factors


class WeeklyBPR(Weekly):
    """Pairwise ranking; the customer's factors are those of the week's end, of a new one the mean of the own items'.

    An open basket is the mean of its items' factors.

    Notes
    -----
    Source: Rendle et al., BPR: Bayesian personalized ranking from implicit feedback (2009).
    """

    name = "weekly-bpr"

    def _fit(self, table: Any) -> Any:
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        model = BayesianPersonalizedRanking(
            FACTORS, learning_rate=0.05, regularization=0.01, iterations=20, num_threads=1, random_state=SEED
        )
        model.fit(table, show_progress=False)
        return model

    def _of(self, basket: Numbers, own: dict[int, int], place: int) -> NDArray[np.float32]:
        users, items = self._model.user_factors, self._model.item_factors
        if not len(basket) and 0 <= place < len(users):
            factors: NDArray[np.float32] = users[place]
            return factors
        seeds = basket if len(basket) else np.fromiter(own, np.intp, len(own))
        mean: NDArray[np.float32] = items[seeds].mean(axis=0) if len(seeds) else np.zeros(items.shape[1], np.float32)
        mean[-1] = 1.0  # what an item's bias is multiplied by
        return mean


def _table(counts: list[dict[int, int]], items: int) -> Any:
    """Sparse, shape [customers, items]."""
    from scipy.sparse import csr_matrix

    ends = np.cumsum([0, *(len(one) for one in counts)])
    columns = np.fromiter((item for one in counts for item in one), np.int32, ends[-1])
    values = np.fromiter((count for one in counts for count in one.values()), np.float32, ends[-1])
    found = csr_matrix((values, columns, ends), shape=(len(counts), items))
    found.sort_indices()
    return found
