"""Pictures of what is recommended: how good, how soon, and how much of the catalogue."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from eddyline.cases.video import BEST, COUNT, METHODS, STREAM, Video
from eddyline.plots import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_GREY = "#B8B8B8"


def quality(video: Video) -> Figure:
    """Hit rate, click-through and coverage of each recommender, side by side."""
    note = (
        f"Hit rate: viewers who watched one of their {COUNT} on their next evening, with its 95 % interval. "
        "Click-through: expected by the truth. Coverage: titles that are on somebody's shelf."
    )
    figure = style.sheet(4.6, "How good the shelves are", note)
    panels = figure.subplots(1, 3, sharey=True)
    names = list(METHODS)
    colours = [style.colour(0) if name == STREAM else _GREY if name != BEST else "#444444" for name in names]
    for axes, title, of in zip(
        panels, ("Hit rate at 10", "Click-through", "Coverage"), ("hit_rate", "click_through", "coverage"), strict=True
    ):
        values = [getattr(video.measured[name], of) for name in names]
        axes.barh(range(len(names)), values, color=colours, height=0.65)
        ends = values
        if of == "hit_rate":
            found = [video.measured[name] for name in names]
            spread = [[one.hit_rate - one.low for one in found], [one.high - one.hit_rate for one in found]]
            axes.errorbar(values, range(len(names)), xerr=spread, fmt="none", color="black", linewidth=1.2, capsize=3)
            ends = [one.high for one in found]
        top = max(ends)
        for place, (end, value) in enumerate(zip(ends, values, strict=True)):
            axes.text(
                end + 0.03 * top,
                place,
                f"{value:.1%}" if of == "click_through" else f"{value:.0%}",
                va="center",
                fontsize=9,
            )
        axes.set_xlim(0, 1.28 * top)
        axes.set_xlabel(title)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.tick_params(axis="y", length=0)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_yticks(range(len(names)), [style.wrapped(METHODS[name], 24) for name in names], fontsize=9)
    panels[0].invert_yaxis()
    return figure


def live(video: Video) -> Figure:
    """The stream's hit rate week by week, as the engine measured it."""
    note = (
        "Each evening is a test first: would a list of ten made just before it have held one of its titles? Then it is "
        "learnt. Beside it: the ten most popular titles, the same for everybody."
    )
    figure, axes = style.canvas(4.4, "How soon the stream has learnt", note)
    periods = video.tally.lists.periods
    weeks = [week for week in sorted(periods.parts) if periods.parts[week].trials >= 30]
    times = [datetime.fromtimestamp(week * periods.calendar.length / 1_000, UTC) for week in weeks]
    for place, (of, label) in enumerate(
        (("hits", "All signals, learnt by the stream"), ("popular_hits", "What is popular"))
    ):
        rates = [getattr(periods.parts[week], of) / periods.parts[week].trials for week in weeks]
        axes.plot(times, rates, marker="o", color=style.colour(place) if not place else style.GREY, label=label)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel("Week of the evenings, from its first day")
    axes.set_ylabel("Hit rate at 10")
    axes.set_xticks(times[::2], [f"{time.day} {time:%b}" for time in times[::2]])
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.6)
    figure.legend(loc="outside lower center", ncols=2, fontsize=10, frameon=False)
    return figure


def reach(video: Video) -> Figure:
    """How often each title is on a shelf, from the most to the least watched."""
    note = (
        "Titles from the most to the least watched, in groups. A curve that falls steeply shows few titles to "
        "everybody: what is popular is on nearly every shelf, beyond the picture. What is never shown cannot be found."
    )
    figure, axes = style.canvas(4.6, "How much of the catalogue is shown", note)
    titles = video.weights.shape[1]
    order = np.argsort(-(video.weights > 0).sum(axis=0), kind="stable")
    for name in ("popular", STREAM, "factors"):
        shown = np.bincount(video.shelves[name].ravel(), minlength=titles)[order] / len(video.service.viewers)
        size = max(1, titles // 24)
        smooth = [float(shown[at : at + size].mean()) for at in range(0, titles, size)]
        colour = style.GREY if name == "popular" else style.colour(0 if name == STREAM else 1)
        axes.step(range(0, titles, size), smooth, where="post", color=colour, linewidth=2, label=METHODS[name])
    watched = (video.weights > 0).mean(axis=0)[order]
    axes.plot(range(titles), watched, color="black", linewidth=1, linestyle="dotted", label="Watched by")
    axes.set_xlabel("Title, from the most watched on")
    axes.set_ylabel("Share of viewers")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_ylim(0, 0.5)
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.6)
    figure.legend(loc="outside lower center", ncols=2, fontsize=9, frameon=False)
    return figure
