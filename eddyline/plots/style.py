"""How pictures look: colours that the colour-blind tell apart, and room for names."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito (2008), "Color Universal Design"; yellow last, since it is faint on white.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#F0E442")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
PLOTLY_MARKERS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x")
LINES = ("solid", "dashed", "dotted", "dashdot")
PLOTLY_LINES = ("solid", "dash", "dot", "dashdot")
GREY = "#8A8A8A"

_DPI = 125  # 8 inches are 1,000 pixels


def colour(place: int) -> str:
    """Colour of the segment at a place; they come again after eight, with other markers and lines."""
    return COLOURS[place % len(COLOURS)]


def repeat(place: int, kinds: Sequence[str], *, each: bool = False) -> str:
    """A kind of marker (`each` segment its own) or line (another when the colours come again)."""
    return kinds[(place if each else place // len(COLOURS)) % len(kinds)]


def wrapped(name: str, width: int = 20, newline: str = "\n") -> str:
    """A name on lines of its own."""
    return newline.join(textwrap.wrap(name, width)) or name


def canvas(height: float, title: str, note: str) -> tuple[Figure, Axes]:
    """A figure as `sheet` makes it, with one picture on it."""
    figure = sheet(height, title, note)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def sheet(height: float, title: str, note: str) -> Figure:
    """An empty figure 1,000 pixels wide, with a title and a few lines that say what is shown."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lines = textwrap.wrap(note, 104)
    head = 0.45 + 0.2 * len(lines)  # inches
    figure = Figure(figsize=(8, height), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - head / height))
    figure.text(0.015, 1 - 0.08 / height, title, va="top", fontsize=14, fontweight="bold")
    figure.text(0.015, 1 - 0.4 / height, "\n".join(lines), va="top", fontsize=9.5, color="#444444")
    return figure


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """Positions of labels that want to be at `positions`, moved so that any two are `gap` apart.

    >>> spread([0.0, 0.1, 2.0], 1.0)
    [0.0, 1.0, 2.0]
    >>> spread([2.0, 1.9, 0.0], 0.5)
    [2.4, 1.9, 0.0]
    """
    placed: dict[int, float] = {}
    last = float("-inf")
    for place in sorted(range(len(positions)), key=lambda place: (positions[place], place)):
        placed[place] = last = max(positions[place], last + gap)
    return [placed[place] for place in range(len(positions))]


def layout(title: str, note: str, height: int = 620, **more: Any) -> dict[str, Any]:
    """The same for an interactive figure."""
    said = "<br>".join(textwrap.wrap(note, 120))
    return {
        "title": {"text": f"<b>{title}</b><br><span style='font-size:13px;color:#444'>{said}</span>", "x": 0.01},
        "template": "plotly_white",
        "height": height,
        "margin": {"t": 110, "l": 60, "r": 30, "b": 60},
        **more,
    }
