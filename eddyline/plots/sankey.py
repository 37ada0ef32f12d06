"""Who moved where in a period: a Sankey diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from eddyline.plots import style
from eddyline.plots.data import DIED, NEW, Pictured

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as Interactive

TITLE = "Who moved where"
_GAP = 0.02  # between two bars, as a share of the height
_BAR = 0.025  # width of a bar
_LABEL = 0.075  # room for a label's lines


class Bar(NamedTuple):
    """A segment on one side: from `low` to `high`, with so many moves."""

    segment: str
    low: float
    high: float
    moves: int


def bars(data: Pictured, side: int) -> list[Bar]:
    """Bars of the origins (side 0) or the ends (side 1) from the top, whose heights with the gaps fill 0 to 1."""
    counts: dict[str, int] = {}
    for pair, count in data.flows.counts.items():
        counts[pair[side]] = counts.get(pair[side], 0) + count
    shown = [segment for segment in (NEW, *data.ids, DIED) if counts.get(segment)]
    scale = (1 - _GAP * max(len(shown) - 1, 0)) / max(sum(counts.values()), 1)
    made, top = [], 1.0
    for segment in shown:
        low = top - counts[segment] * scale
        made.append(Bar(segment, low, top, counts[segment]))
        top = low - _GAP
    return made


def picture(data: Pictured) -> Figure:
    """The PNG."""
    left, right = bars(data, 0), bars(data, 1)
    figure, axes = style.canvas(2.0 + 0.55 * max(len(left), len(right), 4), TITLE, _note(data))
    axes.axis("off")
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.08)
    total = max(sum(bar.moves for bar in left), 1)
    starts = {bar.segment: bar.high for bar in left}
    ends = {bar.segment: bar.high for bar in right}
    for origin in left:
        for end in right:
            count = data.flows.counts.get((origin.segment, end.segment), 0)
            if count:
                one = count * (origin.high - origin.low) / origin.moves
                other = count * (end.high - end.low) / end.moves
                _ribbon(axes, starts[origin.segment], one, ends[end.segment], other, _colour(data, origin.segment))
                starts[origin.segment] -= one
                ends[end.segment] -= other
    for made, x in ((left, 0.0), (right, 1 - _BAR)):
        heights = style.spread([(bar.low + bar.high) / 2 for bar in made], _LABEL)
        beside, align = (x - 0.01, "right") if x == 0 else (x + _BAR + 0.01, "left")
        for bar, height in zip(made, heights, strict=True):
            axes.add_patch(_box(x, bar, _colour(data, bar.segment)))
            text = f"{_name(data, bar.segment)}\n{bar.moves:,} ({bar.moves / total:.0%})"
            axes.text(beside, height, text, ha=align, va="center", fontsize=8.5, clip_on=False)
    axes.text(0, 1.03, "From", fontsize=10, fontweight="bold", color="#444444")
    axes.text(1, 1.03, "To", fontsize=10, fontweight="bold", color="#444444", ha="right")
    if not left:
        axes.text(0.5, 0.5, "Nobody moved in this period", ha="center", fontsize=11)
    return figure


def interactive(data: Pictured) -> Interactive:
    """The figure of the page."""
    import plotly.graph_objects as go

    left, right = bars(data, 0), bars(data, 1)
    places = {
        (side, bar.segment): at for at, (side, bar) in enumerate([(0, b) for b in left] + [(1, b) for b in right])
    }
    pairs = [(pair, count) for pair, count in data.flows.counts.items() if count]
    figure = go.Figure(
        go.Sankey(
            arrangement="snap",
            node={
                "label": [_name(data, bar.segment, 60) for bar in (*left, *right)],
                "color": [_colour(data, bar.segment) for bar in (*left, *right)],
                "pad": 18,
                "thickness": 18,
                "hovertemplate": "%{label}: %{value:,} moves<extra></extra>",
            },
            link={
                "source": [places[0, origin] for (origin, _), _ in pairs],
                "target": [places[1, to] for (_, to), _ in pairs],
                "value": [count for _, count in pairs],
                "color": [_clear(_colour(data, origin)) for (origin, _), _ in pairs],
                "hovertemplate": "%{source.label} → %{target.label}: %{value:,} moves<extra></extra>",
            },
        )
    )
    figure.update_layout(**style.layout(TITLE, _note(data), 640))
    return figure


def _ribbon(axes: Axes, start: float, one: float, end: float, other: float, colour: str) -> None:
    """A band from the left (its top at `start`, `one` high) to the right (its top at `end`, `other` high)."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    x0, x1 = _BAR, 1 - _BAR
    middle = (x0 + x1) / 2
    points = [
        (x0, start),
        (middle, start),
        (middle, end),
        (x1, end),
        (x1, end - other),
        (middle, end - other),
        (middle, start - one),
        (x0, start - one),
        (x0, start),
    ]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    axes.add_patch(PathPatch(Path(points, codes), facecolor=colour, alpha=0.42, linewidth=0))


def _box(x: float, bar: Bar, colour: str):
    from matplotlib.patches import Rectangle

    return Rectangle((x, bar.low), _BAR, bar.high - bar.low, facecolor=colour, linewidth=0)


def _colour(data: Pictured, segment: str) -> str:
    return style.colour(data.ids.index(segment)) if segment in data.ids else style.GREY


def _clear(colour: str) -> str:
    """A colour that lets others through."""
    return f"rgba({int(colour[1:3], 16)},{int(colour[3:5], 16)},{int(colour[5:7], 16)},0.42)"


def _name(data: Pictured, segment: str, width: int = 32) -> str:
    name = f"{segment} {data.name(segment)}" if segment in data.ids else data.name(segment)
    return style.wrapped(name, width)


def _note(data: Pictured) -> str:
    flows = data.flows
    rate = "" if flows.flap_rate is None else f"; {flows.flap_rate:.1%} of the moves were taken back within a day"
    return f"{flows.moves:,} moves and {flows.assigned:,} first assignments, {data.period}{rate}."
