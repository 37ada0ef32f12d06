"""How good the scores of each period were."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from eddyline.plots import style
from stream.evaluate.outcomes import Outcomes

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as Interactive

_NOTE = (
    "AUC of the scores given in each period of event time, each measured against what came about; the band is 95 % of "
    "what chance does with so few scores. Bars: how many. A period whose horizon is not over yet lacks some; one with "
    "fewer than ten of either outcome is left out."
)
_BARS = "#D9D9D9"
_ENOUGH = 10  # of each outcome: with fewer, an area of 1 and a band of no width say nothing


class Point(NamedTuple):
    """A period's AUC with its 95 % band, at its beginning (UTC)."""

    time: datetime
    auc: float
    low: float
    high: float
    examples: float


def picture(periods: Mapping[int, Outcomes], title: str = "AUC over time") -> Figure:
    """The PNG: of each period, by its beginning (ms); those with fewer than ten of either outcome are left out."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    points = _points(periods)
    times = [point.time for point in points]
    figure, axes = style.canvas(5.4, title, _NOTE)
    behind = axes.twinx()
    gaps = [(after - before).total_seconds() / 86_400 for before, after in pairwise(times)]
    width = 0.8 * min(gaps, default=1.0)
    behind.bar(times, [point.examples for point in points], width, color=_BARS, label="Scores")
    behind.set_ylim(0, 4 * max((point.examples for point in points), default=1))
    behind.set_ylabel("Scores whose outcome is known")
    behind.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    behind.spines[["top"]].set_visible(False)
    axes.set_zorder(behind.get_zorder() + 1)
    axes.patch.set_visible(False)
    low, high = [point.low for point in points], [point.high for point in points]
    axes.fill_between(times, low, high, color=style.colour(0), alpha=0.18, linewidth=0)
    axes.plot(times, [point.auc for point in points], color=style.colour(0), linewidth=2.2, marker="o", markersize=4)
    axes.axhline(0.5, color=style.GREY, linestyle="dotted", linewidth=1.3)
    axes.set_ylim(min(0.45, *low, 0.45) if low else 0.45, 1.0)
    axes.set_xlabel("Time of scoring")
    axes.set_ylabel("AUC")
    if times:
        locator = AutoDateLocator()
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.6)
    return figure


def interactive(periods: Mapping[int, Outcomes], title: str = "AUC over time") -> Interactive:
    """The figure of a page."""
    import plotly.graph_objects as go

    points = _points(periods)
    times = [point.time for point in points]
    figure = go.Figure()
    figure.add_bar(x=times, y=[point.examples for point in points], name="Scores", yaxis="y2", marker_color=_BARS)
    figure.add_scatter(
        x=[*times, *times[::-1]],
        y=[*(point.high for point in points), *(point.low for point in reversed(points))],
        fill="toself",
        fillcolor="rgba(0,114,178,.18)",
        line={"width": 0},
        hoverinfo="skip",
        name="95 % band",
    )
    figure.add_scatter(
        x=times, y=[point.auc for point in points], mode="lines+markers", name="AUC", line={"color": style.colour(0)}
    )
    figure.update_layout(
        **style.layout(title, _NOTE),
        xaxis_title="Time of scoring",
        yaxis={"title": "AUC", "overlaying": "y2", "range": [min([0.45, *(point.low for point in points)]), 1]},
        yaxis2={
            "title": "Scores whose outcome is known",
            "side": "right",
            "showgrid": False,
            "range": [0, 4 * max((point.examples for point in points), default=1)],
        },
        legend={"orientation": "h", "y": -0.15},
    )
    return figure


def _points(periods: Mapping[int, Outcomes]) -> list[Point]:
    points = []
    for begin, outcomes in sorted(periods.items()):
        auc, spread = outcomes.auc(), outcomes.auc_spread()
        fewest = min(outcomes.positives, outcomes.examples - outcomes.positives)
        if auc is not None and spread is not None and fewest >= _ENOUGH:
            low, high = max(0.0, auc - 1.96 * spread), min(1.0, auc + 1.96 * spread)
            time = datetime.fromtimestamp(begin / 1_000, UTC)
            points.append(Point(time, round(auc, 5), round(low, 5), round(high, 5), outcomes.examples))
    return points
