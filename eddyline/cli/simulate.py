"""`eddyline simulate`"""

from __future__ import annotations

from typing import Annotated

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson


def simulate(
    rate: Annotated[float | None, typer.Option(min=0.001, help="Events a second; default: full speed.")] = None,
    events: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many events; default: the whole simulated time.")
    ] = None,
    customers: Annotated[int, typer.Option(min=10, max=1_000_000, help="Customers of the shop.")] = 2_000,
    days: Annotated[int, typer.Option(min=10, max=3_650, help="Days that are simulated, up to now.")] = 180,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same customers and visits.")] = 7,
    start: Annotated[
        str | None, typer.Option(metavar="DATE", help="First day, such as 2024-01-01; default: so that it ends today.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Send events of a simulated shop to Kafka: five kinds of customers, who drift, go quiet, and make mistakes.

    [bold]Examples[/bold]

      eddyline simulate                                  As fast as Kafka takes it
      eddyline simulate --rate 200 --events 10000        200 events a second
      eddyline simulate --customers 20000 --seed 11
    """
    import time
    from itertools import islice

    from eddyline.cli.output import print_json, progress
    from eddyline.connected import open_sink
    from eddyline.settings import load_settings
    from producers.pace import send
    from producers.simulator import Shop

    settings = load_settings(config)
    first = _first_day(start, days)
    shop = Shop(seed, customers=customers, days=days, start=first, topic=settings.topics.events)
    with open_sink(settings) as sink, progress("Sending", events) as advance:
        started = time.perf_counter()
        sent = send(islice(shop.events(), events), sink, rate=rate, progress=advance)
        seconds = time.perf_counter() - started
    if as_json:
        print_json({"topic": settings.topics.events, "events": sent, "seconds": round(seconds, 3), "seed": seed})
    else:
        print(f"{sent:,} events are in topic {settings.topics.events!r}, at {sent / max(seconds, 1e-9):,.0f} a second.")


def _first_day(start: str | None, days: int) -> int:
    """Midnight (UTC) of the first day, in ms."""
    from datetime import UTC, datetime, timedelta

    from stream.errors import InputError

    if start is None:
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        first = today - timedelta(days=days)
    else:
        try:
            first = datetime.strptime(start, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            raise InputError(f"--start: {start!r} is not a date such as 2024-01-01") from None
    if first.timestamp() < 0:
        raise InputError(f"--start: {start} is before 1970")
    if first > datetime.now(UTC):
        raise InputError(f"--start: {start} is in the future; Kafka takes no events from there")
    return int(first.timestamp()) * 1_000
