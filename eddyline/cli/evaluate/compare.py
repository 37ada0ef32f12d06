"""`eddyline evaluate compare`"""

from __future__ import annotations

import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson

if TYPE_CHECKING:
    from eddyline.compare.table import Table


class Retrain(StrEnum):
    """How batch models are kept."""

    once = "once"
    daily = "daily"
    monthly = "monthly"


def compare(
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="A table, gzipped or not; commas, semicolons or tabs."),
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(
            "--events", metavar="FILE", help="Instead: events, through the engine; its examples are the rows."
        ),
    ] = None,
    map_: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="With --events: which column is what; default: UCI Online Retail."),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="NAME", help="Column, or with --events target, to predict.")
    ] = None,
    positive: Annotated[
        str | None, typer.Option("--positive", metavar="VALUE", help="Value of the target that counts as happened.")
    ] = None,
    time: Annotated[
        str | None, typer.Option("--time", metavar="COLUMN", help="Put rows in order of this, and split by it.")
    ] = None,
    ordered: Annotated[bool, typer.Option("--ordered", help="Rows are in order of time; split by it.")] = False,
    drop: Annotated[
        list[str] | None, typer.Option("--drop", metavar="COLUMN", help="Leave out a column; may be repeated.")
    ] = None,
    models: Annotated[
        str, typer.Option("--models", metavar="NAMES", help="Which, with commas between; both sides are run.")
    ] = "logistic,naive_bayes,tree,forest,network",
    retrain: Annotated[
        Retrain, typer.Option("--retrain", help="How often batch models are learnt anew; needs dates.")
    ] = Retrain.once,
    segments: Annotated[
        int | None, typer.Option("--segments", min=2, max=50, metavar="K", help="Group rows, too, into so many.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Compare our online models with batch scikit-learn: same rows, same features, one measure.

    Types are inferred; missing values and categories are handled; columns that alone tell nearly all are named, and one
    that tells far more than the others. Whether a column is known in time only you know. Rows are split into training,
    validation (for the threshold) and test, by time where there is time. Online models see each row once, and score it
    before they learn it; frozen at the test's beginning they are like batch models for like.

    Of events the rows are what the engine learns from: a customer's features when they were scored, and what came of
    it within the target's horizon, which both sides are told only then.

    [bold]Examples[/bold]

      eddyline evaluate compare --csv credit_card_default.csv.gz --target Y --positive 1
      eddyline evaluate compare --csv bank.csv --target y --ordered --drop duration --models logistic,forest
      eddyline evaluate compare --csv visits.csv --target bought --time date --retrain monthly --json
      eddyline evaluate compare --events online_retail.csv.gz --target orders_again
      eddyline evaluate compare --events orders.jsonl --map mapping.toml --config eddyline.toml
    """
    from eddyline.cli.output import console, print_json, progress
    from eddyline.compare import report
    from eddyline.compare.comparison import compare as run
    from eddyline.compare.comparison import steps
    from eddyline.compare.segments import group_both
    from eddyline.compare.table import read_table
    from stream.errors import InputError

    names = _models(models)
    if (csv is None) == (events is None):
        raise InputError("name what to compare on: --csv FILE --target COLUMN, or --events FILE")
    if csv is not None:
        if target is None:
            raise InputError("say which column is predicted: --target COLUMN")
        if map_ is not None:
            raise InputError("--map belongs to --events: a table's columns are its features")
        table = read_table(csv, target, positive=positive, time=time, ordered=ordered, drop=drop or ())
    else:
        assert events is not None
        if positive is not None or time is not None or ordered or drop:
            raise InputError(
                "--positive, --time, --ordered and --drop belong to --csv: events have times, targets labels"
            )
        table = _history(events, map_, target, config)
    with progress("Comparing", steps(table, names)) as advance:
        found = run(table, names, retrain=retrain.value, advance=advance)
    grouped = [] if segments is None else group_both(table, segments)
    if as_json:
        print_json(report.document(found, grouped))
    else:
        report.show(found, grouped, console())


def _history(events: Path, map_: Path | None, target: str | None, config: Path | None) -> Table:
    """The engine's examples of events in a file."""
    from eddyline.cli.output import progress
    from eddyline.compare.history import read_history
    from eddyline.settings import load_settings
    from producers.datasets import online_retail, table
    from producers.datasets.mapping import load_mapping
    from producers.datasets.report import LoadReport

    if not sys.stderr.isatty():
        print(f"reading {events}; a year of a shop takes some minutes", file=sys.stderr)
    settings, loaded = load_settings(config), LoadReport()
    records = online_retail.events(events, loaded) if map_ is None else table.events(events, load_mapping(map_), loaded)
    with progress("Processing") as advance:
        found = read_history(
            records,
            settings.engine,
            target,
            warn=lambda sentence: print(sentence, file=sys.stderr),
            watch=lambda seen: advance(seen.events),
        )
    return replace(found, notes=tuple(loaded.sentences()))


def _models(given: str) -> list[str]:
    from eddyline.compare.online import MODELS
    from stream.errors import InputError

    names = [name.strip() for name in given.split(",") if name.strip()]
    unknown = [name for name in names if name not in MODELS]
    if unknown or not names:
        what = f"there is no model {unknown[0]!r}" if unknown else "--models names none"
        raise InputError(f"{what}; say some of {','.join(MODELS)}")
    return names
