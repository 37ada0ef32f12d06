"""Measures beside what they should reach, as a Markdown table."""

from __future__ import annotations

from math import isnan
from typing import NamedTuple

from stream.evaluate.prequential import SIGNALS, Evaluation, Judged

HIT = "hit_rate_at_10"


class Row(NamedTuple):
    """A measure, its value to `places`, and its bar: `least` or `most`, or neither."""

    measure: str
    value: float
    least: float | None = None
    most: float | None = None
    places: int = 3

    def cells(self) -> tuple[str, str, str, str]:
        """As the table shows them."""
        if isnan(self.value):
            return self.measure, "-", "", ""
        if self.least is None and self.most is None:
            return self.measure, f"{self.value:.{self.places}f}", "", ""
        met = self.value >= self.least if self.least is not None else self.value <= (self.most or 0.0)
        bar = f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}"
        return self.measure, f"{self.value:.{self.places}f}", bar, "yes" if met else "**no**"


def markdown(rows: list[Row]) -> str:
    """A table that can be pasted into a document."""
    cells = [("measure", "value", "bar", "met"), ("---", "---", "---", "---"), *(row.cells() for row in rows)]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


def hit(judged: Judged, name: str = "whole") -> float:
    """Hit rate at 10 of a ranking; 0 when there was no trial."""
    return judged.components[name].get(HIT, 0.0)


def ratio(one: float, other: float) -> float:
    """NaN where there is nothing to divide by."""
    return one / other if other else float("nan")


def rates(found: Evaluation) -> list[Row]:
    """Hit rates of the whole on Online Retail, and beside those of baselines."""
    rows: list[Row] = []
    for protocol, least, over, times in (
        ("repeats", 0.735, "decayed_popularity", 1.5),
        ("new", 0.43, None, 1.25),
        ("basket", 0.65, "decayed_popularity", 1.7),
    ):
        judged = found.protocols[protocol]
        best = max(
            (name for name in judged.components if name not in ("whole", *SIGNALS)), key=lambda n: hit(judged, n)
        )
        against = over or best
        rows.append(Row(f"{protocol}: hit rate at 10", hit(judged), least))
        title = against if over else f"the best baseline, {against}"
        rows.append(Row(f"{protocol}: whole ÷ {title}", ratio(hit(judged), hit(judged, against)), times))
    return rows


def components(what: str, found: Evaluation) -> list[Row]:
    """The whole beside its best component."""
    rows: list[Row] = []
    for protocol, judged in found.protocols.items():
        best = max(SIGNALS, key=lambda name: hit(judged, name))
        rows.append(
            Row(f"{what}, {protocol}: whole ÷ best component ({best})", ratio(hit(judged), hit(judged, best)), 1)
        )
    return rows


def variety(found: Evaluation) -> list[Row]:
    """How much of the catalogue the lists show, beside decayed popularity's."""
    rows: list[Row] = []
    for protocol, judged in found.protocols.items():
        whole, popular = (judged.components[name] for name in ("whole", "decayed_popularity"))
        shown = ratio(whole["coverage"], popular["coverage"])
        rows.append(Row(f"{protocol}: coverage {whole['coverage']:.3f} ÷ decayed_popularity's", shown, 3.0))
        for name in ("gini", "novelty"):
            rows.append(Row(f"{protocol}: {name} (decayed_popularity {popular[name]:.2f})", whole[name], places=2))
    return rows


def beside(what: str, one: Evaluation, other: Evaluation, least: float | None) -> list[Row]:
    """Hit rates at 10 of one whole ÷ those of another."""
    return [
        Row(f"{what}, {protocol}", ratio(hit(judged), hit(other.protocols[protocol])), least)
        for protocol, judged in one.protocols.items()
    ]


def popularity(what: str, found: Evaluation, least: float) -> list[Row]:
    """The whole beside decayed popularity."""
    return [
        Row(
            f"{what}, {protocol}: whole ÷ decayed_popularity",
            ratio(hit(judged), hit(judged, "decayed_popularity")),
            least,
        )
        for protocol, judged in found.protocols.items()
    ]
