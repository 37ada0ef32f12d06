"""`eddyline evaluate`: how good the scores are, in pictures and beside what one would use instead."""

from __future__ import annotations

import typer

from eddyline.cli.evaluate import compare, counterfactual, plot, recommend

app = typer.Typer(rich_markup_mode="rich", no_args_is_help=True, help="Show how good the scores are.")


@app.callback()
def _evaluate() -> None:
    """Show how good the scores are."""


app.command()(plot.plot)
app.command()(compare.compare)
app.command()(recommend.recommend)
app.command()(counterfactual.counterfactual)
