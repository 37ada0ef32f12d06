"""`eddyline evaluate plot`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson


def plot(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the pictures go.")] = Path("evaluation"),
    target: Annotated[str | None, typer.Option(help="Only this target; default: all.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Draw how good the scores are: ROC, precision and recall, calibration, lift and gain, and AUC over time.

    A PNG each, and evaluation.html with all of them to explore, which needs no network. Scores are measured before they
    are learnt from. Needs the extra: pip install 'eddyline\\[plots]'.

    [bold]Examples[/bold]

      eddyline evaluate plot --out pictures
      eddyline evaluate plot --target orders_again --json
    """
    from eddyline.cli.output import print_json
    from eddyline.settings import load_settings

    settings = load_settings(config)

    from eddyline.evaluation import chosen, declared, read_names, read_tally  # after the settings: it is slow to import
    from eddyline.plots.evaluation import evaluated, write_evaluation
    from eddyline.plots.page import need_plots
    from stream.errors import DataError, InputError

    need_plots()
    found = chosen(read_tally(settings), declared(settings), target)
    if not found:
        raise InputError("the settings declare no target: see [[targets]] in docs/eddyline.toml")
    scored = {name: tally for name, tally in found.items() if tally.total.examples}
    if not scored:
        raise DataError(
            f"nothing is known yet of scores of {' and '.join(found)}: an outcome is known when the horizon has passed"
        )
    names = read_names(settings)
    half_life = settings.evaluate.half_life
    drawn = {name: evaluated(tally, half_life, names) for name, tally in scored.items()}
    written = [str(file) for file in write_evaluation(drawn, out)]
    if as_json:
        print_json({"written": written})
    else:
        print("\n".join(written))
