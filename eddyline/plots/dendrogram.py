"""Which segments are near to each other, and at which distance they would be one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from eddyline.plots import style
from eddyline.plots.data import Array, Pictured

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as Interactive

TITLE = "Which segments are near to each other"
_NOTE = (
    "Segments that meet further to the left are more alike: with fewer segments, they would be joined first. Ward's "
    "method over the centres, each taken once; distance in scaled features (each from 0 to 1)."
)
_AXIS = "Ward distance at which they would be one"


class Tree(NamedTuple):
    """Joins as four points each: distances [k - 1, 4] and heights [k - 1, 4]; and the segments' places, from below."""

    distances: Array
    heights: Array
    leaves: list[int]


def ward(data: Pictured) -> Tree:
    """Ward's tree of the centres; a single segment has no joins."""
    if len(data.ids) < 2:
        return Tree(np.empty((0, 4)), np.empty((0, 4)), list(range(len(data.ids))))
    from scipy.cluster.hierarchy import dendrogram, linkage

    drawn = dendrogram(linkage(data.centres, "ward"), no_plot=True)
    return Tree(np.array(drawn["dcoord"]), (np.array(drawn["icoord"]) - 5) / 10, drawn["leaves"])


def picture(data: Pictured) -> Figure:
    """The PNG."""
    tree = ward(data)
    figure, axes = style.canvas(1.8 + 0.5 * len(data.ids), TITLE, _NOTE)
    for distances, heights in zip(tree.distances, tree.heights, strict=True):
        axes.plot(distances, heights, color="#444444", linewidth=2)
    for height, place in enumerate(tree.leaves):
        axes.scatter(0, height, s=70, color=style.colour(place), zorder=3, clip_on=False)
    axes.set_yticks(range(len(tree.leaves)), [_label(data, place) for place in tree.leaves], fontsize=10)
    axes.set_xlim(left=0)
    axes.set_xlabel(_AXIS)
    axes.tick_params(axis="y", length=0, pad=8)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color="#E6E6E6", linewidth=0.6)
    return figure


def interactive(data: Pictured) -> Interactive:
    """The figure of the page."""
    import plotly.graph_objects as go

    tree = ward(data)
    figure = go.Figure()
    for distances, heights in zip(tree.distances, tree.heights, strict=True):
        figure.add_scatter(
            x=distances.round(4).tolist(),
            y=heights.tolist(),
            mode="lines",
            line={"color": "#444444", "width": 2},
            hovertemplate="distance %{x:.3f}<extra></extra>",
            showlegend=False,
        )
    figure.add_scatter(
        x=[0.0] * len(tree.leaves),
        y=list(range(len(tree.leaves))),
        mode="markers",
        marker={"size": 13, "color": [style.colour(place) for place in tree.leaves]},
        hoverinfo="skip",
        showlegend=False,
    )
    labels = [_label(data, place) for place in tree.leaves]
    figure.update_layout(
        **style.layout(TITLE, _NOTE, 240 + 48 * len(labels)),
        xaxis_title=_AXIS,
        yaxis={"tickvals": list(range(len(labels))), "ticktext": labels, "showgrid": False},
    )
    figure.update_layout(margin_l=260)
    return figure


def _label(data: Pictured, place: int) -> str:
    return f"{data.ids[place]} {data.names[place]}, {data.cards[place].share:.0%}"
