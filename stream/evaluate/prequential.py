"""Recommendations judged by what was ordered next: each order tests all rankings, then they learn it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from stream.evaluate.baselines import Baseline
from stream.evaluate.ranking import LONGEST, Flags, Floats, ListTally, Numbers, pessimistic_top
from stream.recommend.blend import Blend, Candidates
from stream.recommend.catalogue import Catalogue, History
from stream.recommend.component import NONE, Order, Query

PROTOCOLS = {"repeats": "next", "new": "new", "basket": "basket"}
"""Protocol -> the situation in which the blend ranks."""

SIGNALS = {
    "popularity": {"repeats": "pop7", "new": "pop2", "basket": "pop30"},
    "buy_again": {"repeats": "many", "new": "many", "basket": "many"},
    "item_neighbours": {"repeats": "with_own", "new": "with_own", "basket": "with_basket"},
    "sequences": {"repeats": "after", "new": "after", "basket": "after"},
    "similar_customers": {"repeats": "alike", "new": "alike", "basket": "alike"},
}
"""Component -> protocol -> the best of its signals, by which it ranks when it is alone."""

TIES = "pop7"
"""The signal that tells items apart of which a component says the same, or nothing."""

OPEN = 4
"""Items of an order, at the least, of which the first half is taken for an open basket."""

WARM_UP = 0.25
"""Share of the orders that are learnt before trials count."""

Measures = dict[str, dict[str, float]]


class Purchase(NamedTuple):
    """An order; `customer` is None for an anonymous one, `items` are distinct and in the order of their lines."""

    time: int
    customer: str | None
    items: tuple[str, ...]


@dataclass(frozen=True)
class Judged:
    """What one protocol measured.

    Attributes
    ----------
    n
        Trials.
    components
        Name of a ranking -> its measures, `whole` first.
    n_all
        Trials, and orders that would have been, had the customer been known: for all of them a miss.
    n_known
        Trials of customers with an order before.
    known
        Measures over those.
    """

    n: int
    components: Measures
    n_all: int
    n_known: int
    known: Measures


@dataclass(frozen=True)
class Evaluation:
    """Number of orders and of distinct items, and what each protocol measured."""

    orders: int
    items: int
    protocols: Mapping[str, Judged]


class Prequential:
    """Test, then learn, over the full catalogue.

    Protocols: *repeats*, the next order of a customer with at least one before, all items candidates; *new*, the same
    with only those items wanted, and candidates, that the customer never ordered; *basket*, the second half of an order
    of four items or more from its first half, which is no candidate, anonymous orders too. An item that nobody has
    ordered yet cannot be in a list, so it counts as missed.

    Parameters
    ----------
    blend
        Components and their rankers, which have learnt nothing yet.
    baselines
        Name -> what else is measured.
    warm_up
        Orders that come before trials count.

    Notes
    -----
    Source: Vinagre, Jorge and Gama, Evaluation of recommender systems in streaming environments (2014); Ludewig et al.,
    Empirical analysis of session-based recommendation algorithms (2021), for protocols.
    """

    def __init__(self, blend: Blend, baselines: Mapping[str, Baseline], warm_up: int) -> None:
        self._blend = blend
        self._baselines = baselines
        self._warm_up = warm_up
        self._columns = {
            protocol: [blend.signals.index(signals[protocol]) for signals in SIGNALS.values()] for protocol in PROTOCOLS
        }
        self._ties = blend.signals.index(TIES)
        names = ("whole", *SIGNALS, *baselines)
        self._tallies = {protocol: ListTally(names) for protocol in PROTOCOLS}
        self._known = ListTally(names)  # of baskets; elsewhere all trials are of known customers
        self._cold = dict.fromkeys(PROTOCOLS, 0)
        self._catalogue = Catalogue()
        self._histories: dict[str, History] = {}
        self._owned: dict[str, set[int]] = {}
        self._held = np.zeros(0)  # orders that held an item
        self._seen = 0

    def take(self, purchase: Purchase) -> None:
        """Test with an order, then learn it; orders come in time order."""
        there = len(self._catalogue)
        items = self._catalogue.numbers(purchase.items)
        size = len(self._catalogue)
        self._held = np.concatenate((self._held, np.zeros(size - there)))
        self._blend.reserve(size)
        for baseline in self._baselines.values():
            baseline.reserve(size)
            baseline.advance(purchase.time)
        customer = purchase.customer
        history = self._histories.get(customer, History()) if customer is not None else History()
        self._test(purchase.time, customer, history, items, there)
        self._learn(purchase.time, customer, history, items)

    def result(self) -> Evaluation:
        """What has been measured."""
        items = len(self._catalogue)
        found: dict[str, Judged] = {}
        for protocol, tally in self._tallies.items():
            measures = tally.measures(items)
            known = self._known if protocol == "basket" else tally
            found[protocol] = Judged(
                tally.trials,
                measures,
                tally.trials + self._cold[protocol],
                known.trials,
                known.measures(items) if known is not tally else measures,
            )
        return Evaluation(self._seen, items, found)

    def _test(self, time: int, customer: str | None, history: History, items: Numbers, there: int) -> None:
        own = history.own()
        if history:
            assert customer is not None
            query = Query(time, own, history.last)
            candidates = self._blend.candidates(query, NONE)
            dense = self._dense(query, customer, there)
            self._trial("repeats", candidates, dense, items, True)
            owned = np.fromiter(self._owned[customer], np.intp, len(self._owned[customer]))
            new = items[~np.isin(items, owned)]
            if len(new):
                self._trial("new", _without(candidates, owned), _hidden(dense, owned), new, True)
        elif self._counts:
            self._cold["repeats"] += 1
            self._cold["new"] += 1
        if len(items) >= OPEN:
            basket, rest = items[: len(items) // 2], items[len(items) // 2 :]
            query = Query(time, own, history.last, basket)
            candidates = self._blend.candidates(query, basket)
            self._trial("basket", candidates, _hidden(self._dense(query, customer, there), basket), rest, bool(history))

    def _learn(self, time: int, customer: str | None, history: History, items: Numbers) -> None:
        order = Order(time, items, history.last)
        self._blend.learn(order)
        for baseline in self._baselines.values():
            baseline.learn(order, customer)
        if customer is not None:
            history.add(items, time)
            self._histories[customer] = history
            self._owned.setdefault(customer, set()).update(items.tolist())
        self._held[items] += 1
        self._seen += 1

    @property
    def _counts(self) -> bool:
        return self._seen >= self._warm_up

    def _dense(self, query: Query, customer: str | None, there: int) -> Floats:
        """Scores of all items by each baseline, those that nobody has ordered hidden; shape [baselines, size]."""
        dense = np.zeros((len(self._baselines), len(self._catalogue)))
        if self._counts:
            for row, baseline in zip(dense, self._baselines.values(), strict=True):
                row[:] = baseline.scores(query, customer)
            dense[:, there:] = -np.inf
        return dense

    def _trial(self, protocol: str, candidates: Candidates, dense: Floats, wanted: Numbers, known: bool) -> None:
        situation = PROTOCOLS[protocol]
        if self._counts:
            ordered = np.zeros(len(self._catalogue), np.bool_)
            ordered[wanted] = True
            lists = np.full((1 + len(SIGNALS) + len(dense), LONGEST), -1)
            lead = candidates.features[:, self._ties] * 1e-9
            alone = candidates.features[:, self._columns[protocol]].T + lead
            whole = self._blend.scores(candidates, situation)
            among = ordered[candidates.items]
            for row, scores in zip(lists, (whole, *alone), strict=False):
                top = pessimistic_top(scores, among, LONGEST)
                row[: len(top)] = candidates.items[top]
            for row, scores in zip(lists[1 + len(SIGNALS) :], dense, strict=True):
                top = pessimistic_top(scores, ordered, LONGEST)
                row[: len(top)] = top
            self._record(protocol, lists, ordered, len(wanted), known)
        self._blend.teach(candidates, situation, wanted)
        self._blend.rankers[situation].settle()

    def _record(self, protocol: str, lists: Numbers, ordered: Flags, wanted: int, known: bool) -> None:
        there = lists >= 0
        hits = ordered[lists] & there
        shares = np.where(there, self._held[lists] / max(self._seen, 1), 1.0)
        self._tallies[protocol].add(lists, hits, shares, wanted)
        if protocol == "basket" and known:
            self._known.add(lists, hits, shares, wanted)


def evaluate(
    purchases: Sequence[Purchase],
    blend: Blend,
    baselines: Mapping[str, Baseline],
    advance: Callable[[int], None] = lambda done: None,
) -> Evaluation:
    """Test and learn orders, which are in time order; the first quarter warms up.

    Parameters
    ----------
    purchases
        In time order.
    blend, baselines
        See `Prequential`.
    advance
        Is told how many are done.
    """
    judge = Prequential(blend, baselines, int(len(purchases) * WARM_UP))
    for done, purchase in enumerate(purchases, 1):
        judge.take(purchase)
        if not done % 100:
            advance(done)
    return judge.result()


def _without(candidates: Candidates, excluded: Numbers) -> Candidates:
    kept = ~np.isin(candidates.items, excluded)
    return candidates._replace(items=candidates.items[kept], features=candidates.features[kept])


def _hidden(dense: Floats, items: Numbers) -> Floats:
    hidden = dense.copy()
    hidden[:, items] = -np.inf
    return hidden
