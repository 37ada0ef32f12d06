"""Buy again: the customer's own items, by how often, how lately, and by their rhythm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from stream.durations import DAY
from stream.recommend.component import Component, Numbers, Offers, Order, Query

LATELY = 60 * DAY
"""Half-life (ms) of an order of an own item."""


SOON = 14 * DAY
"""Half-life (ms) of how lately an own item was ordered."""


class BuyAgain(Component):
    """The customer's own items, as five signals; nothing is learnt, since all is in the customer's history.

    `often` counts orders, less with age; `rhythm` is highest when the item's usual gap has just passed, times how often
    it was ordered: min(r, 1/r) for r = time since ÷ usual gap; `lately` fades with the time since; `many` is the square
    of how often; `own` is the same for all.
    """

    signals = ("often", "rhythm", "lately", "many", "own")

    def reserve(self, size: int) -> None:
        """See `Component.reserve`."""

    def learn(self, order: Order) -> None:
        """See `Component.learn`."""

    def score(self, query: Query) -> Sequence[Offers]:
        """See `Component.score`."""
        items, counts, first, last = query.own
        since = np.maximum(query.time - last, 0.0)
        often = counts * (np.exp2(-since / LATELY) + 0.3)
        gap = np.maximum((last - first) / np.maximum(counts - 1, 1), float(DAY))
        ratio = np.maximum(since / gap, 0.05)
        due = np.where(counts > 1, counts * np.minimum(ratio, 1 / ratio), 0.0)
        late = np.exp2(-since / SOON)
        return (
            Offers(items, often, items),
            Offers(items, due, items),
            Offers(items, late, items),
            Offers(items, counts**2, items),
            Offers(items, np.ones(len(items)), items),
        )

    def merge(self, others: Sequence[Self], numbers: Sequence[Numbers], size: int) -> Self:
        """See `Component.merge`."""
        return type(self)()
