"""How good recommendations are, and what they cost: a year of a shop, each order a test and then a lesson.

    python benchmarks/recommend.py FILE                  # UCI Online Retail, .csv or .csv.gz; twenty minutes or so
    python benchmarks/recommend.py FILE --orders 3000    # its first orders only
    python benchmarks/recommend.py FILE --against popularity    # without the other baselines, two of which take longest

Everything in one run: quality by protocol with baselines, the simulated shop of `eddyline demo`, what bounding each
item's neighbours loses, and partitions that are merged now and then; at the end all of it beside its bars, as Markdown.
Protocols and measures are those of `eddyline evaluate recommend`. Times are of this process's processor, so that others
on the machine count less, yet not for nothing. An answer is all candidates for a customer and the ten best of them.
Needs `pip install 'eddyline[baselines]'`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from recommending import bars
from recommending.bars import Row
from recommending.blends import MERGED_EACH, TIMED_EACH, Partitioned, Timed, TimedBaseline

from eddyline import recommenders
from producers.datasets.baskets import baskets
from producers.simulator.shop import Shop
from stream.evaluate.prequential import Evaluation, Purchase, evaluate
from stream.recommend.blend import Blend

UNCAPPED = 1_000_000
PARTITIONS = 4


def main() -> None:
    """Measure, and print tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("file", type=Path, help="UCI Online Retail")
    options.add_argument("--orders", type=int, help="of the first orders only")
    options.add_argument(
        "--against", default=",".join(recommenders.BASELINES), help="baselines, with commas between; popularity is one"
    )
    given = options.parse_args()
    purchases = recommenders.read_purchases(f"online-retail:{given.file}", None)[: given.orders]
    shop = evaluate(baskets(Shop().events())[: given.orders], Blend(recommenders.HALF_LIFE), popularity())
    show("simulated shop", shop)
    simulated = bars.components("simulated shop", shop) + bars.popularity("simulated shop", shop, 1.5)
    print("\n" + bars.markdown(retail(purchases, given.against) + simulated))


def retail(purchases: Sequence[Purchase], against: str) -> list[Row]:
    """All that is measured on the shop's year."""
    baselines = {name: TimedBaseline(one) for name, one in recommenders.baselines(against).items()}
    blend = Timed(recommenders.HALF_LIFE)
    started = time.process_time()
    found = evaluate(purchases, blend, baselines)
    seconds = time.process_time() - started
    show("Online Retail", found)
    for name, baseline in baselines.items():
        print(f"{name} took {baseline.seconds:.0f} s", flush=True)
    rows = bars.rates(found) + bars.components("Online Retail", found) + bars.variety(found)
    rows += [
        Row("evaluation of all components, s", seconds - sum(one.seconds for one in baselines.values()), most=120),
        Row("learning an order line, µs", 1e6 * blend.learning / max(blend.lines, 1), most=100, places=1),
        Row("an answer, ms", 1e3 * blend.answering / max(blend.answers // TIMED_EACH, 1), most=3, places=2),
    ]
    uncapped = evaluate(purchases, Blend(recommenders.HALF_LIFE, UNCAPPED), {})
    rows += told(bars.beside("cap of 128 ÷ uncapped", found, uncapped, 0.98))
    many, one = (evaluate(purchases, Partitioned(parts, purchases), {}) for parts in (PARTITIONS, 1))
    merged = f"merged each {MERGED_EACH:,} orders"
    rows += told(bars.beside(f"{PARTITIONS} partitions {merged} ÷ 1", many, one, 0.98))
    return rows + told(bars.beside(f"1 partition {merged} ÷ learning with each order", one, found, None))


def popularity() -> dict[str, TimedBaseline]:
    """That baseline alone."""
    return {name: TimedBaseline(one) for name, one in recommenders.baselines("popularity").items()}


def show(what: str, found: Evaluation) -> None:
    """Quality by protocol."""
    print(f"\n{what}: {found.orders:,} orders, {found.items:,} items")
    for protocol, judged in found.protocols.items():
        print(f"\n{protocol}, {judged.n:,} trials: hit rate at 10, coverage, Gini, novelty")
        for name, of in judged.components.items():
            hit = bars.hit(judged, name)
            print(f"  {name:20} {hit:.4f}  {of['coverage']:.3f}  {of['gini']:.3f}  {of['novelty']:.2f}", flush=True)


def told(rows: list[Row]) -> list[Row]:
    """The same rows, printed as soon as they are there."""
    for row in rows:
        print("  ".join(row.cells()), flush=True)
    return rows


if __name__ == "__main__":
    main()
