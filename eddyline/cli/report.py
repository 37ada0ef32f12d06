"""A run's facts as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from eddyline.cli.output import console, table
from stream.config import EngineConfig

if TYPE_CHECKING:
    from rich.table import Table

    from eddyline.summary import SegmentRow, Summary

_PROFILE = 4


def segment_table(rows: tuple[SegmentRow, ...], config: EngineConfig, *, profile: bool = True) -> Table:
    """Segments with sizes and, with `profile`, what sets each apart."""
    columns = [("Id", "left"), ("Segment", "left"), ("Customers", "right"), ("Share", "right")]
    shown = table(*columns, *([("Profile at the centre", "left")] if profile else []))
    for row in rows:
        cells = [row.id, row.name, f"{row.size:,}", f"{row.share:.1%}"]
        if profile:
            cells.append(centre_text(row.centre, config))
        shown.add_row(*cells)
    return shown


def centre_text(centre: Mapping[str, float], config: EngineConfig, most: int | None = _PROFILE) -> str:
    """A centre in words: the first declared features, each with its unit."""
    units = {feature.name: feature.unit for feature in config.features}
    told = [measured(name, value, units[name]) for name, value in centre.items() if name in units]
    return ", ".join(told[:most])


def show_summary(summary: Summary, config: EngineConfig, *, ari: float | None = None) -> None:
    """Print what has come of a run."""
    screen = console()
    screen.print(segment_table(summary.segments, config))
    speed = f"{summary.events:,} events in {summary.seconds:.1f} s: {summary.events_per_second:,.0f} a second"
    facts = [
        ("Events", speed),
        ("Customers", f"{summary.customers:,}"),
        ("Segment changes", f"{summary.changes:,}{_flapping(summary.flap_rate)}"),
        ("Scores", f"{summary.scores:,}"),
        ("Recommendations", f"{summary.lists:,} lists"),
        ("Dead letters", f"{summary.dead_letters:,}"),
        ("Duplicates dropped", f"{summary.duplicates:,}"),
    ]
    if ari is not None:
        facts.append(("Agreement with truth", f"{ari:.3f} adjusted Rand index"))
    for row in summary.targets:
        if row.auc is not None:
            said = f"{row.auc:.3f} AUC of {row.examples:,} scores, each measured before it was learnt from"
            error = f"; they differ by {row.calibration_error:.3f} from what came true"
            facts.append((row.target.replace("_", " ").capitalize(), said + error))
    if summary.hit_rate_at_10 is not None and summary.popularity_hit_rate_at_10 is not None:
        beside = f"{summary.popularity_hit_rate_at_10:.1%} for the ten most popular items"
        facts.append(("Recommendation hits", f"{summary.hit_rate_at_10:.1%} of orders, {beside}"))
    facts.append(("State", summary.state_hash))
    width = max(len(name) for name, _ in facts) + 2
    for name, value in facts:
        screen.print(f"{name:<{width}}{value}", soft_wrap=True)


def _flapping(rate: float | None) -> str:
    return "" if rate is None else f"; {rate:.1%} of the moves were taken back within a day"


def number(value: float) -> str:
    """A value as people write it: three digits that mean something, thousands apart.

    >>> number(12_345.6), number(3.14159), number(0.0421), number(0.0)
    ('12,346', '3.14', '0.042', '0')
    """
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.1 else f"{value:.2g}"


def measured(feature: str, value: float | None, unit: str, between: str = " ") -> str:
    """A feature with its value and unit, which is not said twice, and not in the plural of one.

    >>> measured("frequency", 1.0, "orders"), measured("views_per_order", 22.0, "views per order")
    ('frequency 1 order', 'views per order 22')
    >>> measured("refund_share", 0.45, "share"), measured("recency", None, "days", ": ")
    ('refund share 45%', 'recency: unknown')
    """
    name = feature.replace("_", " ")
    if value is None:
        return f"{name}{between}unknown"
    if unit == "share":
        return f"{name}{between}{number(100 * value)}%"
    text = number(value)
    unit = "" if unit == name else _singular(unit) if text == "1" else unit
    return f"{name}{between}{text} {unit}".rstrip()


def _singular(unit: str) -> str:
    if unit.endswith("ies"):
        return f"{unit[:-3]}y"
    return unit[:-1] if len(unit) > 3 and unit.endswith("s") and not unit.endswith("ss") else unit
