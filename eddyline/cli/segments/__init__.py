"""`eddyline segments`: what the segments are, why, and how customers move between them. One file a subcommand."""

from __future__ import annotations

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson
from eddyline.cli.segments import card, flows, history, operate, plot, rules, show, steps, suggest, tree

app = typer.Typer(rich_markup_mode="rich")


@app.callback(invoke_without_command=True)
def segments(context: typer.Context, config: Config = None, as_json: AsJson = False) -> None:
    """Show the segments of the present model, or more of them by a subcommand.

    [bold]Examples[/bold]

      eddyline segments
      eddyline segments --json | jq '.segments[].name'
    """
    if context.invoked_subcommand is None:
        show.show(config, as_json)
        return
    name = context.invoked_subcommand
    for parameter, option in (("config", "--config"), ("as_json", "--json")):
        source = context.get_parameter_source(parameter)
        if source is not None and source.name == "COMMANDLINE":  # a variable may be set for all commands
            raise typer.BadParameter(f"{option} belongs behind the subcommand: eddyline segments {name} {option}")


app.command()(show.show)
app.command()(card.card)
app.command()(rules.rules)
app.command()(flows.flows)
app.command()(history.history)
app.command()(plot.plot)
app.command()(suggest.suggest)
app.command()(tree.tree)
app.command()(steps.steps)
for command in (operate.name, operate.lock, operate.unlock, operate.merge, operate.retire, operate.k):
    app.command()(command)
