"""Pictures of the shop's customers: in their own units, and who is in each segment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eddyline.cases.report import percents
from eddyline.cases.service import money
from eddyline.cases.shop import Follows, Segmented, Shop
from eddyline.plots import style
from eddyline.plots.data import Pictured, hierarchy
from stream.feature import Feature
from stream.segments.flows import flows

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

_DARK = (0, 2, 5, 6)  # colours on which white is read


def pictured(found: Segmented) -> Pictured:
    """Segments as `eddyline.plots` draws them; nobody has moved yet."""
    segments = found.segments
    cards = {card.id: card for card in found.cards}
    live = [place for place, segment in enumerate(segments.ids) if segment in cards]
    labels = segments.predict_many(found.merged.rows)[0]
    return Pictured(
        model=found.model.version,
        ids=tuple(segments.ids[place] for place in live),
        names=tuple(segments.names[place] for place in live),
        cards=tuple(cards[segments.ids[place]] for place in live),
        customers=found.merged.ids,
        labels=np.searchsorted(live, labels),
        scaled=segments.scaling.transform_many(found.merged.rows),
        centres=segments.centres[live],
        features=segments.features,
        times=[],
        sizes={},
        flows=flows([], None, None),
        period="no moves yet",
        tree=hierarchy(segments, found.config.features),
    )


def plane(shop: Shop) -> Figure:
    """Customers by the features that tell segments apart best, in their own units."""
    up, *across = _telling(shop)
    data, rows = pictured(shop.chosen), shop.chosen.merged.rows
    note = f"Each mark is a customer. Of the {len(data.features)} features, those in which the segments differ most."
    figure = style.sheet(5.4, "Customers in their own units", note)
    every = figure.subplots(1, len(across), sharey=True, squeeze=False)[0].tolist()
    for beside, axes in zip(across, every, strict=True):
        for place, segment in enumerate(data.ids):
            own = rows[data.labels == place]
            axes.scatter(
                own[:, beside],
                own[:, up],
                s=34,
                alpha=0.75,
                linewidths=0,
                color=style.colour(place),
                marker=style.repeat(place, style.MARKERS, each=True),
                label=f"{segment} {data.names[place]}",
            )
        _axis(axes.xaxis, axes.set_xscale, shop.shoppers.features[beside], rows[:, beside])
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="#E6E6E6", linewidth=0.6)
        axes.set_axisbelow(True)
    _axis(every[0].yaxis, every[0].set_yscale, shop.shoppers.features[up], rows[:, up])
    handles, names = every[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2, fontsize=9, frameon=False)
    return figure


def _axis(axis: Axis, scale: Callable[[str], None], feature: Feature, values: NDArray[np.float64]) -> None:
    """Name an axis; what has a long tail is drawn on a log scale."""
    unit = f" ({feature.unit})" if feature.unit and feature.unit not in feature.description.lower() else ""
    axis.set_label_text(f"{feature.description}{unit}")
    if feature.log:
        scale("log" if float(np.nanmin(values)) > 0 else "symlog")
        axis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
        axis.set_minor_formatter(lambda value, _: "")


def sizes(shop: Shop) -> Figure:
    """How large each segment is."""
    data = pictured(shop.chosen)
    figure, axes = style.canvas(1.6 + 0.45 * len(data.ids), "How large the segments are", "Customers in each segment.")
    order = range(len(data.ids))
    counts = [card.customers for card in data.cards]
    shares = percents([card.share for card in data.cards])
    bars = axes.barh(order, counts, color=[style.colour(place) for place in order], height=0.65)
    texts = [f"{count:,} ({share})" for count, share in zip(counts, shares, strict=True)]
    axes.bar_label(bars, texts, padding=4, fontsize=10)
    axes.set_yticks(order, [f"{segment} {name}" for segment, name in zip(data.ids, data.names, strict=True)])
    axes.set_xlim(0, 1.18 * max(counts))
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("Customers")
    return figure


def groups(shop: Shop, follows: Follows) -> Figure:
    """The shares of a group of people in each segment, beside those of all."""
    data = pictured(shop.chosen)
    note = f"Share of customers by {follows.group}; {follows.group} had no part in making the segments."
    title = f"Does a segment follow {follows.group}?"
    figure, axes = style.canvas(2.2 + 0.45 * (len(data.ids) + 1), title, note)
    lines = [
        ("All customers", follows.overall),
        *((f"{segment} {name}", follows.shares[segment]) for segment, name in zip(data.ids, data.names, strict=True)),
    ]
    left, told = np.zeros(len(lines)), [percents([*shares.values()]) for _, shares in lines]
    for place, group in enumerate(follows.overall):
        widths = np.array([shares.get(group, 0.0) for _, shares in lines])
        bars = axes.barh(range(len(lines)), widths, left=left, height=0.65, color=style.colour(place), label=group)
        texts = [each[place] if width >= 0.08 else "" for each, width in zip(told, widths, strict=True)]
        axes.bar_label(bars, texts, label_type="center", color="white" if place in _DARK else "black", fontsize=10)
        left += widths
    axes.set_yticks(range(len(lines)), [name for name, _ in lines])
    axes.axhline(0.5, color="#444444", linewidth=0.8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.tick_params(axis="y", length=0)
    figure.legend(loc="outside lower center", ncols=min(len(follows.overall), 5), fontsize=10, frameon=False)
    return figure


def _telling(shop: Shop) -> list[int]:
    """Columns to draw: what customers spend, or else what differs most, upwards; the next two across."""
    features = shop.shoppers.features
    weight = {feature.name: 0.0 for feature in features}
    for card in shop.chosen.cards:
        for one in card.differences:
            weight[one.feature] += card.share * one.z**2
    order = sorted(range(len(features)), key=lambda place: (-weight[features[place].name], place))
    up = spend if (spend := money(features)) is not None else order[0]
    return [up, *(place for place in order if place != up)][:3]
