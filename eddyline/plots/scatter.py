"""Customers and centres on the plane that shows most of their differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from eddyline.plots import style
from eddyline.plots.data import Array, Pictured

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as Interactive

TITLE = "Customers by segment"


class Plane(NamedTuple):
    """Points [n, 2] and centres [k, 2] on the first two principal components, and what each axis is called."""

    points: Array
    centres: Array
    axes: tuple[str, str]
    explained: float


def principal_plane(data: Pictured) -> Plane:
    """The plane of largest variance: principal component analysis of the scaled features."""
    middle = data.scaled.mean(axis=0)
    _, singular, directions = np.linalg.svd(data.scaled - middle, full_matrices=False)
    directions = np.vstack([directions, np.zeros((2, directions.shape[1]))])[:2]  # one feature has one direction
    largest = np.abs(directions).argmax(axis=1)
    directions *= np.where(directions[np.arange(2), largest] < 0, -1.0, 1.0)[:, None]  # the sign is free
    shares = np.append(singular**2 / max(float((singular**2).sum()), 1e-300), [0.0, 0.0])
    named = []
    for number in range(2):
        order = np.argsort(-np.abs(directions[number]), kind="stable")[:3]
        told = [f"{'+' if directions[number][at] > 0 else '−'} {data.features[at].replace('_', ' ')}" for at in order]
        named.append(f"Component {number + 1}, {shares[number]:.0%} of the variance: {', '.join(told)}")
    return Plane(
        (data.scaled - middle) @ directions.T,
        (data.centres - middle) @ directions.T,
        (named[0], named[1]),
        float(shares[:2].sum()),
    )


def picture(data: Pictured) -> Figure:
    """The PNG."""
    plane = principal_plane(data)
    figure, axes = style.canvas(6.6, TITLE, _note(data, plane))
    for place, segment in enumerate(data.ids):
        here = plane.points[data.labels == place]
        share = f"{data.cards[place].share:.0%}"
        axes.scatter(
            *here.T,
            s=14,
            alpha=0.6,
            linewidths=0,
            zorder=2 - data.cards[place].share,  # a small segment lies above a large one
            color=style.colour(place),
            marker=style.repeat(place, style.MARKERS, each=True),
            label=f"{segment} {data.names[place]}, {share}",
        )
    for place, segment in enumerate(data.ids):
        at = plane.centres[place]
        axes.scatter(*at, s=330, color="white", edgecolors=style.colour(place), linewidths=2.5, zorder=3)
        axes.annotate(segment, at, ha="center", va="center", fontsize=9, fontweight="bold", zorder=4)
    axes.set_xlabel(plane.axes[0])
    axes.set_ylabel(plane.axes[1].replace(": ", ":\n"))
    axes.grid(color="#E6E6E6", linewidth=0.6)
    axes.set_axisbelow(True)
    legend = figure.legend(loc="outside lower center", ncols=2, fontsize=9, frameon=False, markerscale=2)
    for handle in legend.legend_handles:
        handle.set_alpha(1)
    return figure


def interactive(data: Pictured) -> Interactive:
    """The figure of the page."""
    import plotly.graph_objects as go

    plane = principal_plane(data)
    figure = go.Figure()
    for place, segment in enumerate(data.ids):
        here = np.flatnonzero(data.labels == place)
        figure.add_scatter(
            x=plane.points[here, 0].round(4).tolist(),
            y=plane.points[here, 1].round(4).tolist(),
            mode="markers",
            name=f"{segment} {data.names[place]}",
            text=[data.customers[row] for row in here],
            hovertemplate="customer %{text}",
            marker={
                "color": style.colour(place),
                "size": 6,
                "opacity": 0.55,
                "symbol": style.repeat(place, style.PLOTLY_MARKERS, each=True),
            },
        )
    figure.add_scatter(
        x=plane.centres[:, 0].round(4).tolist(),
        y=plane.centres[:, 1].round(4).tolist(),
        mode="markers+text",
        name="centres",
        text=list(data.ids),
        hovertext=list(data.names),
        hoverinfo="text",
        marker={
            "size": 28,
            "color": "white",
            "line": {"width": 3, "color": [style.colour(place) for place in range(len(data.ids))]},
        },
    )
    figure.update_layout(
        **style.layout(TITLE, _note(data, plane), 680),
        xaxis_title=plane.axes[0],
        yaxis_title=plane.axes[1],
        legend={"orientation": "h", "y": -0.15},
    )
    return figure


def _note(data: Pictured, plane: Plane) -> str:
    return (
        f"{len(data.customers):,} sampled customers on the first two principal components of their scaled features, "
        f"which show {plane.explained:.0%} of the variance. Circles: centres. Segments that overlap here may be apart "
        "in other directions."
    )
