"""`eddyline segments flows`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson
from eddyline.cli.segments.period import Since, Until, instant

if TYPE_CHECKING:
    from stream.segments.flows import Flows

_CAUSES = {"event": "an event", "time": "time that passed", "model": "a new model"}


def flows(
    since: Since = None,
    until: Until = None,
    undone_within: Annotated[
        str, typer.Option(metavar="SPAN", help="A move that is taken back within this time was flapping.")
    ] = "24h",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show who moved where: the flow matrix of a period, what caused the moves, and how many were taken back.

    [bold]Examples[/bold]

      eddyline segments flows --since 2011-11-01
      eddyline segments flows --since 2011-11-01 --until 2011-12-01 --json | jq .flap_rate
    """
    from eddyline.cli.output import print_json
    from eddyline.settings import load_settings
    from stream.durations import parse_duration

    settings = load_settings(config)
    start, end = instant(since, "--since"), instant(until, "--until")
    try:
        span = parse_duration(undone_within)
    except ValueError as error:
        raise typer.BadParameter(f"--undone-within: {error}") from None

    from eddyline.lookup import read_segments  # after the settings: it is slow to import
    from eddyline.moves import read_moves
    from stream.segments import flows as counted

    names = {card.id: card.name for card in read_segments(settings).segments}
    seen: dict[str, str] = {}
    found = counted.flows(read_moves(settings, seen), start, end, span)
    names = seen | names
    if as_json:
        print_json(_document(found, names, since, until))
    else:
        _show(found, names)


def _document(found: Flows, names: dict[str, str], since: str | None, until: str | None) -> dict[str, object]:
    return {
        "since": since,
        "until": until,
        "names": names,
        "flows": [{"from": origin or None, "to": to, "moves": count} for (origin, to), count in found.counts.items()],
        "moves": found.moves,
        "assigned": found.assigned,
        "causes": dict(found.causes),
        "undone": found.undone,
        "undone_within_ms": found.undone_within,
        "flap_rate": None if found.flap_rate is None else round(found.flap_rate, 6),
    }


def _show(found: Flows, names: dict[str, str]) -> None:
    from eddyline.cli.output import console, table

    screen = console()
    involved = sorted({segment for pair in found.counts for segment in pair if segment}, key=lambda s: (len(s), s))
    matrix = table(
        ("From", "left"),
        ("", "left"),
        *((f"to {segment}", "right") for segment in involved),
        ("Left", "right"),
        title="Moves",
    )
    for origin in ["", *involved]:
        row = [found.counts.get((origin, to), 0) for to in involved]
        cells = [f"{count:,}" if count else "·" for count in row]
        matrix.add_row(origin, names.get(origin, origin) if origin else "(new)", *cells, f"{sum(row):,}")
    came = [sum(found.inflow(to).values()) for to in involved]
    matrix.add_section()
    matrix.add_row("", "Came in", *(f"{count:,}" for count in came), f"{sum(came):,}")
    screen.print(matrix)
    causes = ", ".join(f"{count:,} by {_CAUSES[kind]}" for kind, count in found.causes.items())
    screen.print(
        f"{found.moves:,} moves{f': {causes}' if causes else ''}; {found.assigned:,} first assignments", soft_wrap=True
    )
    if found.flap_rate is not None:
        hours = found.undone_within / 3_600_000
        screen.print(
            f"Flap rate {found.flap_rate:.1%}: {found.undone:,} moves were taken back within {hours:g} hours",
            soft_wrap=True,
        )
