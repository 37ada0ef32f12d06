"""Curves of several evaluations in one square or strip: what ROC, precision-recall and calibration share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eddyline.plots import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as Interactive

Array = NDArray[np.float64]


class Line(NamedTuple):
    """A curve and its name; `size` are areas of markers in points, where the curve has markers."""

    name: str
    x: Array
    y: Array
    size: Array | None = None


class Sheet(NamedTuple):
    """What is said around the curves. `reference` is a grey dotted line: its name, x and y."""

    title: str
    note: str
    x: str
    y: str
    reference: tuple[str, Sequence[float], Sequence[float]] | None = None


def picture(lines: Sequence[Line], sheet: Sheet) -> Figure:
    """The PNG: the first curve is drawn strongest."""
    figure, axes = style.canvas(6.4, sheet.title, sheet.note)
    if sheet.reference is not None:
        name, x, y = sheet.reference
        axes.plot(x, y, color=style.GREY, linestyle="dotted", linewidth=1.3, label=name)
    for place, line in reversed(list(enumerate(lines))):
        axes.plot(
            line.x,
            line.y,
            color=style.colour(place),
            linestyle=style.repeat(place, style.LINES),
            linewidth=1.3 if place else 2.4,
            alpha=0.85 if place else 1.0,
            zorder=3 if place else 4,
            label=line.name,
        )
        if line.size is not None:
            axes.scatter(line.x, line.y, s=line.size, color=style.colour(place), zorder=5)
    axes.set_xlabel(sheet.x)
    axes.set_ylabel(sheet.y)
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    axes.grid(color="#E6E6E6", linewidth=0.6)
    handles, names = axes.get_legend_handles_labels()
    figure.legend(
        handles[::-1],
        names[::-1],
        loc="outside lower center",
        ncols=2 if len(names) > 1 else 1,
        fontsize=9,
        frameon=False,
    )
    return figure


def interactive(lines: Sequence[Line], sheet: Sheet) -> Interactive:
    """The figure of a page."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for place, line in enumerate(lines):
        figure.add_scatter(
            x=np.round(line.x, 5).tolist(),
            y=np.round(line.y, 5).tolist(),
            mode="lines" if line.size is None else "lines+markers",
            name=line.name,
            line={
                "color": style.colour(place),
                "width": 1.5 if place else 3,
                "dash": style.repeat(place, style.PLOTLY_LINES),
            },
            marker=None if line.size is None else {"size": np.sqrt(line.size).round(1).tolist()},
        )
    if sheet.reference is not None:
        name, x, y = sheet.reference
        figure.add_scatter(x=list(x), y=list(y), mode="lines", name=name, line={"color": style.GREY, "dash": "dot"})
    figure.update_layout(
        **style.layout(sheet.title, sheet.note),
        xaxis={"title": sheet.x, "range": [-0.01, 1.01]},
        yaxis={"title": sheet.y, "range": [-0.01, 1.01]},
        legend={"orientation": "h", "y": -0.15},
    )
    return figure


def thinned(x: Array, y: Array, most: int = 400) -> tuple[Array, Array]:
    """At most so many points of a curve, the first and the last among them: more cannot be told apart."""
    if len(x) <= most:
        return x, y
    kept = np.unique(np.linspace(0, len(x) - 1, most).round().astype(np.intp))
    return x[kept], y[kept]
