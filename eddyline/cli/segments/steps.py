"""`eddyline segments steps`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from stream.feature import Feature
    from stream.preprocessing.fitted import Fitted, Told

_LOADINGS = 4


def steps(config: Config = None, as_json: AsJson = False) -> None:
    """Show the steps of preprocessing, and what each was fitted to when the present model was learnt.

    A column for each step, in order; values are in the features' own units.

    [bold]Examples[/bold]

      eddyline segments steps
      eddyline segments steps --json | jq '.steps[] | select(.step == "winsorise")'
    """
    from eddyline.cli.output import console, print_json
    from eddyline.settings import load_settings

    settings = load_settings(config)

    from eddyline.sample import read_sample  # after the settings: it is slow to import
    from eddyline.segments import plain

    sample = read_sample(settings)
    found = sample.segments.scaling.describe()
    units = {feature.name: feature.unit for feature in settings.features}
    if as_json:
        names = sample.segments.features
        told = {"model": sample.model.version, "units": {name: units.get(name, "") for name in names}}
        print_json(told | {"steps": plain(found)})
        return
    screen = console()
    screen.print(f"Model {sample.model.version}: steps as they were fitted to the sample it was learnt from.")
    screen.print(by_feature(found, sample.segments.features, settings.features))
    for one in found:
        for line in sentences(one):
            screen.print(line, soft_wrap=True)


def by_feature(found: Sequence[Fitted], names: Sequence[str], features: Sequence[Feature]) -> Table:
    """A row for each feature and a column for each step."""
    from eddyline.cli.output import table

    units = {feature.name: feature.unit for feature in features}
    shown = table(("Feature", "left"), ("Unit", "left"), *((one.step, "right") for one in found if one.step != "pca"))
    for name in names:
        cells = [_CELLS[one.step](one.columns.get(name)) for one in found if one.step != "pca"]
        shown.add_row(name.replace("_", " "), units.get(name, ""), *cells)
    return shown


def sentences(one: Fitted) -> list[str]:
    """Why a step has chosen as it did; nothing of steps that keep every feature apart."""
    from eddyline.cli.report import number

    if one.step == "select":
        target = next(name for name, told in one.columns.items() if told["target"])
        scores = {name: told["score"] for name, told in one.columns.items() if name != target}
        ranked = ", ".join(f"{name} {number(scores[name])}" for name in sorted(scores, key=lambda name: -scores[name]))
        kept = [name for name, told in one.columns.items() if told["kept"]]
        measure = next(iter(one.columns.values()))["measure"].replace("_", " ")
        return [f"select kept {', '.join(kept)}, by {measure} with {target}: {ranked}."]
    if one.step == "decorrelate":
        gone = {name: told for name, told in one.columns.items() if not told["kept"]}
        return [
            f"decorrelate dropped {name}: it goes with {told['goes_with']}, correlation {told['correlation']:+.2f}."
            for name, told in gone.items()
        ] or ["decorrelate dropped nothing: no two features say the same."]
    if one.step != "pca":
        return []
    total = sum(told["explained"] for told in one.columns.values())
    said = [f"decorrelate made {len(one.columns)} principal components that keep {total:.1%} of the variance:"]
    for name, told in one.columns.items():
        largest = sorted(told["loadings"].items(), key=lambda pair: -abs(pair[1]))[:_LOADINGS]
        made = ", ".join(f"{weight:+.2f} {feature}" for feature, weight in largest)
        said.append(f"  {name.replace('_', ' ')}, {told['explained']:.1%}: {made}")
    return said


def _range(told: Told | None) -> str:
    from eddyline.cli.report import number

    if told is None:
        return "-"
    low, high = told.get("low", told.get("least")), told.get("high", told.get("most"))
    if low is None and high is None:
        return "any"
    if low is None or high is None:
        return f"≥ {number(low)}" if high is None else f"≤ {number(high)}"
    return number(low) if low == high else f"{number(low)} … {number(high)}"


def _value(told: Told | None) -> str:
    from eddyline.cli.report import number

    return "-" if told is None or told["value"] is None else number(told["value"])


def _shortened(told: Told | None) -> str:
    return "yes" if told is not None and told["shortened"] else "no"


def _kept(told: Told | None) -> str:
    from eddyline.cli.report import number

    if told is None:
        return "-"
    if told.get("target"):
        return "target"
    score = told.get("score")
    return ("kept" if told["kept"] else "out") + ("" if score is None else f", {number(score)}")


_CELLS: dict[str, Any] = {
    "clean": _range,
    "impute": _value,
    "log1p": _shortened,
    "winsorise": _range,
    "select": _kept,
    "decorrelate": _kept,
    "min_max": _range,
    "standardise": _range,
}
