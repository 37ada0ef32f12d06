"""`eddyline similar`"""

from __future__ import annotations

from typing import Annotated

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson


def similar(
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The item's product_id.", show_default=False)],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many at most.")] = 10,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show the items nearest to an item: what is ordered together with it, relative to how often each is ordered.

    Read from the cache in Redis that any service can read: a sorted set an item, most similar first.

    [bold]Examples[/bold]

      eddyline similar 85123A
      eddyline similar 85123A --count 3 --json | jq -r '.items[].item'
    """
    from eddyline.cli.output import console, print_json, table
    from eddyline.settings import load_settings

    settings = load_settings(config)

    from eddyline.lookup import read_similar  # after the settings: it is slow to import
    from stream.updates import rounded

    found = read_similar(settings, item, count)
    if as_json:
        listed = [{"item": other, "similarity": rounded(similarity)} for other, similarity in found]
        print_json({"item": item, "items": listed})
        return
    shown = table(("Item", "left"), ("Similarity", "right"), title=f"Ordered together with {item}")
    for other, similarity in found:
        shown.add_row(other, f"{similarity:.3f}")
    console().print(shown)
