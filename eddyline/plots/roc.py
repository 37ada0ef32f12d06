"""How many of those for whom it comes about are found, at the price of how many false alarms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from eddyline.plots import lines
from stream.evaluate.curves import roc
from stream.evaluate.outcomes import Outcomes

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as Interactive

_NOTE = (
    "For every threshold: the share of positives with a yes, against the share of negatives with one. The area below "
    "is the AUC: how likely a positive is scored above a negative."
)


def picture(outcomes: Mapping[str, Outcomes], title: str = "ROC curve") -> Figure:
    """The PNG: a curve for each name, the first one strongest; those without both classes are left out."""
    return lines.picture(_lines(outcomes), _sheet(title))


def interactive(outcomes: Mapping[str, Outcomes], title: str = "ROC curve") -> Interactive:
    """The figure of a page."""
    return lines.interactive(_lines(outcomes), _sheet(title))


def _lines(outcomes: Mapping[str, Outcomes]) -> list[lines.Line]:
    drawn = []
    for name, found in outcomes.items():
        curve = roc(found)
        if curve is not None:
            drawn.append(lines.Line(f"{name}: AUC {found.auc():.3f}", *lines.thinned(*curve)))
    return drawn


def _sheet(title: str) -> lines.Sheet:
    reference = ("Chance: AUC 0.500", [0.0, 1.0], [0.0, 1.0])
    return lines.Sheet(title, _NOTE, "False positive rate", "True positive rate", reference)
