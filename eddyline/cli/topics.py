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

    The number of partitions is how many workers can share the work. Once there is state, more of them need
    `eddyline topics migrate`.

    [bold]Examples[/bold]

      eddyline topics create --partitions 12 --config eddyline.toml
    """
    from eddyline.connected import create_topics
    from eddyline.settings import load_settings

    _show(create_topics(load_settings(config), partitions), as_json)


@app.command()
def migrate(
    partitions: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="Give the events topic this many first. [default: as it has]"),
    ] = None,
    settle: Annotated[
        str,
        typer.Option(help="How long producers may take to notice a topic grown here; 0s: they are stopped."),
    ] = "5m",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Bring the state under the partition count that the events topic has now. No worker may run.

    What was written before is finished in the old partitions; then each customer's profile moves to where their key
    leads. It may be stopped at any time, and is run again then. Grow a topic to a multiple of what it has: then nothing
    depends on when producers notice. Save snapshots afterwards: no log alone leads back across a growth.

    [bold]Examples[/bold]

      eddyline topics migrate --dry-run
      eddyline topics migrate --partitions 8
    """
    from eddyline.settings import load_settings

    settings = load_settings(config)

    from eddyline.migration import migrate_topics

    done = migrate_topics(settings, partitions, settle, dry_run=dry_run)
    if as_json:
        print_json(done.document())
        return
    console().print(done.told(), soft_wrap=True)
    if done.moves:
        shown = table(("From", "right"), ("To", "right"), ("Customers", "right"))
        for (old, new), customers in done.moves.items():
            shown.add_row(str(old), str(new), f"{customers:,}")
        console().print(shown)


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
