"""`eddyline items`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson

app = typer.Typer(
    no_args_is_help=True, help="Tell what the shop's items are, and which may be shown.", rich_markup_mode="rich"
)


@app.callback()
def _items() -> None:
    """Keeps `load` a command of its own while it is the only one."""


@app.command()
def load(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="CSV, JSONL or Parquet, by its name; gzipped or not.", show_default=False),
    ],
    map_: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="FILE",
            help="Which column is which property, in TOML; default: columns have the properties' names.",
            show_default=False,
        ),
    ] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take the items out of the catalogue instead.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Send a file of items to the events topic, each item to every partition.

    Properties are product_id, name, category, brand, price, stock, available, hidden and adult. What a file gives is
    changed, and what it leaves out stays as it was; in JSONL null clears. When it is interrupted, run it again.

    A mapping for other columns:

      [properties]
      product_id = "sku"
      name = "title"

    [bold]Examples[/bold]

      eddyline items load items.csv
      eddyline items load feed.jsonl.gz --map items.toml --config eddyline.toml
      eddyline items load gone.csv --withdraw
    """
    import time
    from contextlib import closing

    from consumers.kafka import KafkaReader
    from eddyline.cli.loading import told
    from eddyline.cli.output import print_json, progress
    from eddyline.connected import open_sink
    from eddyline.settings import load_settings
    from producers.datasets.items import events, load_item_mapping
    from producers.datasets.report import LoadReport
    from producers.items import broadcast
    from producers.pace import send
    from stream.items import UPDATED, WITHDRAWN

    settings = load_settings(config)
    mapping = None if map_ is None else load_item_mapping(map_)
    report, topic = LoadReport(), settings.topics.events
    event = WITHDRAWN if withdraw else UPDATED
    records = events(file, time.time_ns() // 1_000_000, mapping, report, event=event, topic=topic)
    with closing(KafkaReader(settings.kafka)) as reader:
        partitions = reader.partitions(topic)
    with open_sink(settings) as sink, progress("Loading") as advance:
        sent = send(broadcast(records, partitions), sink, progress=advance)
    report.require_events()
    if as_json:
        print_json({"topic": topic, "items": report.total, "partitions": partitions, "events": sent, **told(report)})
        return
    print(f"{report.total:,} items are told in each of the {partitions} partitions of topic {topic!r}.")
    for sentence in report.sentences():
        print(sentence)
