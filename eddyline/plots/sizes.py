"""How many customers each segment has had over time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from eddyline.plots import style
from eddyline.plots.data import DIED, Pictured

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as Interactive

TITLE = "Segment sizes over time"
_NOTE = "Customers in each segment, from the segment changes that are still in their topic. Time of the events, UTC."


def picture(data: Pictured) -> Figure:
    """The PNG."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    figure, axes = style.canvas(5.2, TITLE, _NOTE)
    times = _times(data)
    for segment in _shown(data):
        place = data.ids.index(segment) if segment != DIED else -1
        axes.step(
            times,
            data.sizes[segment],
            where="post",
            linewidth=2.2 if place >= 0 else 1.5,
            color=style.colour(place) if place >= 0 else style.GREY,
            linestyle=style.repeat(place, style.LINES) if place >= 0 else "dotted",
            label=f"{segment} {data.name(segment)}" if place >= 0 else data.name(segment),
        )
    axes.set_ylim(bottom=0)
    alive = [segment for segment in _shown(data) if segment != DIED]
    ends = [float(data.sizes[segment][-1]) for segment in alive]
    for segment, end in zip(alive, style.spread(ends, 0.04 * axes.get_ylim()[1]), strict=True):
        at = (times[-1], end)
        axes.annotate(segment, at, xytext=(5, 0), textcoords="offset points", va="center", fontsize=9)
    axes.set_xlabel("Time of the events")
    axes.set_ylabel("Customers")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    if times:
        locator = AutoDateLocator()
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        figure.legend(loc="outside lower center", ncols=2, fontsize=9, frameon=False)
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.6)
    return figure


def interactive(data: Pictured) -> Interactive:
    """The figure of the page."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for segment in _shown(data):
        place = data.ids.index(segment) if segment != DIED else -1
        figure.add_scatter(
            x=_times(data),
            y=data.sizes[segment].tolist(),
            mode="lines",
            name=f"{segment} {data.name(segment)}" if place >= 0 else data.name(segment),
            line={
                "shape": "hv",
                "width": 2.5 if place >= 0 else 1.5,
                "color": style.colour(place) if place >= 0 else style.GREY,
                "dash": style.repeat(place, style.PLOTLY_LINES) if place >= 0 else "dot",
            },
        )
    figure.update_layout(
        **style.layout(TITLE, _NOTE),
        xaxis_title="Time of the events",
        yaxis_title="Customers",
        yaxis_rangemode="tozero",
        hovermode="x unified",
        legend={"orientation": "h", "y": -0.15},
    )
    return figure


def _shown(data: Pictured) -> list[str]:
    """Segments that have a line; the dead ones first, so that they lie below."""
    return [segment for segment in (DIED, *data.ids) if segment in data.sizes]


def _times(data: Pictured) -> list[datetime]:
    return [datetime.fromtimestamp(time / 1_000, UTC) for time in data.times]
