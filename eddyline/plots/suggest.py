"""What speaks for each algorithm and number of segments, and what is recommended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from eddyline.plots import style
from eddyline.plots.page import page
from stream.errors import InputError
from stream.segments.suggest import FAMILIES, SMALLEST, STABLE, Candidate, Suggestion

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as Interactive

SUFFIXES = (".png", ".html")
TITLE = "How many segments, and by which algorithm"
_NAMES = {"kmeans": "k-means", "hierarchical": "hierarchical", "density": "density (finds its own number)"}
_RING: dict[str, Any] = {"markerfacecolor": "none", "color": "black", "markeredgewidth": 1.8}
_BESIDE = 0.07  # of a K: algorithms stand beside each other, so that none hides another
_AXIS = "K: number of segments, without outliers"


class _Panel(NamedTuple):
    """One of the measures; below `least` a candidate is ruled out."""

    title: str
    of: Callable[[Candidate], float]
    least: float | None
    form: str


_PANELS = (
    _Panel("Silhouette:\nhow far apart", lambda one: one.silhouette, None, ".2f"),
    _Panel("Stability:\nadjusted Rand of refits", lambda one: one.stability, STABLE, ".2f"),
    _Panel("Smallest segment:\nshare of customers", lambda one: one.smallest, SMALLEST, ".0%"),
)


def write_suggestion(found: Suggestion, file: Path) -> None:
    """Write the picture: a PNG, or a page that needs no network, by the suffix.

    Raises
    ------
    InputError
        When the file cannot be written.
    """
    try:
        if file.suffix == ".png":
            picture(found).savefig(file)
        else:
            file.write_text(page(TITLE, {"suggestion": interactive(found)}), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write a picture to {file}: {error.strerror}") from error


def picture(found: Suggestion) -> Figure:
    """The PNG."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    figure = style.sheet(8.4, TITLE, _note(found))
    every = figure.subplots(len(_PANELS), sharex=True)
    lines = _lines(found)
    for panel, axes in zip(_PANELS, every, strict=True):
        for place, (_, candidates) in enumerate(lines):
            colour, marker, line = _looks(place)
            ks, values = [_beside(one, lines) for one in candidates], [panel.of(one) for one in candidates]
            axes.plot(ks, values, color=colour, linestyle=line)
            for k, value, one in zip(ks, values, candidates, strict=True):
                face = "white" if one.against else colour
                axes.plot(k, value, marker, color=colour, markerfacecolor=face, markersize=7)
        at = (_beside(found.best, lines), panel.of(found.best))
        axes.plot(*at, "o", **_RING, markersize=17)
        said = f"{at[1]:{panel.form}}"
        axes.annotate(said, at, (13, 9), textcoords="offset points", fontsize=10, weight="bold")
        if panel.least is not None:
            axes.axhline(panel.least, color=style.GREY, linestyle="dotted", linewidth=1.4)
            said = f"dotted: ruled out below {panel.least:{panel.form}}"
            axes.text(1, 1, said, transform=axes.transAxes, ha="right", va="top", fontsize=9, color="#555555")
        heights = [panel.of(one) for one in found.candidates]
        low, high = 1.1 * min(0.0, *heights), 1.3 * max(0.01, *heights)
        axes.set_ylim(low, high)
        axes.set_yticks([tick for tick in axes.get_yticks() if low <= tick <= min(high, 1.0)])  # none is above 1
        axes.set_ylabel(panel.title, fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#E6E6E6", linewidth=0.6)
    every[-1].yaxis.set_major_formatter(PercentFormatter(1.0, 0))
    every[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    every[-1].set_xlabel(_AXIS)
    for place, (algorithm, _) in enumerate(lines):
        colour, marker, line = _looks(place)
        every[0].plot([], [], color=colour, marker=marker, linestyle=line, label=_NAMES[algorithm])
    every[0].plot([], [], "o", **_RING, markersize=13, label="recommended")
    every[0].plot([], [], "o", color="#555555", markerfacecolor="white", markersize=7, label="hollow: ruled out")
    figure.legend(loc="outside lower center", ncols=3, fontsize=10, frameon=False)
    return figure


def interactive(found: Suggestion) -> Interactive:
    """The same to explore; what rules a candidate out is said when it is pointed at."""
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=len(_PANELS), shared_xaxes=True, vertical_spacing=0.05)
    for row, panel in enumerate(_PANELS, 1):
        for place, (algorithm, candidates) in enumerate(_lines(found)):
            marker = style.repeat(place, style.PLOTLY_MARKERS, each=True)
            figure.add_scatter(
                x=[one.k for one in candidates],
                y=[round(panel.of(one), 4) for one in candidates],
                mode="lines+markers",
                name=_NAMES[algorithm],
                legendgroup=algorithm,
                showlegend=row == 1,
                line={"color": style.colour(place), "dash": style.repeat(place, style.PLOTLY_LINES, each=True)},
                marker={"size": 10, "symbol": [f"{marker}-open" if one.against else marker for one in candidates]},
                customdata=[f"ruled out: {one.against}" if one.against else "allowed" for one in candidates],
                hovertemplate=f"{algorithm}, K = %{{x}}: %{{y:{panel.form}}}<br>%{{customdata}}<extra></extra>",
                row=row,
                col=1,
            )
        figure.add_scatter(
            x=[found.best.k],
            y=[panel.of(found.best)],
            mode="markers",
            name="recommended",
            legendgroup="recommended",
            showlegend=row == 1,
            marker={"size": 22, "symbol": "circle-open", "color": "black", "line": {"width": 2.5}},
            hoverinfo="skip",
            row=row,
            col=1,
        )
        if panel.least is not None:
            said = f"ruled out below {panel.least:{panel.form}}"
            figure.add_hline(panel.least, line_dash="dot", line_color=style.GREY, annotation_text=said, row=row, col=1)
        figure.update_yaxes(
            title_text=panel.title.replace("\n", "<br>"), tickformat=panel.form, rangemode="tozero", row=row, col=1
        )
    figure.update_layout(**style.layout(TITLE, _note(found), 900))
    figure.update_layout(margin_t=190, margin_l=90, legend={"orientation": "h", "y": -0.1})
    figure.update_xaxes(title_text=_AXIS, row=len(_PANELS), col=1)
    figure.update_xaxes(dtick=1)
    return figure


def _looks(place: int) -> tuple[str, str, str]:
    """Colour, marker and line of an algorithm."""
    return style.colour(place), *(style.repeat(place, kinds, each=True) for kinds in (style.MARKERS, style.LINES))


def _beside(one: Candidate, lines: Sequence[tuple[str, list[Candidate]]]) -> float:
    """Where a candidate stands: at its K, or a little beside."""
    algorithms = [algorithm for algorithm, _ in lines]
    return one.k + _BESIDE * (algorithms.index(one.algorithm) - (len(algorithms) - 1) / 2)


def _lines(found: Suggestion) -> list[tuple[str, list[Candidate]]]:
    """Each algorithm that found something, with its candidates by K."""
    every = {
        algorithm: sorted((one for one in found.candidates if one.algorithm == algorithm), key=lambda one: one.k)
        for algorithm in FAMILIES
    }
    return [(algorithm, candidates) for algorithm, candidates in every.items() if candidates]


def _note(found: Suggestion) -> str:
    """The sentence, and what is ruled out."""
    out = [f"{one.algorithm} {one.k}: {one.against}" for one in found.candidates if one.against]
    out += [f"{algorithm}: {why}" for algorithm, why in found.failures.items()]
    said = f"{found.why} Of {found.customers:,} customers."
    return f"{said} Ruled out: {'; '.join(out)}." if out else f"{said} Nothing is ruled out."
