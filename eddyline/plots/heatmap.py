"""What sets each segment apart, feature by feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eddyline.cli.report import number
from eddyline.plots import style
from eddyline.plots.data import Array, Pictured

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as Interactive

TITLE = "What sets the segments apart"
_NOTE = (
    "Colour: how far a segment's mean is from that of all customers, in standard deviations (z). Number: that mean "
    "in the feature's own unit."
)
_MOST = 2.0


def table(data: Pictured) -> tuple[Array, list[list[str]], list[str]]:
    """z [d, k], the means as text, and the features with their units."""
    z, texts, rows = np.zeros((len(data.features), len(data.ids))), [], []
    for row, feature in enumerate(data.features):
        found = [{one.feature: one for one in card.differences}.get(feature) for card in data.cards]
        z[row] = [0.0 if one is None else one.z for one in found]
        texts.append(["" if one is None else number(one.value) for one in found])
        unit = next((one.unit for one in found if one is not None and one.unit), "")
        words = feature.replace("_", " ")
        rows.append(words if unit in words else f"{words} ({unit})")
    return z, texts, rows


def picture(data: Pictured) -> Figure:
    """The PNG."""
    z, texts, rows = table(data)
    figure, axes = style.canvas(1.9 + 0.38 * len(rows), TITLE, _NOTE)
    image = axes.imshow(z, cmap="PuOr_r", vmin=-_MOST, vmax=_MOST, aspect="auto")
    for row, told in enumerate(texts):
        for column, text in enumerate(told):
            dark = abs(z[row, column]) > 0.7 * _MOST
            axes.text(column, row, text, ha="center", va="center", fontsize=9, color="white" if dark else "black")
    heads = [
        f"{segment}\n{style.wrapped(name, max(10, 72 // len(data.ids)))}"
        for segment, name in zip(data.ids, data.names, strict=True)
    ]
    axes.set_xticks(range(len(heads)), heads, fontsize=9)
    axes.set_yticks(range(len(rows)), rows, fontsize=9)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    figure.colorbar(image, ax=axes, label="z", extend="both", pad=0.02)
    return figure


def interactive(data: Pictured) -> Interactive:
    """The figure of the page."""
    import plotly.graph_objects as go

    z, texts, rows = table(data)
    heads = [
        f"{segment}<br>{style.wrapped(name, 20, '<br>')}" for segment, name in zip(data.ids, data.names, strict=True)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=z.round(3).tolist(),
            x=heads,
            y=rows,
            text=texts,
            texttemplate="%{text}",
            colorscale="PuOr_r",
            zmin=-_MOST,
            zmax=_MOST,
            colorbar={"title": "z"},
            hovertemplate="%{y}: %{text}, z = %{z:.2f}<extra></extra>",
        )
    )
    figure.update_layout(**style.layout(TITLE, _NOTE, 240 + 34 * len(rows)), yaxis_autorange="reversed")
    figure.update_layout(margin_l=220, margin_b=90)
    return figure
