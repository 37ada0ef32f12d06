"""How good recommendations are, and what they cost: a year of a shop, each order a test and then a lesson.

    python benchmarks/recommend.py FILE                  # UCI Online Retail, .csv or .csv.gz; minutes
    python benchmarks/recommend.py FILE --orders 3000    # its first orders only
    python benchmarks/recommend.py FILE --uncapped       # also: what bounding each item's neighbours loses
    python benchmarks/recommend.py FILE --partitions 4   # also: four partitions, merged each 1,000 orders, beside one

Protocols and measures are those of `eddyline evaluate recommend`. Times are of this process's processor, so that others
on the machine count less. An answer is all candidates for a customer and the ten best of them.
"""

from __future__ import annotations

import argparse
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eddyline import recommenders
from stream.evaluate.prequential import SIGNALS, Evaluation, Purchase, evaluate
from stream.recommend.blend import Blend, Candidates
from stream.recommend.component import Numbers, Order, Query

AGAINST = "popularity,nightly-itemknn"
UNCAPPED = 1_000_000
MERGED_EACH = 1_000
TIMED_EACH = 10


class Timed(Blend):
    """A blend that knows what its steps took, in seconds."""

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


def main() -> None:
    """Measure, and print tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("file", type=Path, help="UCI Online Retail")
    options.add_argument("--orders", type=int, help="of the first orders only")
    options.add_argument("--uncapped", action="store_true", help="also without a cap on an item's neighbours")
    options.add_argument("--partitions", type=int, help="also with so many partitions, merged now and then")
    given = options.parse_args()
    purchases = recommenders.read_purchases(f"online-retail:{given.file}", None)[: given.orders]
    blend = Timed(recommenders.HALF_LIFE)
    started = time.process_time()
    found = evaluate(purchases, blend, recommenders.baselines(AGAINST))
    seconds = time.process_time() - started
    show(found)
    row("whole evaluation with the baselines, s", f"{seconds:.1f}")
    row("learning an order line, µs", f"{1e6 * blend.learning / max(blend.lines, 1):.1f}")
    row("an answer, ms", f"{1e3 * blend.answering / max(blend.answers // TIMED_EACH, 1):.2f}")
    if given.uncapped:
        compare("cap of 128 ÷ uncapped", found, evaluate(purchases, Blend(recommenders.HALF_LIFE, UNCAPPED), {}))
    if given.partitions:
        many, one = (evaluate(purchases, Partitioned(parts, purchases), {}) for parts in (given.partitions, 1))
        compare(f"{given.partitions} partitions merged each {MERGED_EACH:,} orders ÷ 1", many, one)
        compare("  the latter ÷ learning with each order", one, found)


def show(found: Evaluation) -> None:
    """Quality by protocol."""
    row("orders", f"{found.orders:,}")
    row("items", f"{found.items:,}")
    for protocol, judged in found.protocols.items():
        hit = {name: measures.get("hit_rate_at_10", 0.0) for name, measures in judged.components.items()}
        print(f"\n{protocol}, {judged.n:,} trials: hit rate at 10, coverage, Gini, novelty")
        for name, measures in judged.components.items():
            row(
                f"  {name}",
                f"{hit[name]:.4f}  {measures['coverage']:.3f}  {measures['gini']:.3f}  {measures['novelty']:.2f}",
            )
        baselines = [hit[name] for name in hit if name != "whole" and name not in SIGNALS]
        row("  whole ÷ decayed popularity", ratio(hit["whole"], hit["decayed_popularity"]))
        row("  whole ÷ best baseline", ratio(hit["whole"], max(baselines)))
        row("  whole ÷ best component", ratio(hit["whole"], max(hit[name] for name in SIGNALS)))
        shown = [judged.components[name]["coverage"] for name in ("whole", "decayed_popularity")]
        row("  coverage ÷ decayed popularity's", ratio(*shown))
    print()


def compare(what: str, one: Evaluation, other: Evaluation) -> None:
    """Ratio of the whole's hit rates at 10, a row for each protocol."""
    for protocol in one.protocols:
        hits = [of.protocols[protocol].components["whole"].get("hit_rate_at_10", 0.0) for of in (one, other)]
        row(f"{what}, {protocol}", f"{ratio(*hits)}  ({hits[0]:.4f}, {hits[1]:.4f})")


def ratio(one: float, other: float) -> str:
    """To three places; a dash where there is nothing to divide by."""
    return f"{one / other:.3f}" if other else "-"


def row(name: str, value: str) -> None:
    """A line of the table."""
    print(f"{name:60} {value}", flush=True)


if __name__ == "__main__":
    main()
