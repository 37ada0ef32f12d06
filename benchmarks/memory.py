"""Memory of a worker over an endless stream of events, in which customers and items keep arriving.

    python benchmarks/memory.py                            # 2,000,000 events
    python benchmarks/memory.py --events 200000 --json     # smaller; one JSON document

The worker of `eddyline demo` on the in-process log, which forgets what was read, and on a Redis of its own, so that the
state is in another process. Flat means: after the first tenth of the events, memory never exceeds by more than 10 %
what it was there.

The hot customers are all there by then, and the targets are learnt: of 2,000,000 events the first 200,000 bring 13,600
customers, of whom `profiles.hot` = 10,000 stay in memory (the default is 20,000), and take 104 days of event time at 45
seconds an event, longer than the horizon of either target.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from itertools import islice

from endless import resident, shop
from rich.console import Console
from rich.table import Table

from eddyline.embedded import Embedded
from stream.config import preset
from stream.store.embedded import embedded_redis
from stream.store.redis import RedisStore

_MOST = 1.10
_HOT = 10_000  # customers kept in memory
_STEP = 45  # seconds of event time from one event to the next


def main() -> None:
    """Run, and print a table or JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--events", type=int, default=2_000_000)
    options.add_argument("--partitions", type=int, default=1)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--step", type=int, default=_STEP, help="seconds of event time from one event to the next")
    options.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    given = options.parse_args()
    if given.events < 1_000:
        options.error("--events must be at least 1,000")
    if given.step < 1:
        options.error("--step must be at least 1")
    document = measure(given.events, given.partitions, given.seed, given.step)
    if given.json:
        print(json.dumps(document))
    else:
        _print(document)


def measure(events: int, partitions: int, seed: int, seconds: int) -> dict[str, object]:
    """Memory at each twentieth of the events, and whether it is flat."""
    step, source, began = events // 20, shop(seed, step=1_000 * seconds), time.monotonic()
    rows: list[dict[str, float]] = []
    config = preset("shop")
    config = config.model_copy(update={"profiles": config.profiles.model_copy(update={"hot": _HOT})})
    with embedded_redis() as url:
        store = RedisStore(url, "events")
        worker = Embedded(config, store, partitions=partitions)
        for _ in range(20):
            worker.process(islice(source, step))
            gc.collect()
            customers = sum(len(engine.customers) for engine in worker.engines)
            took = time.monotonic() - began
            rows.append({"events": worker.events, "customers": customers, "mib": resident(), "seconds": took})
            if sys.stderr.isatty():
                print(f"\r{worker.events:,} events, {rows[-1]['mib']:,.0f} MiB", end="", file=sys.stderr, flush=True)
        store.close()
    first, largest = rows[1]["mib"], max(row["mib"] for row in rows[1:])
    growth = largest / first
    conditions = {"hot": _HOT, "step": seconds, "seed": seed}
    return {"rows": rows, "growth": growth, "most": _MOST, "flat": growth <= _MOST, **conditions}


def _print(document: dict) -> None:  # type: ignore[type-arg]
    held = f"profiles.hot = {document['hot']:,}, {document['step']} s an event"
    table = Table(title=f"Memory of a worker, customers and items arriving; {held}")
    for name in ("events", "customers known", "MiB", "seconds"):
        table.add_column(name, justify="right")
    for row in document["rows"]:
        table.add_row(f"{row['events']:,}", f"{row['customers']:,}", f"{row['mib']:.1f}", f"{row['seconds']:,.0f}")
    Console().print(table)
    said = "flat" if document["flat"] else "NOT flat"
    print(f"{said}: largest after the first tenth ÷ there = {document['growth']:.3f} (bar: ≤ {document['most']:.2f})")


if __name__ == "__main__":
    main()
