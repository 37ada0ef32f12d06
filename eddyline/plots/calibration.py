"""Whether a probability means what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from eddyline.plots import lines
from stream.evaluate.curves import calibration
from stream.evaluate.outcomes import Outcomes

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as Interactive

_NOTE = (
    "Scores in ten bins of equal width: their mean, against the share for which it came about; larger points stand for "
    "more scores, and bins of fewer than ten are left out. On the dotted line, a score of .3 comes true three times in "
    "ten. The calibration error (ECE) is the mean distance from it."
)
_FEWEST = 10  # scores of a bin without which its share is mostly chance
_LARGEST = 160.0  # area of a point for all scores, in square points


def picture(outcomes: Mapping[str, Outcomes], title: str = "Calibration") -> Figure:
    """The PNG: a curve for each name, the first one strongest; those without a score are left out."""
    return lines.picture(_lines(outcomes), _sheet(title))


def interactive(outcomes: Mapping[str, Outcomes], title: str = "Calibration") -> Interactive:
    """The figure of a page."""
    return lines.interactive(_lines(outcomes), _sheet(title))


def _lines(outcomes: Mapping[str, Outcomes]) -> list[lines.Line]:
    drawn = []
    for name, found in outcomes.items():
        bins = calibration(found)
        known = [one for one in bins if one.examples >= _FEWEST]
        bins = known if len(known) > 1 else bins
        if bins:
            said, came, examples = (np.array([one[at] for one in bins]) for at in (3, 4, 2))
            size = np.maximum(_LARGEST * examples / examples.sum(), 6.0)
            drawn.append(lines.Line(f"{name}: ECE {found.calibration_error():.3f}", said, came, size))
    return drawn


def _sheet(title: str) -> lines.Sheet:
    reference = ("Perfect", [0.0, 1.0], [0.0, 1.0])
    return lines.Sheet(title, _NOTE, "Mean score of the bin", "Share that came about", reference)
