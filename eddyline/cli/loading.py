"""What `eddyline load` does with events: send them to Kafka, or process them here."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from eddyline.cli.output import print_json, progress
from eddyline.cli.report import show_summary
from eddyline.connected import open_sink
from eddyline.embedded import embedded
from eddyline.settings import Settings
from producers.datasets.report import LoadReport
from producers.pace import send
from stream.records import Outgoing

Loader = Callable[[LoadReport, str], Iterator[Outgoing]]


def load_to_kafka(loader: Loader, settings: Settings, rate: float | None, as_json: bool) -> None:
    """Send all events to the events topic."""
    report = LoadReport()
    events = loader(report, settings.topics.events)
    started = time.perf_counter()
    with open_sink(settings) as sink, progress("Loading") as advance:
        sent = send(events, sink, rate=rate, progress=advance)
    report.require_events()
    seconds = time.perf_counter() - started
    if as_json:
        print_json({"topic": settings.topics.events, "events": sent, "seconds": round(seconds, 3), **told(report)})
        return
    print(f"{sent:,} events are in topic {settings.topics.events!r}, at {sent / max(seconds, 1e-9):,.0f} a second.")
    for sentence in report.sentences():
        print(sentence)


def load_embedded(loader: Loader, settings: Settings, partitions: int, as_json: bool) -> None:
    """Put all events through the product in this process, and sum up."""
    report = LoadReport()
    events = loader(report, "events")
    started = time.perf_counter()
    with (
        embedded(
            settings.engine, partitions=partitions, warn=lambda sentence: print(sentence, file=sys.stderr)
        ) as product,
        progress("Processing") as advance,
    ):
        product.process(events, chunk=20_000, watch=lambda seen: advance(seen.events))
        report.require_events()
        summary = product.summary(time.perf_counter() - started)
    if as_json:
        print_json({**summary.to_dict(), **told(report)})
        return
    for sentence in report.sentences():
        print(sentence)
    show_summary(summary, settings.engine)


def told(report: LoadReport) -> dict[str, Any]:
    """The report's counts, for JSON."""
    return {
        "rows": report.rows,
        "dropped": dict(report.dropped),
        "first_dropped": dict(report.first),
        "shortened": dict(report.shortened),
    }
