"""Segments against batch k-means and against what one would use instead, in one run.

    python benchmarks/segments.py                       # made-up streams and scikit-learn's digits
    python benchmarks/segments.py --data DIR            # also the real data in DIR: online_retail.csv.gz,
                                                        # online_shoppers_intention.csv.gz, wholesale_customers.csv.gz
    python benchmarks/segments.py --rows 2000 --json    # smaller; one JSON document

All start from the same rows in the same order and see each row once; batch k-means is scikit-learn's KMeans with
n_init=10 over the same rows. Algorithms of a millisecond a row get the first 1,000. River's are as shipped, with what
they cannot do without; "tuned" is the best of a small grid for rows in [0, 1].
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from clustering import measures, streams
from clustering.measures import Figure, Run
from rich.console import Console
from rich.table import Table

_AGREE = 0.02  # how far the agreement with the truth may lie below that of batch


def main() -> None:
    """Measure, and print tables or JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=20_000, help="rows of a made-up stream (at least 600)")
    options.add_argument("--repeats", type=int, default=60, help="repeats of the cost measurement")
    options.add_argument("--data", type=Path, help="folder with real data, gzipped")
    options.add_argument("--quick", action="store_true", help="without the algorithms of a millisecond a row")
    options.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    given = options.parse_args()
    if given.rows < 600:
        options.error("--rows must be at least 600")
    there = [*streams.made_up(given.rows), *([] if given.data is None else streams.real(given.data))]
    left_out = [name for name in streams.REAL if name not in {stream.name for stream in there}]
    runs = [run for stream in there for run in measures.runs(stream, given.quick)]
    figures = [*_figures(given.rows, given.repeats, there), *_summary(runs)]
    if given.json:
        document = {"runs": [asdict(run) for run in runs], "figures": [asdict(figure) for figure in figures]}
        print(json.dumps(document | {"left_out": left_out}))
    else:
        _print(runs, figures, left_out)


def _figures(rows: int, repeats: int, there: list[streams.Stream]) -> Iterator[Figure]:
    yield from measures.drift(2 * rows)
    yield from measures.renamed(rows)
    for stream in there:
        yield from measures.partitions(stream)
    yield from measures.learner_partitions(rows)
    yield from measures.cost(repeats)


def _summary(runs: list[Run]) -> Iterator[Figure]:
    ours = [run for run in runs if run.algorithm == "StreamKMeans"]
    for run in ours:
        yield Figure(f"SSE / batch: {run.stream}", run.algorithm, run.ratio, run.bar)
    for run in ours:
        if run.ari is not None and run.batch_ari is not None:
            yield Figure(f"ARI below batch: {run.stream}", run.algorithm, run.batch_ari - run.ari, _AGREE)
    yield Figure("dead clusters", "StreamKMeans", float(sum(run.dead for run in ours)), 0.0)


def _print(runs: list[Run], figures: list[Figure], left_out: list[str]) -> None:
    console = Console()
    table = Table(title="One pass over each stream", caption="SSE and ARI next to those of batch KMeans(n_init=10)")
    for name in ("stream", "algorithm"):
        table.add_column(name)
    for name in ("rows", "SSE / batch", "ARI", "batch's ARI", "clusters", "dead", "µs a row"):
        table.add_column(name, justify="right")
    for before, run in zip([None, *runs], runs, strict=False):
        if before is not None and before.stream != run.stream:
            table.add_section()
        table.add_row(
            run.stream if before is None or before.stream != run.stream else "",
            run.algorithm,
            f"{run.rows:,}",
            f"{run.ratio:.3f}",
            "" if run.ari is None else f"{run.ari:.3f}",
            "" if run.batch_ari is None else f"{run.batch_ari:.3f}",
            str(run.clusters),
            str(run.dead),
            f"{run.microseconds:,.1f}",
        )
    console.print(table)
    table = Table(title="Numbers to reach")
    for name in ("what", "of"):
        table.add_column(name)
    for name in ("value", "bar", ""):
        table.add_column(name, justify="right")
    for figure in figures:
        bar = "" if figure.bar is None else f"≤ {figure.bar:g}"
        met = "" if figure.bar is None else "yes" if figure.value <= figure.bar else "NO"
        table.add_row(figure.what, figure.algorithm, f"{figure.value:.4f}", bar, met)
    console.print(table)
    if left_out:
        console.print(f"Left out, since --data has no such file: {', '.join(left_out)}")


if __name__ == "__main__":
    main()
