"""`eddyline evaluate counterfactual`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eddyline.cli.output import AsJson


def counterfactual(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="Lists that were shown, and what was clicked.")],
    ranking: Annotated[Path, typer.Argument(metavar="RANKING", help="What would be shown instead.")],
    examination: Annotated[
        str | None,
        typer.Option(
            "--examination", metavar="CHANCES", help="Of each place to be looked at, 1,.6,.4; default: from the log."
        ),
    ] = None,
    clip: Annotated[float, typer.Option("--clip", min=1.0, help="The most that a click may weigh.")] = 10.0,
    as_json: AsJson = False,
) -> None:
    """Estimate from a log of shown lists how often another ranking would have been clicked.

    Both files hold a JSON object a line. LOG: {"list": "r-17", "items": ["tea", "cup"], "clicked": ["cup"]}; RANKING:
    {"list": "r-17", "items": ["cup", "tea"]}. The id is the `id` of an `ItemsRecommended` update, which comes back as
    `recommendation_id`. To judge orders rather than clicks, say what was ordered as `clicked`.

    A click weighs by how much more often its item's new place is looked at (inverse propensity). An item that the log's
    list did not show has no evidence: what share of the new ranking that is, is told, and the estimate is given with it
    as never clicked and as clicked like the rest.

    [bold]Examples[/bold]

      eddyline evaluate counterfactual shown.jsonl new.jsonl
      eddyline evaluate counterfactual shown.jsonl.gz new.jsonl --examination 1,.7,.5,.4,.3 --json
    """
    from eddyline import shown_lists
    from eddyline.cli.output import console, print_json

    found = shown_lists.judge(log, ranking, examination, clip)
    if as_json:
        print_json(shown_lists.document(found))
    else:
        shown_lists.show(found, console())
