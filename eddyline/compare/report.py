"""What came of a comparison, as JSON and as a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from eddyline.compare.comparison import Comparison, Result
from eddyline.compare.rows import Freshness
from eddyline.compare.segments import Grouped

if TYPE_CHECKING:
    from rich.console import Console

_LOWER = ("log_loss", "ece")
_SHARES = ("accuracy", "precision", "recall", "f1", "auc", "log_loss", "ece")
_NAMES = {
    "accuracy": "Acc.",
    "precision": "Prec.",
    "recall": "Recall",
    "f1": "F1",
    "auc": "AUC",
    "log_loss": "Logloss",
    "ece": "ECE",
}


def document(comparison: Comparison, segments: Sequence[Grouped] = ()) -> dict[str, Any]:
    """One JSON document; numbers rounded to six digits.

    `segments` is in it only where rows were grouped, too.
    """
    told: dict[str, Any] = {
        "rows": comparison.rows,
        "target": comparison.target,
        "models": [_rounded(result.to_dict()) for result in comparison.models],
        "warnings": list(comparison.warnings),
    }
    if segments:
        told["segments"] = [_rounded(one.to_dict()) for one in segments]
    return told


def show(comparison: Comparison, segments: Sequence[Grouped], screen: Console) -> None:
    """Print tables, and what is to be known of them."""
    from eddyline.cli.output import table

    trained, validated, tested = comparison.parts
    order = "by time" if comparison.ordered else "at random, with the same share of positives"
    screen.print(
        f"{comparison.target} = {comparison.positive}: {comparison.rows:,} rows, {comparison.features:,} features. "
        f"Split {order}: {trained:,} to train, {validated:,} for the threshold (best F1), {tested:,} to test, of which "
        f"{comparison.share:.1%} happened.",
        soft_wrap=True,
    )
    best = {name: _best([getattr(r.quality, name) for r in comparison.models], name) for name in _SHARES}
    shown = table(
        ("", "left"),
        ("Model", "left"),
        *((_NAMES[name], "right") for name in _SHARES),
        ("s", "right"),
        ("MB", "right"),
        ("Age", "right"),
    )
    before = ""
    for result in comparison.models:
        cells = [_cell(result, name, best[name]) for name in _SHARES]
        shown.add_row(
            "" if result.kind == before else result.kind,
            result.name,
            *cells,
            "" if result.cost is None else f"{result.cost.seconds:,.1f}",
            "" if result.cost is None else f"{result.cost.memory_mb:,.0f}",
            age(result.freshness),
        )
        before = result.kind
    screen.print(shown)
    screen.print(
        "* best of its column. Online models score each row before they learn it; frozen ones have learnt what batch "
        "models have, the rows before the test: compare those with each other. ECE: calibration error. s, MB: to learn "
        "and score, beside the table. Age: what the model has not seen yet when it scores a row, on average.",
        soft_wrap=True,
    )
    if segments:
        _show_segments(segments, screen)
    for warning in comparison.warnings:
        screen.print(f"Note: {warning}", soft_wrap=True)


def age(freshness: Freshness | None) -> str:
    """In words: time where there is time, else rows.

    >>> age(Freshness(1234.4, None)), age(Freshness(250.0, 0.25)), age(Freshness(9000.0, 15.2))
    ('1,234 rows', '6.0 hours', '15.2 days')
    """
    if freshness is None:
        return ""
    if freshness.days is None:
        return f"{freshness.rows:,.0f} rows"
    return f"{freshness.days * 24:.1f} hours" if freshness.days < 1 else f"{freshness.days:.1f} days"


def _best(values: list[float], name: str) -> float:
    return min(values) if name in _LOWER else max(values)


def _cell(result: Result, name: str, best: float) -> str:
    value = getattr(result.quality, name)
    return f"{value:.{4 if name == 'auc' else 3}f}{'*' if value == best else ' '}"


def _show_segments(segments: Sequence[Grouped], screen: Console) -> None:
    from eddyline.cli.output import table

    columns = ("Groups", "Silhouette", "Agreement", "Outliers", "Seconds", "MB")
    shown = table(("", "left"), ("Algorithm", "left"), *((name, "right") for name in columns), ("Sizes", "left"))
    for one in segments:
        shown.add_row(
            one.kind,
            one.name,
            str(len(one.sizes)),
            "" if one.silhouette is None else f"{one.silhouette:.3f}",
            f"{one.agreement:.3f}",
            f"{one.outliers:,}",
            f"{one.seconds:,.1f}",
            f"{one.memory_mb:,.0f}",
            ", ".join(f"{size:,}" for size in one.sizes[:8]) + (", …" if len(one.sizes) > 8 else ""),
        )
    screen.print(shown)
    screen.print("Agreement: adjusted Rand index with the one below or above, of the other side.", soft_wrap=True)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return value
