"""`eddyline evaluate compare`"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from eddyline.cli.output import AsJson


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
    target: Annotated[str | None, typer.Option("--target", metavar="NAME", help="Column that is predicted.")] = None,
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
    as_json: AsJson = False,
) -> None:
    """Compare our online models with batch scikit-learn: same rows, same features, one measure.

    Types are inferred; missing values and categories are handled; columns that know too much are named. Rows are split
    into training, validation (for the threshold) and test, by time where there is time. Online models see each row
    once, and score it before they learn it; frozen at the test's beginning they are like batch models for like.

    [bold]Examples[/bold]

      eddyline evaluate compare --csv credit_card_default.csv.gz --target Y --positive 1
      eddyline evaluate compare --csv bank.csv --target y --ordered --drop duration --models logistic,forest
      eddyline evaluate compare --csv visits.csv --target bought --time date --retrain monthly --json
    """
    from eddyline.cli.output import console, print_json, progress
    from eddyline.compare import report
    from eddyline.compare.comparison import compare as run
    from eddyline.compare.comparison import steps
    from eddyline.compare.segments import group_both
    from eddyline.compare.table import read_table
    from stream.errors import InputError

    names = _models(models)
    if csv is None:
        raise InputError("name a table to compare on: --csv FILE --target COLUMN")
    if target is None:
        raise InputError("say which column is predicted: --target COLUMN")
    table = read_table(csv, target, positive=positive, time=time, ordered=ordered, drop=drop or ())
    with progress("Comparing", steps(table, names)) as advance:
        found = run(table, names, retrain=retrain.value, advance=advance)
    grouped = [] if segments is None else group_both(table, segments)
    if as_json:
        print_json(report.document(found, grouped))
    else:
        report.show(found, grouped, console())


def _models(given: str) -> list[str]:
    from eddyline.compare.online import MODELS
    from stream.errors import InputError

    names = [name.strip() for name in given.split(",") if name.strip()]
    unknown = [name for name in names if name not in MODELS]
    if unknown or not names:
        what = f"there is no model {unknown[0]!r}" if unknown else "--models names none"
        raise InputError(f"{what}; say some of {','.join(MODELS)}")
    return names
