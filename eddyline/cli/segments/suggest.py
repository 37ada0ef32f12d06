"""`eddyline segments suggest`"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson

if TYPE_CHECKING:
    from stream.segments.suggest import Candidate, Suggestion


def suggest(
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draw the evidence, too: a .png, or an .html to explore."),
    ] = None,
    most: Annotated[int, typer.Option("--most", min=2, max=30, help="Try 2 to so many segments.")] = 10,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Recommend an algorithm and a number of segments, with the evidence.

    Looks at up to 2,000 customers of the sample. Nothing is changed: put the recommendation into the settings
    (segments.algorithm, segments.k) or, for the number alone, say [bold]eddyline segments k[/bold]. The indices favour
    round segments: where you expect other shapes, look at [bold]eddyline segments plot[/bold] too.

    [bold]Examples[/bold]

      eddyline segments suggest
      eddyline segments suggest --most 15 --json | jq .best
      eddyline segments suggest --plot suggestion.png
    """
    from eddyline.cli.output import print_json, progress
    from eddyline.settings import load_settings

    settings = load_settings(config)
    if plot is not None:
        from eddyline.plots.page import need_plots
        from eddyline.plots.suggest import SUFFIXES, write_suggestion

        if plot.suffix not in SUFFIXES:
            raise typer.BadParameter(f"--plot: {plot} must end in {' or '.join(SUFFIXES)}")
        need_plots()

    from eddyline.sample import read_contributions  # after the settings: it is slow to import
    from stream.segments.suggest import steps
    from stream.segments.suggest import suggest as look

    _, merged = read_contributions(settings)
    ks = range(2, most + 1)
    with progress("Comparing", steps(ks)) as advance:
        found = look(merged.rows, settings.engine, ks, advance)
    if plot is not None:
        write_suggestion(found, plot)
    if as_json:
        told = {"candidates": [_plain(one) for one in found.candidates], "best": _plain(found.best)}
        drawn = {} if plot is None else {"written": [str(plot)]}
        print_json({"customers": found.customers, "why": found.why} | told | {"failures": found.failures} | drawn)
    else:
        _show(found)
        if plot is not None:
            print(plot)


def _plain(candidate: Candidate) -> dict[str, Any]:
    return asdict(candidate) | {"score": candidate.score, "against": candidate.against}


def _show(found: Suggestion) -> None:
    from eddyline.cli.output import console, table

    numbers = ("K", "Silhouette", "Calinski-H.", "Davies-B.", "Stability", "Smallest", "Outliers")
    shown = table(("Algorithm", "left"), *((name, "right") for name in numbers), ("", "left"))
    for one in found.candidates:
        shown.add_row(
            one.algorithm,
            str(one.k),
            f"{one.silhouette:.3f}",
            f"{one.calinski_harabasz:,.0f}",
            f"{one.davies_bouldin:.2f}",
            f"{one.stability:.2f}",
            f"{one.smallest:.1%}",
            f"{one.outliers:.1%}",
            "<- recommended" if one is found.best else one.against,
        )
    screen = console()
    screen.print(shown)
    for algorithm, why in found.failures.items():
        screen.print(f"{algorithm}: {why}", soft_wrap=True)
    screen.print(f"{found.why} Of {found.customers:,} customers.", soft_wrap=True)
