"""A burst of ten times the rate: how long results take before, during and after it, and whether anything is lost.

    python benchmarks/overload.py                          # 1,000 events a second, a burst of 10,000 a second for 10 s
    python benchmarks/overload.py --rate 500 --json        # slower; one JSON document

One `eddyline run` on a Kafka and a Redis of its own. Events are sent in an open loop: each is due at its time, whatever
the worker does. Among them, every 50 ms at the normal rate, is a probe that is no event: its dead letter is written
in the same transaction as the results of the events around it. Latency is from when the probe was due to when its dead
letter was read, read-committed. Needs Java 17, and Maven the first time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

from overloading.measure import Plan, measure
from rich.console import Console
from rich.table import Table

from eddyline.testing.servers import LocalKafka, LocalRedis

_RECOVERY = 60.0


def main() -> None:
    """Run, and print tables or JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rate", type=float, default=1_000.0, help="events a second before and after the burst")
    options.add_argument("--times", type=float, default=10.0, help="how many times the rate the burst is")
    options.add_argument("--before", type=float, default=30.0, help="seconds")
    options.add_argument("--burst", type=float, default=10.0, help="seconds")
    options.add_argument("--after", type=float, default=90.0, help="seconds")
    options.add_argument("--partitions", type=int, default=4)
    options.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    given = options.parse_args()
    if min(given.rate, given.times, given.before, given.burst, given.after, given.partitions) <= 0:
        options.error("all numbers must be above 0")
    document = run(Plan(given.rate, given.times, given.before, given.burst, given.after), given.partitions)
    if given.json:
        print(json.dumps(document))
    else:
        _print(document)
    sys.exit(0 if all(bar["met"] for bar in document["bars"]) else 1)


def run(plan: Plan, partitions: int) -> dict:  # type: ignore[type-arg]
    """Start all, measure, and judge."""
    with LocalRedis() as redis, LocalKafka() as kafka, tempfile.TemporaryDirectory() as directory:
        name = f"o{uuid.uuid4().hex[:8]}"
        variables = {
            "EDDYLINE_KAFKA__BOOTSTRAP_SERVERS": kafka.address,
            "EDDYLINE_REDIS__URL": redis.address,
            "EDDYLINE_TOPICS__PREFIX": f"{name}.",
            "EDDYLINE_GROUP": name,
        }
        environment = dict(os.environ) | variables
        eddyline = [sys.executable, "-m", "eddyline"]
        create = [*eddyline, "topics", "create", "--partitions", str(partitions)]
        subprocess.run(create, env=environment, check=True, stdout=subprocess.DEVNULL)
        log = Path(directory) / "worker.log"
        with log.open("w") as output:
            worker = subprocess.Popen([*eddyline, "run"], env=environment, stderr=output, stdout=subprocess.DEVNULL)
        try:
            found = measure(plan, kafka.address, redis.address, f"{name}.", worker, partitions)
        finally:
            worker.terminate()
            worker.wait()
    recovery = found["recovery"]
    growth = found["largest"] / found["calm"]
    found["bars"] = [
        {"what": "events lost", "value": found["lost"], "bar": 0, "met": found["lost"] == 0},
        {"what": "events or results doubled", "value": found["doubled"], "bar": 0, "met": found["doubled"] == 0},
        {
            "what": "seconds from the end of the burst to normal latency",
            "value": recovery,
            "bar": _RECOVERY,
            "met": recovery is not None and recovery <= _RECOVERY,
        },
    ]
    return found | {"growth": growth}


def _print(document: dict) -> None:  # type: ignore[type-arg]
    console = Console()
    table = Table(title="Latency from append to a result that can be read")
    for name in ("second", "phase", "events sent", "p50 ms", "largest ms", "worker MiB"):
        table.add_column(name, justify="right")
    for row in document["rows"]:
        cells = [f"{row['p50']:,.0f}", f"{row['largest']:,.0f}"] if row["p50"] is not None else ["", ""]
        table.add_row(str(row["second"]), row["phase"], f"{row['sent']:,}", *cells, f"{row['mib']:.0f}")
    console.print(table)
    table = Table(
        title=f"{document['events']:,} events, normal latency up to {document['normal']:,.0f} ms (p95 before)"
    )
    for name in ("what", "value", "bar", ""):
        table.add_column(name)
    for bar in document["bars"]:
        table.add_row(bar["what"], _number(bar["value"]), f"≤ {bar['bar']:g}", "yes" if bar["met"] else "NO")
    table.add_row("worker's memory, largest ÷ before the burst", f"{document['growth']:.2f}", "", "")
    console.print(table)


def _number(value: float | None) -> str:
    return "never" if value is None else f"{value:g}"


if __name__ == "__main__":
    main()
