"""How many of those who get a yes are right, for each share of the positives that is found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from eddyline.plots import lines
from stream.evaluate.curves import average_precision, precision_recall
from stream.evaluate.outcomes import Outcomes

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as Interactive

_NOTE = (
    "For every threshold: the share of right ones among those with a yes, against the share of positives that have "
    "one. AP is the average precision; without any skill it is the share of positives."
)


def picture(outcomes: Mapping[str, Outcomes], title: str = "Precision and recall") -> Figure:
    """The PNG: a curve for each name, the first one strongest; those without a positive are left out."""
    return lines.picture(_lines(outcomes), _sheet(outcomes, title))


def interactive(outcomes: Mapping[str, Outcomes], title: str = "Precision and recall") -> Interactive:
    """The figure of a page."""
    return lines.interactive(_lines(outcomes), _sheet(outcomes, title))


def _lines(outcomes: Mapping[str, Outcomes]) -> list[lines.Line]:
    drawn = []
    for name, found in outcomes.items():
        curve = precision_recall(found)
        if curve is not None:
            drawn.append(lines.Line(f"{name}: AP {average_precision(found):.3f}", *lines.thinned(*curve)))
    return drawn


def _sheet(outcomes: Mapping[str, Outcomes], title: str) -> lines.Sheet:
    first = next(iter(outcomes.values()), None)
    rate = None if first is None else first.rate
    reference = None if rate is None else (f"Share of positives: {rate:.3f}", [0.0, 1.0], [rate, rate])
    return lines.Sheet(title, _NOTE, "Recall", "Precision", reference)
