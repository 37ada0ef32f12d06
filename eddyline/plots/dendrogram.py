"""Which segments are near to each other, and at which distance they would be one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from eddyline.plots import style
from eddyline.plots.data import Array, Pictured

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as Interactive

    from stream.segments.branches import Branch

TITLE = "Which segments are near to each other"
_CENTRES = (
    "Segments that meet further to the left are more alike: with fewer segments, they would be joined first. Ward's "
    "method over the centres, each taken once; distance in scaled features (each from 0 to 1)."
)
_GROWN = (
    "How the customers of the sample part, read from the right: the model's own hierarchy, cut into {leaves} "
    "branches. Each has its share of the customers and its segment's colour; what joins several segments is grey."
)
_AXES = {
    True: "Height at which two parts join: √(2 × added squared error)",
    False: "Ward distance at which they would be one",
}
_GREY = "#444444"


class Tree(NamedTuple):
    """Joins as four points each, from below.

    Attributes
    ----------
    distances, heights
        Of the points, shape [joins, 4].
    within
        Place of the segment that a join is within, shape [joins]; -1 where it joins several.
    leaves
        Place of each leaf's segment.
    labels
        Of the leaves.
    grown
        Whether it is the model's own.
    """

    distances: Array
    heights: Array
    within: list[int]
    leaves: list[int]
    labels: list[str]
    grown: bool


def tree(data: Pictured) -> Tree:
    """The model's own tree where it has one, else `ward`."""
    return ward(data) if data.tree is None else grown(data, data.tree)


def ward(data: Pictured) -> Tree:
    """Ward's tree of the centres; a single segment has no joins."""
    labels = [f"{data.ids[at]} {data.names[at]}, {data.cards[at].share:.0%}" for at in range(len(data.ids))]
    if len(data.ids) < 2:
        return Tree(np.empty((0, 4)), np.empty((0, 4)), [], [0] * len(labels), labels, False)
    from scipy.cluster.hierarchy import dendrogram, linkage

    drawn = dendrogram(linkage(data.centres, "ward"), no_plot=True)
    leaves = drawn["leaves"]
    distances, heights = np.array(drawn["dcoord"]), (np.array(drawn["icoord"]) - 5) / 10
    return Tree(distances, heights, [-1] * len(distances), leaves, [labels[at] for at in leaves], False)


def grown(data: Pictured, top: Branch) -> Tree:
    """The model's tree, from the top down to its branches."""
    distances: list[list[float]] = []
    heights: list[list[float]] = []
    within: list[int] = []
    leaves: list[int] = []
    labels: list[str] = []

    def draw(branch: Branch) -> float:
        """Where the branch lies."""
        place = data.ids.index(branch.segments[0])
        if not branch.parts:
            leaves.append(place)
            labels.append(f"{data.ids[place]}  {branch.size / top.size:.1%}")
            return float(len(leaves) - 1)
        low, high = (draw(part) for part in branch.parts)
        near, far = (part.height for part in branch.parts)
        distances.append([near, branch.height, branch.height, far])
        heights.append([low, low, high, high])
        within.append(place if len(branch.segments) == 1 else -1)
        return (low + high) / 2

    draw(top)
    for leaf, (place, above) in enumerate(zip(leaves, [*leaves[1:], -1], strict=True)):
        if place != above:  # the name once, at the top
            labels[leaf] = f"{data.names[place]}   {labels[leaf]}"
    points = (np.array(each).reshape(-1, 4) for each in (distances, heights))
    return Tree(*points, within, leaves, labels, True)


def picture(data: Pictured) -> Figure:
    """The PNG."""
    found = tree(data)
    gap = 0.27 if found.grown else 0.5
    figure, axes = style.canvas(1.8 + gap * len(found.leaves), TITLE, _note(found))
    for distances, heights, place in zip(found.distances, found.heights, found.within, strict=True):
        axes.plot(distances, heights, color=_colour(place), linewidth=2)
    for height, place in enumerate(found.leaves):
        axes.scatter(0, height, s=45 if found.grown else 70, color=style.colour(place), zorder=3, clip_on=False)
    axes.set_yticks(range(len(found.leaves)), found.labels, fontsize=10)
    axes.set_xlim(left=0)
    axes.set_xlabel(_AXES[found.grown])
    axes.tick_params(axis="y", length=0, pad=8)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color="#E6E6E6", linewidth=0.6)
    return figure


def interactive(data: Pictured) -> Interactive:
    """The figure of the page."""
    import plotly.graph_objects as go

    found = tree(data)
    figure = go.Figure()
    for distances, heights, place in zip(found.distances, found.heights, found.within, strict=True):
        figure.add_scatter(
            x=distances.round(4).tolist(),
            y=heights.tolist(),
            mode="lines",
            line={"color": _colour(place), "width": 2},
            hovertemplate="distance %{x:.3f}<extra></extra>",
            showlegend=False,
        )
    figure.add_scatter(
        x=[0.0] * len(found.leaves),
        y=list(range(len(found.leaves))),
        mode="markers",
        marker={"size": 13, "color": [style.colour(place) for place in found.leaves]},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_layout(
        **style.layout(TITLE, _note(found), 240 + (26 if found.grown else 48) * len(found.labels)),
        xaxis_title=_AXES[found.grown],
        yaxis={"tickvals": list(range(len(found.labels))), "ticktext": found.labels, "showgrid": False},
    )
    figure.update_layout(margin_l=290)
    return figure


def _colour(place: int) -> str:
    return style.colour(place) if place >= 0 else _GREY


def _note(found: Tree) -> str:
    return _GROWN.format(leaves=len(found.leaves)) if found.grown else _CENTRES
