"""`eddyline segments plot`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson
from eddyline.cli.segments.period import Since, Until, instant


def plot(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the pictures go.")] = Path("segments"),
    since: Since = None,
    until: Until = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Draw the segments: customers and centres, what sets them apart, sizes over time, moves, and a tree.

    A PNG each, and segments.html with all of them to explore, which needs no network. The period is that of the
    moves. Needs the extra: pip install 'eddyline\\[plots]'.

    [bold]Examples[/bold]

      eddyline segments plot --out pictures
      eddyline segments plot --since 2011-11-01 --json
    """
    from eddyline.cli.output import print_json
    from eddyline.settings import load_settings

    settings = load_settings(config)
    period = instant(since, "--since"), instant(until, "--until")

    from eddyline.plots.data import read_pictured  # after the settings: it is slow to import
    from eddyline.plots.page import need_plots, write_pictures

    need_plots()
    written = [str(file) for file in write_pictures(read_pictured(settings, *period), out)]
    if as_json:
        print_json({"written": written})
    else:
        print("\n".join(written))
