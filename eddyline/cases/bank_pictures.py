"""Pictures of the bank's case: uncertainty, costs, reasons, and how groups fare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eddyline.cases.bank import FOREST, ONLINE, Bank
from eddyline.cases.few import Few
from eddyline.cases.report import apart
from eddyline.plots import calibration, roc, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN = (ONLINE, FOREST, "Logistic regression, batch", "Random forest, batch")


def uncertainty(few: Few) -> Figure:
    """The AUC of few customers with its interval, and what it is in truth."""
    note = (
        f"AUC of {few.customers} customers, held out in five folds, with its 95 % bootstrap interval. Diamonds: the "
        "same models on many other customers. Left of the grey line, a score is worse than none."
    )
    figure, axes = style.canvas(2.6 + 0.5 * len(few.models), f"What {few.customers} customers can tell", note)
    for place, one in enumerate(few.models):
        axes.plot([one.low, one.high], [place, place], color=style.colour(place), linewidth=3, solid_capstyle="butt")
        axes.plot(
            one.auc, place, "o", color=style.colour(place), markersize=10, label="Measured" if not place else None
        )
        axes.annotate(f"{one.auc:.2f}", (one.auc, place), (0, 9), textcoords="offset points", ha="center", fontsize=10)
        if one.fresh is not None:
            axes.plot(one.fresh, place, "D", color="black", markersize=7, label="On many others" if not place else None)
    axes.axvline(0.5, color=style.GREY, linewidth=1.2)
    if few.truth is not None:
        axes.axvline(few.truth, color="black", linestyle="dotted", linewidth=1.4, label="Nothing can be better")
    axes.set_yticks(range(len(few.models)), [one.name for one in few.models])
    axes.set_ylim(len(few.models) - 0.4, -0.7)
    axes.set_xlim(min(0.3, *(one.low for one in few.models)), 1.0)
    axes.set_xlabel("AUC")
    figure.legend(loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    return figure


def curves(bank: Bank) -> Figure:
    """ROC curves of all models."""
    outcomes = {one.name: one.outcomes for one in bank.models}
    if bank.truth is not None:
        outcomes[bank.truth.name] = bank.truth.outcomes
    return roc.picture(outcomes)


def calibrated(bank: Bank) -> Figure:
    """Whether probabilities mean what they say."""
    return calibration.picture({one.name: one.outcomes for one in bank.models if one.name in _SHOWN})


def costs(bank: Bank) -> Figure:
    """What each threshold costs."""
    words, (thresholds, cost) = bank.customers.words, bank.curve
    note = (
        f"Cost of the two mistakes for each customer of the test, by threshold: {bank.costs.missed:,.0f} for "
        f"{words.missed}, {bank.costs.refused:,.0f} for {words.wrong}."
    )
    figure, axes = style.canvas(5.0, "What each threshold costs", note)
    axes.plot(thresholds, cost, color=style.colour(0), linewidth=2.4)
    chosen, half = bank.policies[0], bank.policies[1]
    for place, (at, name) in enumerate(
        ((chosen, "chosen by the costs"), (half, "one half")),
    ):
        axes.plot(
            at.threshold, at.cost, style.MARKERS[place], color="black" if not place else style.GREY, markersize=10
        )
        axes.annotate(
            f"{name}: {at.threshold:.2f}, costs {_money(at.cost)}",
            (at.threshold, at.cost),
            (10, -16) if place else (-4, -22),
            textcoords="offset points",
            fontsize=10,
        )
    for name, at in bank.appetite.items():
        if name != "medium":
            axes.plot(at.threshold, at.cost, "^", color=style.colour(1), markersize=8)
            offset = (0, 10) if name == "low" else (8, -14)
            axes.annotate(f"{name} appetite", (at.threshold, at.cost), offset, textcoords="offset points", fontsize=9)
    axes.set_xlabel(f"Threshold: {words.refused} from this probability of {words.event} on")
    axes.set_ylabel(f"Cost a customer ({words.unit})")
    axes.set_xlim(0, 1)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda value, _: _money(value))
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.6)
    return figure


def reasons(bank: Bank) -> Figure:
    """The largest reasons of three customers."""
    words, at = bank.customers.words, bank.costs.threshold
    note = (
        "What the largest columns add to the log-odds, beside an average customer: to the right they "
        f"speak for a {words.event}, to the left against it."
    )
    counts = [len(one.reasons) for one in bank.explained]
    figure = style.sheet(1.6 + 0.6 * len(counts) + 0.36 * sum(counts), "Why these scores", note)
    every = figure.subplots(len(counts), 1, sharex=True, squeeze=False, height_ratios=counts)[:, 0].tolist()
    for axes, one in zip(every, bank.explained, strict=True):
        adds = [reason.adds for reason in one.reasons]
        colours = [style.colour(5) if add > 0 else style.colour(0) for add in adds]
        axes.barh(range(len(adds)), adds, color=colours, height=0.6)
        names = [style.wrapped(f"{reason.column}: {reason.value}", 44) for reason in one.reasons]
        axes.set_yticks(range(len(adds)), names, fontsize=9)
        axes.invert_yaxis()
        axes.axvline(0, color="#444444", linewidth=0.8)
        score, decision = apart(100 * one.score, 100 * at)[0], words.approved if one.score < at else words.refused
        axes.set_title(f"Row {one.row + 1:,}: {score}%, {decision}", fontsize=10, loc="left")
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
    every[-1].set_xlabel("Added to the log-odds")
    return figure


def fairness(bank: Bank, group: str) -> Figure:
    """How the members of each group fare."""
    words, found = bank.customers.words, bank.treated[group]
    note = (
        f"By {group}, at the chosen threshold of {bank.costs.threshold:.2f}, of the last "
        f"{sum(one.size for one in found):,} customers. {words.in_vain.capitalize()}: of "
        f"those who did not {words.happened}, with its 95 % interval."
    )
    figure, axes = style.canvas(1.9 + 0.75 * len(found), f"Who is {words.refused}, by {group}", note)
    places = np.arange(len(found))
    axes.barh(places - 0.2, [1 - one.approved for one in found], 0.36, color=style.colour(4), label=words.refused)
    wrong = [one.refused_wrongly for one in found]
    axes.barh(
        places + 0.2,
        wrong,
        0.36,
        color=style.colour(1),
        label=words.in_vain,
        xerr=[1.96 * one.wrongly_spread for one in found],
        error_kw={"capsize": 3, "linewidth": 1.2},
    )
    axes.plot(
        [one.happened for one in found],
        places,
        "D",
        color="black",
        markersize=6,
        linestyle="none",
        label=f"{words.event}s",
    )
    axes.set_yticks(places, [f"{one.group} ({one.size:,})" for one in found])
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.grid(axis="x", color="#E6E6E6", linewidth=0.6)
    axes.set_axisbelow(True)
    figure.legend(loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    return figure


def _money(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.3g}"
