"""`eddyline case`: the cases of the field, each one command from data to a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eddyline.cli.output import AsJson

if TYPE_CHECKING:
    from eddyline.cases.report import Report

app = typer.Typer(
    no_args_is_help=True,
    help="Work through a case of the field, from data to a report: segments, risk, what to watch next.",
    rich_markup_mode="rich",
)

_Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Same seed, same numbers.")]
_Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="FILE", help="A CSV file, gzipped or not, instead of made-up data."),
]
_Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE.html",
        help="The page with pictures; default: in this directory, and with --json none.",
        callback=lambda out: _checked(out),
    ),
]


@app.command()
def shop(
    data: _Data = None,
    customers: Annotated[int, typer.Option(min=20, max=5_000, help="Made-up customers.")] = 100,
    segments: Annotated[
        int | None, typer.Option(min=2, max=20, help="Segments; default: 5, or for a file what the guide recommends.")
    ] = None,
    seed: _Seed = 7,
    out: _Out = None,
    as_json: AsJson = False,
) -> None:
    """Segment a shop's customers by age, spend and frequency, and say what to do for each segment.

    K-means, hierarchical and density side by side, the guide's choice, the agreement with the truth (made-up data), and
    whether a segment follows gender. In a file, columns of numbers are the features, and columns of few values are
    groups that are looked at afterwards.

    [bold]Examples[/bold]

      eddyline case shop
      eddyline case shop --data wholesale_customers.csv.gz --segments 3 --out wholesale.html
    """
    from eddyline.cases.shop import ASKED, run
    from eddyline.cases.shop_data import made_up, read_shoppers
    from eddyline.cases.shop_report import report
    from eddyline.cli.output import progress

    with progress("Segmenting", 4) as advance:
        shoppers = made_up(customers, seed) if data is None else read_shoppers(data)
        found = run(shoppers, segments or (ASKED if data is None else None), seed, advance)
    _tell(report(found, seed), out, "shop.html", as_json)


@app.command()
def bank(
    data: _Data = None,
    target: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Of --data: what to predict; known for the UCI sets credit_card_default and bank_additional_full.",
        ),
    ] = None,
    positive: Annotated[
        str | None, typer.Option(metavar="VALUE", help="Of --target: what counts as happened, where it is not clear.")
    ] = None,
    customers: Annotated[int, typer.Option(min=500, max=200_000, help="Made-up customers in the stream.")] = 6_000,
    cost_missed: Annotated[
        float | None, typer.Option(min=0.000001, help="Of a case that was let pass; default for loans: 5,000.")
    ] = None,
    cost_refused: Annotated[
        float | None, typer.Option(min=0.000001, help="Of a good customer who was refused; default for loans: 1,000.")
    ] = None,
    seed: _Seed = 7,
    out: _Out = None,
    as_json: AsJson = False,
) -> None:
    """Say who will default: what fifty customers can tell, a stream scored online, a threshold by costs, and fairness.

    Online against batch with the same features, probabilities against the truth (made-up data), three customers with
    their reasons, thresholds for a low, medium and high appetite for risk, and how groups fare that have no part in the
    score. A file is streamed in the order of its rows.

    [bold]Examples[/bold]

      eddyline case bank
      eddyline case bank --cost-missed 8000 --cost-refused 500
      eddyline case bank --data credit_card_default.csv.gz --out credit.html
      eddyline case bank --data loans.csv --target defaulted --json
    """
    from eddyline.cases.bank import run, steps
    from eddyline.cases.bank_data import made_up, read_customers
    from eddyline.cases.bank_report import report
    from eddyline.cases.costs import Costs
    from eddyline.cases.few import textbook
    from eddyline.cli.output import progress

    if (target is not None and data is None) or (positive is not None and target is None):
        raise typer.BadParameter("--target is a column of --data FILE, and --positive a value of --target COLUMN")
    stream = made_up(customers, seed) if data is None else read_customers(data, target, positive)
    usual = stream.words.costs
    stated = Costs(cost_missed or usual.missed, cost_refused or usual.refused)
    with progress("Scoring", steps(stream)) as advance:
        found = run(stream, stated, advance)
    _tell(report(found, textbook(stream, seed), seed), out, "bank.html", as_json)


@app.command()
def video(
    viewers: Annotated[int, typer.Option(min=50, max=20_000, help="Viewers.")] = 1_000,
    titles: Annotated[int, typer.Option(min=40, max=600, help="Titles in the catalogue.")] = 240,
    seed: _Seed = 7,
    out: _Out = None,
    as_json: AsJson = False,
) -> None:
    """Recommend what to watch next from viewers' histories, streamed, and judge it by the next evening and the truth.

    The engine's item neighbours beside user neighbours, content, factors and what is popular: hit rate at 10,
    click-through on a simulated shelf, and how much of the catalogue is shown; with a few viewers to judge by eye.

    [bold]Examples[/bold]

      eddyline case video
      eddyline case video --viewers 300 --seed 3 --json
    """
    from eddyline.cases.video import run
    from eddyline.cases.video_data import made_up
    from eddyline.cases.video_report import report
    from eddyline.cli.output import progress

    service = made_up(viewers, titles, seed)
    with progress("Streaming") as advance:
        found = run(service, seed, advance)
    _tell(report(found, seed), out, "video.html", as_json)


def _tell(report: Report, out: Path | None, default: str, as_json: bool) -> None:
    """Print a report, and write its page: where pictures are possible, and with `--json` only when asked to."""
    from eddyline.cases.report import NO_PICTURES, pictures_possible, write_page
    from eddyline.cases.terminal import show_report
    from eddyline.cli.output import print_json, progress
    from stream.errors import InputError

    possible = pictures_possible()
    if out is not None and not possible:
        raise InputError("--out needs matplotlib: pip install 'eddyline[plots]'")
    file = out or (Path(default) if possible and not as_json else None)
    if file is not None:
        with progress("Drawing"):
            write_page(report, file)
    if as_json:
        print_json(report.numbers | {"page": None if file is None else str(file)})
        return
    show_report(report)
    print(f"\nWith pictures: {file}" if file is not None else f"\n{NO_PICTURES}")


def _checked(out: Path | None) -> Path | None:
    """Refuse a name that says something else than HTML, before anything is computed."""
    if out is not None and out.suffix.lower() not in (".html", ".htm"):
        raise typer.BadParameter(f"{out} must end in .html")
    return out
