"""`eddyline evaluate counterfactual` without its options: shown lists, and how another ranking would do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from producers.datasets.files import open_text
from stream.errors import DataError, InputError
from stream.evaluate.counterfactual import Estimate, Rate, Shown, estimate
from stream.evaluate.examination import examined
from stream.evaluate.ranking import Floats

if TYPE_CHECKING:
    from rich.console import Console


class Judged(NamedTuple):
    """An estimate, the chances to look at a place that it rests on, and how many lists had no new ranking."""

    estimate: Estimate
    examination: Floats
    left_out: int


def judge(log: Path, ranking: Path, examination: str | None, clip: float) -> Judged:
    """Estimate from two files of JSON lines.

    Raises
    ------
    InputError
        When chances are no numbers above 0, or fewer than the longest list has places.
    DataError
        When a file cannot be read, a line is not what it should be, or the two have no list in common.
    """
    logged = {name: Shown(items, clicked) for name, items, clicked in _lists(log)}
    rankings = {name: items for name, items, _ in _lists(ranking) if name in logged}
    if not rankings:
        raise DataError(f"{log} and {ranking} have no `list` in common")
    chances = examined(list(logged.values())) if examination is None else _chances(examination)
    longest = max(len(logged[name].items) for name in rankings)
    if len(chances) < longest:
        raise InputError(f"--examination has {len(chances)} places, and the longest list {longest}")
    found = estimate([logged[name] for name in rankings], list(rankings.values()), chances, clip)
    return Judged(found, chances[:longest], len(logged) - len(rankings))


def document(found: Judged) -> dict[str, Any]:
    """For JSON; numbers to six places."""
    told = asdict(found.estimate)
    for name in ("observed", "ips", "snips"):
        rate: Rate | None = told[name]
        told[name] = None if rate is None else {key: _rounded(value) for key, value in rate._asdict().items()}
    return {name: _rounded(value) for name, value in told.items()} | {
        "examination": found.examination.round(6).tolist(),
        "left_out": found.left_out,
    }


def show(found: Judged, console: Console) -> None:
    """The same as a table."""
    from eddyline.cli.output import table

    one = found.estimate
    console.print(
        f"{one.items:,} items in {one.lists:,} list{'s' if one.lists != 1 else ''}"
        + (f"; {found.left_out:,} others have no new ranking." if found.left_out else ".")
    )
    shown = table(("", "left"), ("clicks ÷ items", "right"), ("95 % interval", "right"))
    for title, rate in (
        ("as shown", one.observed),
        ("new ranking, unseen items never clicked (IPS)", one.ips),
        ("new ranking, unseen items clicked like the rest (SNIPS)", one.snips),
    ):
        value, low, high = rate or (None, None, None)
        interval = "-" if low is None or high is None else f"{low:.4f} to {high:.4f}"
        shown.add_row(title, "-" if value is None else f"{value:.4f}", interval)
    console.print(shown)
    console.print(f"Not shown in the log's lists: {one.unsupported:.1%} of what would be looked at.")
    console.print(f"Rests on {one.clicks:,} clicks, and on items as good as {one.effective:,.0f} that weigh the same.")
    console.print(f"Weights that were cut: {one.clipped:.1%}.")
    console.print("Looked at: " + ", ".join(f"{chance:.2f}" for chance in found.examination.tolist()))


def _lists(path: Path) -> Iterator[tuple[str, tuple[str, ...], frozenset[str]]]:
    """Id, items and clicked items of each line."""
    known: set[str] = set()
    with open_text(path) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            where = f"{path}, line {number}"
            try:
                told = json.loads(line)
            except ValueError:
                raise DataError(f"{where} is not JSON") from None
            if not isinstance(told, dict) or not isinstance(name := told.get("list"), str):
                raise DataError(f'{where} needs an id: {{"list": "r-17", "items": […], …}}')
            items, clicked = (_names(told.get(key, []), key, where) for key in ("items", "clicked"))
            if name in known:
                raise DataError(f"{where} is a second list {name!r}; one line a list")
            if stray := set(clicked) - set(items):
                raise DataError(f"{where} has a click on {min(stray)!r}, which is not among its items")
            known.add(name)
            yield name, tuple(dict.fromkeys(items)), frozenset(clicked)


def _names(told: object, key: str, where: str) -> list[str]:
    if not isinstance(told, list) or not all(isinstance(one, str) for one in told):
        raise DataError(f"{where}: `{key}` is a list of strings")
    return told


def _chances(given: str) -> Floats:
    try:
        chances = np.array([float(one) for one in given.split(",")])
    except ValueError:
        raise InputError(f"--examination is numbers with commas between, as 1,.6,.4, not {given!r}") from None
    if not (np.isfinite(chances) & (chances > 0)).all():
        raise InputError("--examination: each place's chance is above 0")
    return chances


def _rounded(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value
