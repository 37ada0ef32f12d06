"""`eddyline status`"""

from __future__ import annotations

import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Annotated

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson, console, print_json, table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from eddyline.diagnosis import Limits
    from eddyline.status import PartitionStatus, Status, StatusReader

_BETWEEN = 2.0  # seconds between two looks: what grows, and what stays apart, shows only over time
_LOOKS = 6  # a lag that grows is one that grew over this many looks of --watch


def status(
    watch: Annotated[bool, typer.Option("--watch", help="Look again every two seconds, until Ctrl-C.")] = False,
    max_lag: Annotated[
        int | None, typer.Option(min=0, help="More waiting records than this in a partition are unhealthy.")
    ] = None,
    max_delay: Annotated[
        str, typer.Option(metavar="SPAN", help="A record that has waited for longer is unhealthy: 30s, 5m, 1h.")
    ] = "5m",
    max_model_age: Annotated[
        str | None, typer.Option(metavar="SPAN", help="A model that is older, in event time, is unhealthy: 12h, 7d.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show how the deployment is: who has which partition, how far it is, the model, the segments.

    It reads Kafka and Redis only, so that it works while workers run and when none does; it joins no group, and writes
    nothing. With lag, or where state and log differ, it looks twice, two seconds apart. How long a record waits is told
    by its timestamp: history that is being loaded is as old as it is.

    Exit code 0: healthy. 1: not, with the reasons in words. 2: a server does not answer, or a topic is missing.

    [bold]Examples[/bold]

      eddyline status
      eddyline status --watch
      eddyline status --max-lag 100000 --max-model-age 2d --json | jq .reasons
    """
    from eddyline.settings import load_settings
    from stream.errors import InputError

    if watch and as_json:
        raise InputError("--watch and --json exclude each other: --json prints one document")
    settings = load_settings(config)

    from eddyline.diagnosis import Limits, troubles
    from eddyline.status import StatusReader

    limits = Limits(
        max_lag,
        _seconds(max_delay, "--max-delay"),
        None if max_model_age is None else _seconds(max_model_age, "--max-model-age"),
    )
    with StatusReader(settings) as reader:
        if watch:
            _watch(reader, limits)
        before, now = None, reader.look()
        if any(one.lag or not one.agrees for one in now.partitions):
            time.sleep(_BETWEEN)
            before, now = now, reader.look()
    reasons = troubles(now, before, limits)
    if as_json:
        print_json(now.to_dict() | {"healthy": not reasons, "reasons": reasons})
    else:
        console().print(_drawn(now, reasons))
    if reasons:
        raise typer.Exit(1)


def _watch(reader: StatusReader, limits: Limits) -> None:
    from rich.live import Live

    from eddyline.diagnosis import troubles

    seen: deque[Status] = deque(maxlen=_LOOKS)
    screen = console()
    with Live(console=screen, auto_refresh=False) as live:
        while True:
            seen.append(reader.look())
            drawn = _drawn(seen[-1], troubles(seen[-1], seen[0] if len(seen) > 1 else None, limits))
            if sys.stdout.isatty():
                live.update(drawn, refresh=True)
            else:
                screen.print(drawn)
            time.sleep(_BETWEEN)


def _drawn(now: Status, reasons: list[str]) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    from eddyline.diagnosis import span
    from stream.updates import to_iso

    members = f"{now.workers} worker{'' if now.workers == 1 else 's'}"
    head = f"{to_iso(now.at)}  deployment {now.deployment!r}, group {now.group!r} ({now.group_state}, {members})"
    partitions = table(
        ("Partition", "right"),
        ("Owner", "left"),
        ("Lag", "right"),
        ("Waits for", "right"),
        ("Watermark", "right"),
        ("Epoch", "right"),
        ("Model", "right"),
        ("Last commit", "right"),
        ("Dead letters", "right"),
    )
    for one in now.partitions:
        partitions.add_row(
            str(one.partition),
            _owner(one),
            f"{one.lag:,}",
            span(one.delay) if one.lag else "-",
            str(one.watermark),
            str(one.epoch),
            str(one.model or "-"),
            "-" if one.last_commit is None else f"{span(max(0.0, (now.at - one.last_commit) / 1000))} ago",
            str(one.dead_letters),
        )
    lines = [f"Model {now.model}, learnt {span(now.model_age or 0)} ago in event time" if now.model else "No model yet"]
    lines += [f"  {one.share:6.1%}  {one.name} ({one.id}), {one.sample:,} of the sample" for one in now.segments]
    if now.redis_memory is not None:
        used, limit = now.redis_memory
        of = f" of {limit / 2**20:,.0f} MiB" if limit else ""
        lines.append(f"Redis uses {used / 2**20:,.1f} MiB{of}")
    verdict = ["", "Healthy."] if not reasons else ["", "Not healthy:", *(f"  {reason}" for reason in reasons)]
    return Group(Text(head), partitions, Text("\n".join(lines + verdict)))


def _owner(one: PartitionStatus) -> str:
    if one.owner is None:
        return "nobody"
    return f"{one.owner} at {one.host}"


def _seconds(text: str, option: str) -> float:
    from stream.durations import parse_duration
    from stream.errors import InputError

    try:
        return float(str(parse_duration(text))) / 1000
    except ValueError as error:
        raise InputError(f"{option}: {error}") from None
