"""`eddyline state`"""

from __future__ import annotations

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson, console, print_json

app = typer.Typer(no_args_is_help=True, help="The state as the store has it.", rich_markup_mode="rich")


@app.callback()
def _state() -> None:
    """One command so far, named all the same."""


@app.command()
def migrate(config: Config = None, as_json: AsJson = False) -> None:
    """Bring a state that an older release has written to the format of this one. No worker may run.

    It may be stopped at any time, and is run again then. Save snapshots before: the older release does not read the
    state any more.

    [bold]Examples[/bold]

      eddyline snapshot save && eddyline state migrate
    """
    from eddyline.settings import load_settings

    settings = load_settings(config)

    from eddyline.migration import migrate_stored

    before, now = migrate_stored(settings)
    if as_json:
        print_json({"before": before, "now": now})
    elif before == now:
        console().print(f"The state is in format {now} already.")
    else:
        console().print(f"The state was in format {before}, and is in format {now} now.")
