"""`eddyline recommend`"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson

if TYPE_CHECKING:
    from eddyline.cached import Recommendations


def recommend(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The events' userId.", show_default=False)],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many at most.")] = 10,
    context: Annotated[
        list[str] | None,
        typer.Option("--context", metavar="ITEM", help="An item of the open basket; may be given several times."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Also what each item rests on, and which list by which model it is.")
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show a customer's current list with its reasons; to one who has none, what is popular.

    Read from the cache in Redis that any service can read (docs/cache.md): it is the list that was published last. With
    --context it is merged for an open basket: what is nearest to its items, the customer's list, and what is popular.

    [bold]Examples[/bold]

      eddyline recommend 12748
      eddyline recommend 12748 --explain
      eddyline recommend 12748 --context 85123A --context 22423 --explain
      eddyline recommend 12748 --count 3 --json | jq -r '.items[].sentence'
    """
    from eddyline.cli.output import print_json
    from eddyline.client import RecommendationClient
    from eddyline.settings import load_settings
    from stream.errors import InputError

    settings = load_settings(config)
    at = settings.redis
    with RecommendationClient(at, prefix=at.prefix, topic=settings.topics.events) as client:
        found = client.recommend(customer, count, context or ())
    if not found.items and found.id is None:
        raise InputError(f"nothing can be recommended to customer {customer!r}: nothing was ordered yet")
    if as_json:
        print_json(found.to_dict())
    else:
        _show(found, context or (), explain=explain)


def _show(found: Recommendations, context: Sequence[str], *, explain: bool) -> None:
    from eddyline.cli.output import console, table
    from stream.updates import to_iso

    screen, told = console(), f"Recommended to {found.customer}:"
    if context:
        told = f"Recommended to {found.customer} beside {', '.join(context)}:"
    elif found.occurred_at is None:
        told = f"{found.customer} has no list yet; what is popular:"
    screen.print(told, soft_wrap=True)
    columns = (*_EVIDENCE, ("Made of", "left")) if context else _EVIDENCE
    shown = table(("Item", "left"), ("Why", "left"), *(columns if explain else ()))
    for one in found.items:
        evidence = (one.reason, one.because or "-", f"{one.score:.4g}") if explain else ()
        parts = "; ".join(f"{part.score:.4f} {part.source} #{part.place} ({part.value:.3g})" for part in one.parts)
        shown.add_row(one.item, one.sentence, *evidence, *([parts] if context and explain else ()))
    screen.print(shown if found.items else found.empty_because or "All of it has been hidden since.", soft_wrap=True)
    if explain and found.occurred_at is not None:
        at = to_iso(round(found.occurred_at.timestamp() * 1000))
        screen.print(f"List {found.id}, made at {at} by model {found.model}.", soft_wrap=True)


_EVIDENCE = (("Component", "left"), ("Because of", "left"), ("Score", "right"))
