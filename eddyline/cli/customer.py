"""`eddyline customer`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson

if TYPE_CHECKING:
    from eddyline.lookup import CustomerView

_WHY = {"similar": "often ordered together with {}", "again": "ordered or added before", "popular": "popular now"}


def customer(
    customer_id: Annotated[str, typer.Argument(metavar="ID", help="The events' userId.", show_default=False)],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show what is known of one customer: profile, segment and why, score, items, recent changes.

    [bold]Examples[/bold]

      eddyline customer 12748
      eddyline customer 12748 --json | jq .segment
    """
    from eddyline.cli.output import print_json
    from eddyline.settings import load_settings

    settings = load_settings(config)

    from eddyline.lookup import read_customer  # after the settings: it is slow to import

    view = read_customer(settings, customer_id)
    if as_json:
        print_json(view.to_dict())
        return
    _show(view, {feature.name: (feature.unit, feature.description) for feature in settings.engine.features})


def _show(view: CustomerView, declared: dict[str, tuple[str, str]]) -> None:
    from eddyline.cli.live import because, moved
    from eddyline.cli.output import console, table
    from eddyline.cli.report import number
    from stream.updates import to_iso

    screen = console()
    screen.print(f"Customer {view.customer} as of {to_iso(view.at)} (partition {view.partition})\n", soft_wrap=True)
    if view.segment is None:
        screen.print("No segment yet.")
    else:
        screen.print(f"Segment {view.segment['id']}: {view.segment['name']}", soft_wrap=True)
        if (other := view.segment["runner_up"]) is None:
            screen.print("  the only segment so far")
        else:
            _segment(view.segment, other)
    for score in view.scores:
        name, rank = score["target"].replace("_", " "), f"{score['band']}, decile {score['decile']} of 10"
        screen.print(f"\nScore, {name}: {score['score']:.2f} ({rank}), because of", soft_wrap=True)
        _features(score["features"])
        screen.print(f"    all other features ({score['rest']:+.3f}); in log-odds, from {score['base']:+.3f} on")
    profile = table(
        ("Feature", "left"), ("Value", "right"), ("Unit", "left"), ("What it is", "left"), title="\nProfile"
    )
    for name, value in view.features.items():
        unit, description = declared[name]
        profile.add_row(name, "-" if value is None else number(value), unit, description)
    screen.print(profile)
    if view.similar:
        listed = ", ".join(f"{item} ({score:.2f})" for item, score in view.similar)
        screen.print(f"Last bought: {view.bought[0]}. Often ordered together with it: {listed}", soft_wrap=True)
    if view.recommended:
        screen.print("Recommended now:")
        for one in view.recommended:
            why = _WHY[one["reason"]].format(one["because"])
            screen.print(f"  {one['item']}  {why}", soft_wrap=True)
    if view.changes:
        screen.print("Recent changes:")
        for change in view.changes:
            screen.print(
                f"  {to_iso(change.occurred_at)}  {moved(change)}, because of {because(change)}", soft_wrap=True
            )


def _segment(segment: dict[str, Any], other: str) -> None:
    """What speaks for the customer's segment and what for the next nearest, as parts of the margin between them."""
    from eddyline.cli.output import console

    screen, margin = console(), segment["margin"]
    if margin >= 0:
        screen.print(f"  rather than {other}, by a margin of {margin:.3g}; for it speak", soft_wrap=True)
    else:
        screen.print(f"  still: {other} is nearer, but only by {-margin:.3g}, within the hysteresis; for it speak")
    _features([one for one in segment["features"] if one["contribution"] > 0])
    against = [one for one in segment["features"] if one["contribution"] < 0]
    if against:
        screen.print(f"  for {other} speak", soft_wrap=True)
        _features(against)


def _features(features: list[dict[str, Any]]) -> None:
    from eddyline.cli.output import console
    from eddyline.cli.report import measured

    for one in features:
        told = measured(one["feature"], one["value"], one["unit"], ": ")
        console().print(f"    {told} ({one['contribution']:+.3f})", soft_wrap=True)
