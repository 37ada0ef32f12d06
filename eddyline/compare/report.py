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
_COST = ("s", "MB", "Age")
_DROPPED = ((), _COST, (*_COST, "Acc.", "Prec.", "Recall"), (*_COST, "Acc.", "Prec.", "Recall", "F1", "Logloss"))
"""Columns that are left out where they do not fit, from a wide terminal to a narrow one."""


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
    """Print tables, and what is to be known of them; on a narrow screen with fewer columns."""
    trained, validated, tested = comparison.parts
    order = "by time" if comparison.ordered else "at random, with the same share of positives"
    screen.print(
        f"{comparison.target} = {comparison.positive}: {comparison.rows:,} rows, {comparison.features:,} features. "
        f"Split {order}: {trained:,} to train, {validated:,} for the threshold (best F1), {tested:,} to test, of which "
        f"{comparison.share:.1%} happened."
    )
    best = {name: _best([getattr(r.quality, name) for r in comparison.models], name) for name in _SHARES}
    columns = [("", "left"), ("Model", "left"), *((_NAMES[name], "right") for name in _SHARES)]
    rows, before = [], ""
    for result in comparison.models:
        cost = result.cost
        rows.append(
            [
                "" if result.kind == before else result.kind,
                result.name,
                *(_cell(result, name, best[name]) for name in _SHARES),
                "" if cost is None else f"{cost.seconds:,.1f}",
                "" if cost is None else f"{cost.memory_mb:,.0f}",
                age(result.freshness),
            ]
        )
        before = result.kind
    dropped = _print(columns + [(name, "right") for name in _COST], rows, _DROPPED, screen)
    screen.print(
        "* best of its column. Online models score each row before they learn it; frozen ones have learnt what batch "
        "models have, the rows before the test: compare those with each other. What goes on learning is many versions, "
        "measured together: their errors may cancel in ECE, and AUC compares scores of one version with those of "
        "another, so that it can lie below the frozen one's. ECE: calibration error."
        + ("" if dropped else " s, MB: to learn and score, beside the table. Age: what the model has not seen yet when")
        + ("" if dropped else " it scores a row, on average.")
    )
    if dropped:
        screen.print(f"{', '.join(dropped)}: shown on a wider screen, and by --json.")
    if segments:
        _show_segments(segments, screen)
    for warning in comparison.warnings:
        screen.print(f"Note: {warning}")


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
    numbers = ("Groups", "Silhouette", "Agreement", "Outliers", "Seconds", "MB")
    rows = [
        [
            one.kind,
            one.name,
            str(len(one.sizes)),
            "" if one.silhouette is None else f"{one.silhouette:.3f}",
            f"{one.agreement:.3f}",
            f"{one.outliers:,}",
            f"{one.seconds:,.1f}",
            f"{one.memory_mb:,.0f}",
            ", ".join(f"{size:,}" for size in one.sizes[:8]) + (", …" if len(one.sizes) > 8 else ""),
        ]
        for one in segments
    ]
    columns = [("", "left"), ("Algorithm", "left"), *((name, "right") for name in numbers), ("Sizes", "left")]
    _print(columns, rows, ((), ("Seconds", "MB"), ("Seconds", "MB", "Sizes")), screen)
    screen.print("Agreement: adjusted Rand index with the one below or above, of the other side.")


def _print(
    columns: Sequence[tuple[str, str]],
    rows: Sequence[Sequence[str]],
    choices: Sequence[tuple[str, ...]],
    screen: Console,
) -> tuple[str, ...]:
    """Print the table with the first choice of columns left out that fits; cells are never broken. Returns the choice.

    Where none fits, the last one's lines are longer than the screen is wide.
    """
    from rich.measure import Measurement

    from eddyline.cli.output import table

    for dropped in choices:
        kept = [place for place, (name, _) in enumerate(columns) if name not in dropped]
        shown = table(*(columns[place] for place in kept))
        shown.collapse_padding = True
        for column in shown.columns:
            column.no_wrap = True
        for row in rows:
            shown.add_row(*(row[place] for place in kept))
        needed = Measurement.get(screen, screen.options.update(width=1_000), shown).maximum
        if needed <= screen.width:
            break
    screen.print(shown, width=max(needed, screen.width), crop=False)
    return dropped


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return value
