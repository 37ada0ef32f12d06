"""All commands, in the order in which help lists them."""

from __future__ import annotations

from typing import Annotated

import typer

from eddyline.cli import (
    case,
    customer,
    dead_letters,
    demo,
    evaluate,
    items,
    load,
    metrics,
    recommend,
    run,
    schema,
    segments,
    similar,
    simulate,
    snapshot,
    state,
    status,
    topics,
    version,
)

app = typer.Typer(
    name="eddyline",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 fine, 1 failure, 2 wrong use or input, 130 stopped by Ctrl-C. "
    "Every setting is also a variable: EDDYLINE_KAFKA__BOOTSTRAP_SERVERS, EDDYLINE_SEGMENTS__K, …",
)


def _version(asked: bool) -> None:
    if asked:
        version.version()
        raise typer.Exit


@app.callback()
def _eddyline(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Segments, scores and recommendations while customers act.

    Customer events come in on a Kafka topic; segment changes, scores and recommendations go out, each with its reason.

    Start here: [bold]eddyline demo[/bold] needs no server.
    """


app.command()(demo.demo)
app.command()(run.run)
app.command()(status.status)
app.add_typer(topics.app, name="topics")
app.add_typer(snapshot.app, name="snapshot")
app.add_typer(state.app, name="state")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(load.app, name="load")
app.add_typer(items.app, name="items")
app.command()(simulate.simulate)
app.command()(customer.customer)
app.command()(recommend.recommend)
app.command()(similar.similar)
app.add_typer(segments.app, name="segments")
app.add_typer(case.app, name="case")
app.command()(metrics.metrics)
app.add_typer(evaluate.app, name="evaluate")
app.command()(schema.schema)
app.command()(version.version)
