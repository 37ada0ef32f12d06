"""`eddyline topics`"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson, console, print_json, table

if TYPE_CHECKING:
    from eddyline.connected import TopicState

app = typer.Typer(no_args_is_help=True, help="Create the topics, or look at them.", rich_markup_mode="rich")


@app.command()
def create(
    partitions: Annotated[
        int, typer.Option(min=1, max=10_000, help="Partitions of the events and of all topics that follow it.")
    ] = 4,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Create the topics that are missing; those that exist are left as they are.

    The number of partitions is how many workers can share the work. It cannot be changed once there is state.

    [bold]Examples[/bold]

      eddyline topics create --partitions 12 --config eddyline.toml
    """
    from eddyline.connected import create_topics
    from eddyline.settings import load_settings

    _show(create_topics(load_settings(config), partitions), as_json)


@app.command(name="list")
def list_(config: Config = None, as_json: AsJson = False) -> None:
    """List the topics of this deployment: what each is for, and whether it exists.

    [bold]Examples[/bold]

      eddyline topics list --json
    """
    from eddyline.connected import list_topics
    from eddyline.settings import load_settings

    _show(list_topics(load_settings(config)), as_json)


def _show(states: Iterable[TopicState], as_json: bool) -> None:
    if as_json:
        print_json([state._asdict() for state in states])
        return
    shown = table(("Topic", "left"), ("Partitions", "right"), ("State", "left"), ("What it is for", "left"))
    for state in states:
        shown.add_row(state.topic, str(state.partitions or "-"), state.state, state.description)
    console().print(shown)
