"""`eddyline evaluate recommend` without its options: which orders, which baselines, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eddyline.batch import WeeklyALS, WeeklyBPR
from producers.datasets.baskets import of_online_retail, of_table
from producers.datasets.mapping import load_mapping
from producers.datasets.report import LoadReport
from stream.durations import DAY
from stream.errors import DataError, InputError
from stream.evaluate.baselines import Baseline, DecayedPopularity, NightlyItemKNN
from stream.evaluate.prequential import Evaluation, Purchase

if TYPE_CHECKING:
    from rich.console import Console

HALF_LIFE = 60 * DAY
"""Of the components' counts, in ms."""

LEAST = 20
"""Orders without which there is nothing to measure."""

FORMS = ("online-retail", "csv", "jsonl", "parquet")

BASELINES: Mapping[str, tuple[str, Callable[[], Baseline]]] = {
    "popularity": ("decayed_popularity", DecayedPopularity),
    "nightly-itemknn": ("nightly_itemknn", NightlyItemKNN),
    WeeklyALS.name: ("weekly_als", WeeklyALS),
    WeeklyBPR.name: ("weekly_bpr", WeeklyBPR),
}
"""Name in `--against` -> its name in the document, and how it begins."""

_SHOWN = {
    "hit_rate_at_10": "hit@10",
    "recall_at_10": "recall@10",
    "ndcg_at_10": "NDCG@10",
    "mrr_at_10": "MRR@10",
    "hit_rate_at_20": "hit@20",
    "coverage": "coverage",
    "gini": "Gini",
    "novelty": "novelty",
}

_TITLES = {
    "repeats": "repeats: a known customer's next order",
    "new": "new: of that, what the customer never ordered",
    "basket": "basket: an order's second half from its first",
}


def read_purchases(source: str, mapping: Path | None) -> list[Purchase]:
    """Orders of `FORM:FILE`, in time order.

    Raises
    ------
    InputError
        When the source is none, or its mapping is missing or too much.
    DataError
        When the file cannot be read, or holds too few orders.
    """
    form, colon, name = source.partition(":")
    if form not in FORMS or not colon or not name:
        raise InputError(f"{source!r} is no source; say one of {', '.join(f'{one}:FILE' for one in FORMS)}")
    report = LoadReport()
    if form == "online-retail":
        if mapping is not None:
            raise InputError("online-retail:FILE needs no --map: its columns are known")
        found = of_online_retail(Path(name))
    elif mapping is None:
        raise InputError(f"say which column is what: --map FILE; `eddyline load mapping` prints one for {form} files")
    else:
        found = of_table(Path(name), load_mapping(mapping), report, form=form)
        report.require_events()
    if len(found) < LEAST:
        has = "no order" if not found else f"{len(found):,} order{'s' if len(found) > 1 else ''}"
        raise DataError(
            f"{name} has {has} of products (`Order Completed` with `products`, sold for more than 0); "
            f"at least {LEAST} are needed"
        )
    return found


def baselines(given: str) -> dict[str, Baseline]:
    """Baselines by their names in the document.

    >>> list(baselines("popularity, nightly-itemknn"))
    ['decayed_popularity', 'nightly_itemknn']

    Raises
    ------
    InputError
        When one is unknown, or its package is not installed.
    """
    names = list(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))
    unknown = [name for name in names if name not in BASELINES]
    if unknown:
        raise InputError(f"there is no baseline {unknown[0]!r}; --against takes some of {','.join(BASELINES)}")
    return {documented: begin() for documented, begin in (BASELINES[name] for name in names)}


def document(found: Evaluation) -> dict[str, Any]:
    """For JSON; numbers to six places.

    `all` has a protocol's measures with orders of customers without a past as misses; of baskets, `known` has those of
    customers with one.
    """
    return {
        "orders": found.orders,
        "items": found.items,
        "protocols": {
            name: {
                "n": judged.n,
                "components": _rounded(judged.components),
                "all": {"n": judged.n_all, "hit_rate_at_10": _over_all(judged.components, judged.n, judged.n_all)},
                "known": {"n": judged.n_known, "hit_rate_at_10": _over_all(judged.known, 1, 1)},
            }
            for name, judged in found.protocols.items()
        },
    }


def show(found: Evaluation, console: Console) -> None:
    """The same as tables."""
    from eddyline.cli.output import table

    console.print(f"{found.orders:,} orders of {found.items:,} items; the first quarter warmed up.")
    for name, judged in asdict(found)["protocols"].items():
        shown = table(
            ("", "left"), *((title, "right") for title in _SHOWN.values()), title=f"{_TITLES[name]} ({judged['n']:,})"
        )
        for ranking, measures in judged["components"].items():
            shown.add_row(ranking, *(f"{measures.get(measure, 0.0):.3f}" for measure in _SHOWN))
        console.print(shown)
        whole = judged["components"]["whole"].get("hit_rate_at_10", 0.0)
        if judged["n_all"] > judged["n"]:
            over_all = whole * judged["n"] / judged["n_all"]
            console.print(
                f"With the orders of customers without a past as misses ({judged['n_all']:,}): {over_all:.3f}."
            )
        elif judged["n_known"] < judged["n"]:
            known = judged["known"]["whole"].get("hit_rate_at_10", 0.0)
            console.print(f"Of customers with a past ({judged['n_known']:,}): {known:.3f}.")


def _over_all(components: Mapping[str, Mapping[str, float]], n: int, n_all: int) -> dict[str, float]:
    return {
        name: round(measures.get("hit_rate_at_10", 0.0) * n / max(n_all, 1), 6) for name, measures in components.items()
    }


def _rounded(components: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    return {
        name: {measure: round(value, 6) for measure, value in measures.items()} for name, measures in components.items()
    }
