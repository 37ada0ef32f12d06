"""`eddyline segments card`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson
from eddyline.cli.segments.period import Since, Until, instant

if TYPE_CHECKING:
    from eddyline.segments import SegmentView

_SHOWN = 6
_FLOWS = 4
_BARS = "▁▂▃▄▅▆▇█"


def card(
    segment: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="A segment's id, such as s1; default: all.", show_default=False)
    ] = None,
    since: Since = None,
    until: Until = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show all there is to know of a segment: what sets it apart, who is typical, what they buy, who comes and goes.

    What is said of customers is measured on the uniform sample that models are learnt from.

    [bold]Examples[/bold]

      eddyline segments card s1
      eddyline segments card s1 --since 2011-11-01
      eddyline segments card --json | jq '.segments[].differences[0]'
    """
    from eddyline.cli.output import print_json
    from eddyline.settings import load_settings

    settings = load_settings(config)
    period = instant(since, "--since"), instant(until, "--until")

    from eddyline.segments import read_cards  # after the settings: it is slow to import

    found = read_cards(settings, segment, *period)
    if as_json:
        print_json(found.to_dict())
        return
    for place, view in enumerate(found.segments):
        if place:
            print()
        _show(view, found.names, found.propensity)


def _show(view: SegmentView, names: dict[str, str], overall: dict[str, float]) -> None:
    from eddyline.cli.output import console, table
    from eddyline.cli.report import number

    screen, card = console(), view.card

    def say(text: str) -> None:
        screen.print(text, soft_wrap=True)

    say(f"Segment {card.id}: {card.name}")
    say(f"{card.size:,} sampled customers, {card.share:.1%}: about {card.customers:,} in all")
    for target, mean in card.propensity.items():
        say(f"{target.replace('_', ' ').capitalize()}: {mean:.1%} on average, {overall[target]:.1%} of all customers")
    apart = table(
        ("What sets it apart", "left"),
        ("Here", "right"),
        ("All customers", "right"),
        ("Unit", "left"),
        ("z", "right"),
        *((one.customer, "right") for one in card.typical),
    )
    for one in card.differences[:_SHOWN]:
        apart.add_row(
            one.feature.replace("_", " "),
            number(one.value),
            number(one.overall),
            one.unit,
            f"{one.z:+.2f}",
            *("-" if (value := who.values[one.feature]) is None else number(value) for who in card.typical),
        )
    screen.print(apart)
    if card.typical:
        say(f"Typical customers: {', '.join(who.customer for who in card.typical)}")
    if view.items:
        say(
            f"Bought by most: {', '.join(f'{one.item} ({one.share:.0%}, all {one.overall:.0%})' for one in view.items)}"
        )
    say(f"Came in: {_flow(view.inflow, names, 'new')}")
    say(f"Went out: {_flow(view.outflow, names, '')}")
    if view.sizes:
        say(f"Size over time: {_sparkline(view.sizes)}  {view.sizes[0]:,} → {view.sizes[-1]:,} customers")


def _flow(flow: dict[str, int], names: dict[str, str], unnamed: str) -> str:
    total = sum(flow.values())
    told = [f"{names.get(other, other) or unnamed} {count:,}" for other, count in flow.items()]
    if len(told) > _FLOWS:
        told[_FLOWS:] = [f"others {sum([*flow.values()][_FLOWS:]):,}"]
    return f"{total:,} ({'; '.join(told)})" if total else "nobody"


def _sparkline(sizes: list[int]) -> str:
    top = max(*sizes, 1)
    return "".join(_BARS[round(size / top * (len(_BARS) - 1))] for size in sizes)
