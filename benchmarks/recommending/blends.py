"""Blends and baselines that know what their steps took, and blends that learn in partitions."""

from __future__ import annotations

import time
import zlib
from collections.abc import Sequence

import numpy as np

from eddyline import recommenders
from stream.evaluate.baselines import Baseline
from stream.evaluate.prequential import Purchase
from stream.recommend.blend import Blend, Candidates
from stream.recommend.component import Floats, Numbers, Order, Query

MERGED_EACH = 1_000
TIMED_EACH = 10


class Timed(Blend):
    """A blend that knows what its steps took, in seconds of this process's processor."""

    def __init__(self, half_life: int, cap: int = 128) -> None:
        super().__init__(half_life, cap)
        self.learning, self.lines = 0.0, 0
        self.answering, self.answers = 0.0, 0

    def learn(self, order: Order) -> None:
        started = time.process_time()
        super().learn(order)
        self.learning += time.process_time() - started
        self.lines += len(order.items)

    def candidates(self, query: Query, exclude: Numbers) -> Candidates:
        started = time.process_time()
        found = super().candidates(query, exclude)
        self.answers += 1
        if self.answers % TIMED_EACH == 0:
            self.rank(found, "basket" if len(query.basket) else "next", 10)
            self.answering += time.process_time() - started
        return found


class TimedBaseline(Baseline):
    """A baseline that knows what it took, in seconds of this process's processor."""

    def __init__(self, baseline: Baseline) -> None:
        self._baseline = baseline
        self.seconds = 0.0

    def reserve(self, size: int) -> None:
        self._baseline.reserve(size)

    def advance(self, time_: int) -> None:
        started = time.process_time()
        self._baseline.advance(time_)
        self.seconds += time.process_time() - started

    def learn(self, order: Order, customer: str | None) -> None:
        started = time.process_time()
        self._baseline.learn(order, customer)
        self.seconds += time.process_time() - started

    def scores(self, query: Query, customer: str | None) -> Floats:
        started = time.process_time()
        found = self._baseline.scores(query, customer)
        self.seconds += time.process_time() - started
        return found


class Partitioned(Blend):
    """Blends that learn the orders of their own customers only; what ranks is their sum as of the last merge.

    Parameters
    ----------
    parts
        How many.
    purchases
        In the order in which they will be learnt: they say whose order it is.
    """

    def __init__(self, parts: int, purchases: Sequence[Purchase]) -> None:
        super().__init__(recommenders.HALF_LIFE)
        self._parts = [Blend(recommenders.HALF_LIFE) for _ in range(parts)]
        names = [purchase.customer or f"anonymous {place}" for place, purchase in enumerate(purchases)]
        self._place = [zlib.crc32(name.encode()) % parts for name in names]
        self._taken = 0

    def reserve(self, size: int) -> None:
        super().reserve(size)
        for part in self._parts:
            part.reserve(size)

    def teach(self, candidates: Candidates, situation: str, wanted: Numbers) -> None:
        part = self._parts[self._place[self._taken]]
        part.teach(candidates, situation, wanted)
        part.rankers[situation].settle()

    def learn(self, order: Order) -> None:
        self._parts[self._place[self._taken]].learn(order)
        self._taken += 1
        if self._taken % MERGED_EACH == 0:
            first, *others = self._parts
            merged = first.merge(others, [np.arange(self.size)] * len(self._parts), self.size)
            self.components, self.rankers = merged.components, merged.rankers
