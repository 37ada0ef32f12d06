"""The pictures of an evaluation, of one target or several: PNGs, and one page that needs no network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from eddyline.plots import calibration, lift, over_time, precision_recall, roc
from eddyline.plots.page import page
from stream.errors import InputError
from stream.evaluate.outcomes import Outcomes
from stream.evaluate.target import TargetTally

_SEGMENTS = 6  # curves beside the two of all customers
_ENOUGH = 100  # scores from which on a segment has a curve


class Evaluated(NamedTuple):
    """A target as it is drawn.

    `views` are outcomes by name, the most important first; `segments` more of them, drawn where they do not crowd;
    `periods` the outcomes of each period by its beginning (ms).
    """

    views: Mapping[str, Outcomes]
    segments: Mapping[str, Outcomes]
    periods: Mapping[int, Outcomes]


def evaluated(tally: TargetTally, half_life: int, names: Mapping[str, str]) -> Evaluated:
    """A tally as it is drawn: since the start, lately, the largest segments by name, and each period."""
    known = [segment for segment, scored in tally.segments.items() if segment in names and scored.examples >= _ENOUGH]
    largest = sorted(known, key=lambda segment: (-tally.segments[segment].examples, segment))
    of = {names[segment]: tally.of_segment(segment) for segment in largest}
    length = tally.periods.calendar.length
    return Evaluated(
        {"Since the start": tally.since_start(), "Fading window": tally.fading(half_life)},
        dict(list(of.items())[:_SEGMENTS]),
        {period * length: part.outcomes() for period, part in sorted(tally.periods.parts.items())},
    )


def write_evaluation(targets: Mapping[str, Evaluated], out: Path) -> list[Path]:
    """Write all pictures of all targets into a directory, which is made if there is none.

    Returns
    -------
    list of Path
        What was written: `TARGET-roc.png` and the others, and `evaluation.html` last.

    Raises
    ------
    InputError
        When the directory cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        written, figures = [], {}
        for target, data in targets.items():
            for name, (drawer, shown) in _pictures(data).items():
                title = f"{_TITLES[name]}: {target.replace('_', ' ')}"
                file = out / f"{target}-{name}.png"
                drawer.picture(shown, title).savefig(file)
                written.append(file)
                figures[f"{target}-{name}"] = drawer.interactive(shown, title)
        file = out / "evaluation.html"
        file.write_text(page("Evaluation of the scores", figures), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write pictures to {out}: {error.strerror}") from error
    return [*written, file]


_TITLES = {
    "roc": "ROC curve",
    "precision-recall": "Precision and recall",
    "calibration": "Calibration",
    "lift": "Lift and gain",
    "over-time": "AUC over time",
}


def _pictures(data: Evaluated) -> dict[str, tuple[Any, Mapping[Any, Outcomes]]]:
    """Name of the file -> who draws it, and what it is given."""
    return {
        "roc": (roc, {**data.views, **data.segments}),
        "precision-recall": (precision_recall, {**data.views, **data.segments}),
        "calibration": (calibration, data.views),
        "lift": (lift, data.views),
        "over-time": (over_time, data.periods),
    }
