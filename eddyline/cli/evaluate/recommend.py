"""`eddyline evaluate recommend`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eddyline.cli.output import AsJson


def recommend(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="online-retail:FILE, csv:FILE, jsonl:FILE or parquet:FILE.", show_default=False
        ),
    ],
    map_: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="Which column is what, in TOML; see `eddyline load mapping`."),
    ] = None,
    against: Annotated[
        str, typer.Option("--against", metavar="NAMES", help="Baselines in the same table, with commas between.")
    ] = "popularity,nightly-itemknn",
    as_json: AsJson = False,
) -> None:
    """Measure recommendations on past orders: each order tests all rankings, and then they learn it.

    The whole, each component alone, and baselines rank the full catalogue. Of equal scores, those that would hit come
    last. The first quarter of the orders warms up. *repeats*: the next order of a customer who has ordered before.
    *new*: only what the customer never ordered. *basket*: the second half of an order of four or more items from its
    first half. Popularity counts half after seven days; the item neighbours of `nightly-itemknn` are rebuilt at each
    midnight of the orders' time. `weekly-als` and `weekly-bpr` are matrix factorisations, rebuilt each week of the
    orders' time; they need the extra: pip install 'eddyline\\[baselines]'.

    A year of a shop takes some minutes.

    [bold]Examples[/bold]

      eddyline evaluate recommend online-retail:online_retail.csv.gz
      eddyline evaluate recommend csv:orders.csv --map mapping.toml --json
      eddyline evaluate recommend jsonl:orders.jsonl --map mapping.toml --against popularity,weekly-als
    """
    from eddyline import recommenders
    from eddyline.cli.output import console, print_json, progress
    from stream.evaluate.prequential import evaluate
    from stream.recommend.blend import Blend

    baselines = recommenders.baselines(against)
    purchases = recommenders.read_purchases(source, map_)
    with progress("Evaluating", len(purchases)) as advance:
        found = evaluate(purchases, Blend(recommenders.HALF_LIFE), baselines, advance)
    if as_json:
        print_json(recommenders.document(found))
    else:
        recommenders.show(found, console())
