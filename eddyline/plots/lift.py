"""What it brings to address only the most likely tenths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from eddyline.plots import style
from stream.evaluate.curves import Decile, deciles
from stream.evaluate.outcomes import Outcomes

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as Interactive

_NOTE = (
    "Scores in tenths, the most likely first (decile 10). Lift: how many times more often it came about than among "
    "all. Gain: the share of all positives in the tenths so far; the dotted lines are without any skill."
)


def picture(outcomes: Mapping[str, Outcomes], title: str = "Lift and gain") -> Figure:
    """The PNG: bars of lift above, curves of gain below; names without a positive are left out."""
    drawn = _tables(outcomes)
    figure = style.sheet(7.6, title, _NOTE)
    above, below = figure.subplots(2, 1)
    width = 0.8 / max(len(drawn), 1)
    for place, (name, table) in enumerate(drawn.items()):
        at = [row + (place - (len(drawn) - 1) / 2) * width for row in range(len(table))]
        above.bar(at, [one.lift for one in table], width * 0.92, color=style.colour(place), label=name)
        below.plot(
            range(len(table) + 1),
            [0.0, *(one.gain for one in table)],
            color=style.colour(place),
            linewidth=1.5 if place else 2.4,
            marker=style.repeat(place, style.MARKERS, each=True),
            markersize=4,
        )
    above.axhline(1.0, color=style.GREY, linestyle="dotted", linewidth=1.3, label="Without skill")
    above.set_xticks(range(10), [str(10 - place) for place in range(10)])
    above.set_xlabel("Decile of the score")
    above.set_ylabel("Lift")
    below.plot([0, 10], [0, 1], color=style.GREY, linestyle="dotted", linewidth=1.3)
    below.set_xticks(range(11), [f"{10 * share}%" for share in range(11)])
    below.set_xlabel("Customers addressed, the most likely first")
    below.set_ylabel("Share of positives reached")
    below.set_ylim(0, 1.03)
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#E6E6E6", linewidth=0.6)
        axes.set_axisbelow(True)
    figure.legend(loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    return figure


def interactive(outcomes: Mapping[str, Outcomes], title: str = "Lift and gain") -> Interactive:
    """The figure of a page."""
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=2, cols=1, vertical_spacing=0.16)
    for place, (name, table) in enumerate(_tables(outcomes).items()):
        colour = style.colour(place)
        labels = [str(one.decile) for one in table]
        lift, gain = [round(one.lift, 4) for one in table], [0.0, *(round(one.gain, 4) for one in table)]
        figure.add_bar(x=labels, y=lift, name=name, legendgroup=name, marker_color=colour, row=1, col=1)
        figure.add_scatter(
            x=[10 * share for share in range(11)],
            y=gain,
            name=name,
            legendgroup=name,
            showlegend=False,
            line={"color": colour},
            row=2,
            col=1,
        )
    figure.add_scatter(
        x=[0, 100], y=[0, 1], name="Without skill", line={"color": style.GREY, "dash": "dot"}, row=2, col=1
    )
    figure.update_layout(**style.layout(title, _NOTE, 760), barmode="group", legend={"orientation": "h", "y": -0.12})
    figure.update_xaxes(title_text="Decile of the score", type="category", row=1, col=1)
    figure.update_yaxes(title_text="Lift", row=1, col=1)
    figure.update_xaxes(title_text="Customers addressed, the most likely first (%)", row=2, col=1)
    figure.update_yaxes(title_text="Share of positives reached", rangemode="tozero", row=2, col=1)
    return figure


def _tables(outcomes: Mapping[str, Outcomes]) -> dict[str, tuple[Decile, ...]]:
    return {name: table for name, found in outcomes.items() if (table := deciles(found))}
