"""`eddyline load`"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson

if TYPE_CHECKING:
    from producers.datasets.report import LoadReport
    from stream.records import Outgoing

    Loader = Callable[[LoadReport, str], Iterator[Outgoing]]

app = typer.Typer(
    no_args_is_help=True,
    help="Load a file of events, to Kafka or through the whole product in this process.",
    rich_markup_mode="rich",
)

_File = Annotated[Path, typer.Argument(metavar="FILE", help="Gzipped or not.", show_default=False)]
_Map = Annotated[
    Path,
    typer.Option(
        "--map",
        metavar="FILE",
        help="Which column is what, in TOML; `eddyline load mapping` prints one to start from.",
        show_default=False,
    ),
]
_Embedded = Annotated[
    bool, typer.Option("--embedded", help="Need no server: process the events here, and end with a summary.")
]
_Rate = Annotated[float | None, typer.Option(min=0.001, help="Events a second; default: full speed.")]
_Partitions = Annotated[int, typer.Option(min=1, max=1_000, help="With --embedded: partitions of the events.")]


@app.command(name="online-retail")
def online_retail(
    file: _File,
    embedded: _Embedded = False,
    rate: _Rate = None,
    partitions: _Partitions = 4,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Load the UCI Online Retail file: a year of invoices of a UK gift shop.

    Each invoice line becomes a Product Added and each invoice an Order Completed; a cancellation becomes an Order
    Refunded. What is dropped is counted and said.

    [bold]Examples[/bold]

      eddyline load online-retail online_retail.csv.gz --embedded
      eddyline load online-retail online_retail.csv.gz --config eddyline.toml
    """
    from producers.datasets import online_retail as dataset

    _load(lambda report, topic: dataset.events(file, report, topic=topic), config, embedded, rate, partitions, as_json)


@app.command()
def csv(
    file: _File,
    map_: _Map,
    embedded: _Embedded = False,
    rate: _Rate = None,
    partitions: _Partitions = 4,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Load a CSV file by a mapping of its columns.

    A row for each order, for example, needs no more than this in mapping.toml:

      customer = "client_id"
      timestamp = "ordered_at"
      event = { constant = "Order Completed" }
      properties = { revenue = "amount" }

    [bold]Examples[/bold]

      eddyline load mapping > mapping.toml
      eddyline load csv orders.csv --map mapping.toml --embedded
    """
    _load_table("csv", file, map_, config, embedded, rate, partitions, as_json)


@app.command()
def jsonl(
    file: _File,
    map_: _Map,
    embedded: _Embedded = False,
    rate: _Rate = None,
    partitions: _Partitions = 4,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Load a file with a JSON object a line, by a mapping of its fields.

    [bold]Examples[/bold]

      eddyline load jsonl orders.jsonl.gz --map mapping.toml
    """
    _load_table("jsonl", file, map_, config, embedded, rate, partitions, as_json)


@app.command()
def parquet(
    file: _File,
    map_: _Map,
    embedded: _Embedded = False,
    rate: _Rate = None,
    partitions: _Partitions = 4,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Load a Parquet file by a mapping of its columns. Needs pyarrow: pip install 'eddyline\\[parquet]'.

    [bold]Examples[/bold]

      eddyline load parquet orders.parquet --map mapping.toml
    """
    _load_table("parquet", file, map_, config, embedded, rate, partitions, as_json)


@app.command()
def mapping(as_json: AsJson = False) -> None:
    """Print a mapping to start from: all settings, each explained.

    A mapping needs the columns of customer, timestamp and event; all else is optional.

    [bold]Examples[/bold]

      eddyline load mapping > mapping.toml
    """
    from eddyline.cli.output import print_json
    from producers.datasets.mapping import EXAMPLE, load_mapping

    if as_json:
        print_json(load_mapping(EXAMPLE).model_dump(mode="json"))
        return
    print(EXAMPLE.read_text(encoding="utf-8"), end="")


def _load_table(
    form: str,
    file: Path,
    map_: Path,
    config: Path | None,
    embedded: bool,
    rate: float | None,
    partitions: int,
    as_json: bool,
) -> None:
    from producers.datasets import table
    from producers.datasets.mapping import load_mapping

    columns = load_mapping(map_)
    _load(
        lambda report, topic: table.events(file, columns, report, form=form, topic=topic),
        config,
        embedded,
        rate,
        partitions,
        as_json,
    )


def _load(
    loader: Loader, config: Path | None, embedded: bool, rate: float | None, partitions: int, as_json: bool
) -> None:
    from eddyline.cli.loading import load_embedded, load_to_kafka
    from eddyline.settings import load_settings
    from stream.errors import InputError

    settings = load_settings(config)
    if not embedded:
        load_to_kafka(loader, settings, rate, as_json)
    elif rate is not None:
        raise InputError("--rate is for Kafka; with --embedded events are processed as fast as they can be")
    else:
        load_embedded(loader, settings, partitions, as_json)
