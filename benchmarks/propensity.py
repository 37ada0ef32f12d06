"""Online scores against batch scikit-learn and against what one would use instead, in one run.

    python benchmarks/propensity.py                     # made-up streams with a known answer
    python benchmarks/propensity.py --data DIR          # also the real data in DIR: credit_card_default.csv.gz,
                                                        # online_shoppers_intention.csv.gz, bank_additional_full.csv.gz,
                                                        # online_retail.csv.gz
    python benchmarks/propensity.py --rows 2000 --json  # smaller; one JSON document

Same rows, same features, same run. Online models see each row once and score it before they learn it, a new version
each 250 rows (bank: 100). Batch models are fitted to the rows before those that are measured, or retrained monthly on
all months before. Credit default and shoppers come in a random order, and the last fifth is measured, as in what was
published; the bank's calls come as they were made, and the second half is measured.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table
from scoring import measures, retail, streams
from scoring.measures import Figure, Run

from eddyline.compare import online


def main() -> None:
    """Measure, and print tables or JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=20_000, help="rows of a made-up stream (at least 1,000)")
    options.add_argument("--repeats", type=int, default=20, help="repeats of the cost measurement")
    options.add_argument("--data", type=Path, help="folder with real data, gzipped")
    options.add_argument("--models", default=",".join(online.MODELS), help="online models, with commas between")
    options.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    given = options.parse_args()
    if given.rows < 1_000:
        options.error("--rows must be at least 1,000")
    models = tuple(given.models.split(","))
    if "logistic" not in models or not set(models) <= set(online.MODELS):
        options.error(f"--models must be some of {','.join(online.MODELS)}, logistic among them")
    there = [*streams.made_up(given.rows), *([] if given.data is None else streams.real(given.data))]
    runs, figures = [], []
    for stream in there:
        own = list(measures.runs(stream, models))
        runs += own
        figures += [*measures.summary(stream, own), *measures.partitions(stream, models)]
    figures += [*measures.cost(given.repeats), *_retail(given.data)]
    left_out = [] if given.data is None else [name for name in _FILES if not _file(given.data, name).exists()]
    known = {stream.name: stream.known for stream in there}
    if given.json:
        told = [asdict(figure) | {"met": figure.met} for figure in figures]
        document = {"runs": [asdict(run) for run in runs], "figures": told}
        print(json.dumps(document | {"known": known, "left_out": left_out}))
    else:
        _print(runs, figures, known, left_out)


_FILES = (*streams.TABLES, retail.NAME)


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.csv.gz"


def _retail(folder: Path | None) -> Iterator[Figure]:
    if folder is not None and _file(folder, retail.NAME).exists():
        yield from retail.figures(_file(folder, retail.NAME))


def _print(runs: list[Run], figures: list[Figure], known: dict[str, str], left_out: list[str]) -> None:
    console = Console()
    table = Table(title="The same rows and features", caption="µs: to learn and score a row; batch: by rows scored")
    for name in ("stream", "", "model", "learnt"):
        table.add_column(name)
    for name in ("rows", "AUC", "within a month", "log loss", "cal. error", "µs a row"):
        table.add_column(name, justify="right")
    for before, run in zip([None, *runs], runs, strict=False):
        first = before is None or before.stream != run.stream
        if first:
            table.add_section()
        measured = (run.auc, run.within, run.log_loss, run.ece)
        qualities = ["" if value is None else f"{value:.4f}" for value in measured]
        name = f"{run.stream}\n({known[run.stream]})" if first else ""
        table.add_row(name, run.kind, run.model, run.learnt, f"{run.rows:,}", *qualities, f"{run.microseconds:,.1f}")
    console.print(table)
    console.print(_calibration(runs))
    table = Table(title="Numbers to reach")
    for name in ("what", "of"):
        table.add_column(name)
    for name in ("value", "bar", ""):
        table.add_column(name, justify="right")
    for figure in figures:
        met = "" if figure.met is None else "yes" if figure.met else "NO"
        table.add_row(figure.what, figure.of, f"{figure.value:.4f}", figure.bar, met)
    console.print(table)
    if left_out:
        console.print(f"Left out, since --data has no such file: {', '.join(left_out)}")


def _calibration(runs: list[Run]) -> Table:
    table = Table(
        title="Calibration error on the rows that are measured",
        caption="pooled: many versions, whose errors partly cancel; chance: what perfect scores would have",
    )
    for name in ("stream", "model"):
        table.add_column(name)
    for name in ("pooled", "one frozen version", "chance"):
        table.add_column(name, justify="right")
    for run in runs:
        if run.frozen is not None:
            errors = (f"{value:.4f}" for value in (run.pooled, run.frozen, run.chance))
            table.add_row(run.stream, run.model, *errors)
    return table


if __name__ == "__main__":
    main()
