"""`eddyline segments show`"""

from __future__ import annotations

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson


def show(config: Config = None, as_json: AsJson = False) -> None:
    """Show the segments of the present model: names, sizes, and what a customer at the centre is like.

    Sizes are of the uniform sample of customers that the model was learnt from.

    [bold]Examples[/bold]

      eddyline segments show
      eddyline segments show --json | jq '.segments[].name'
    """
    from eddyline.cli.output import console, print_json, table
    from eddyline.cli.report import number
    from eddyline.settings import load_settings

    settings = load_settings(config)

    from eddyline.lookup import read_segments  # after the settings: it is slow to import

    revision = read_segments(settings)
    if as_json:
        print_json(revision.model_dump(mode="json", by_alias=True))
        return
    cards = sorted(revision.segments, key=lambda card: (-card.size, card.id))
    shown = table(("Id", "left"), ("Segment", "left"), ("Sample", "right"), ("Share", "right"))
    for card in cards:
        shown.add_row(card.id, card.name, f"{card.size:,}", f"{card.share:.1%}")
    centres = table(
        ("Feature", "left"), *((card.id, "right") for card in cards), ("Unit", "left"), title="A customer at the centre"
    )
    for feature in settings.engine.features:
        if feature.name in cards[0].centre:
            centres.add_row(feature.name, *(number(card.centre[feature.name]) for card in cards), feature.unit)
    screen = console()
    screen.print(f"Model {revision.model}. {revision.why}", soft_wrap=True)
    screen.print(shown)
    screen.print(centres)
