"""`eddyline metrics`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson

if TYPE_CHECKING:
    from rich.table import Table

    from stream.measured import Measures, RecommendationsMeasured, TargetMeasured

_MEASURES = (
    ("AUC", "auc"),
    ("AUC, bound of the bins' error", "auc_bound"),
    ("Log loss (nats)", "log_loss"),
    ("Brier score", "brier"),
    ("Calibration error", "calibration_error"),
    ("Accuracy", "accuracy"),
    ("Precision", "precision"),
    ("Recall", "recall"),
    ("F1", "f1"),
)
_COUNTS = (
    ("Lists shown", "lists"),
    ("Items shown", "items"),
    ("Lists clicked", "clicked_lists"),
    ("Items clicked", "clicked_items"),
    ("Items ordered after a click", "ordered_items"),
    ("Items ordered after a view", "viewed_orders"),
    ("Orders tested", "trials"),
)
_RATES = (
    ("Click-through, lists", "click_through"),
    ("Click-through, items", "item_click_through"),
    ("Conversion after a click", "conversion"),
    ("Conversion after a view", "view_through"),
    ("Hit rate at 10", "hit_rate"),
    ("Popular items' hit rate at 10", "popular_hit_rate"),
)


def metrics(
    target: Annotated[str | None, typer.Option(help="Only this target; default: all.")] = None,
    segment: Annotated[str | None, typer.Option(help="Beside all customers, those of this segment, by its id.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show how good scores and recommendations are, since the start and lately.

    Each score was measured when its outcome was known, before it was learnt from. In the fading window a score counts
    half as much as one `evaluate.half_life` later. Scores of all segments, ended ones too, and of customers who were in
    none (in JSON under the key "") add up to those since the start.

    [bold]Examples[/bold]

      eddyline metrics
      eddyline metrics --target orders_again --segment s2
      eddyline metrics --json | jq '.targets[0].sinceStart.auc'
    """
    from eddyline.cli.output import console, print_json
    from eddyline.settings import load_settings

    settings = load_settings(config)

    from eddyline.evaluation import chosen, declared, read_names, read_tally  # after the settings: it is slow to import
    from stream.errors import InputError
    from stream.evaluate.measure import measure_lists, measure_targets

    tally, thresholds, names = read_tally(settings), declared(settings), read_names(settings)
    known = sorted({one for scored in tally.targets.values() for one in scored.segments if one})
    if segment is not None and segment not in known:
        raise InputError(
            f"no scores are known of a segment {segment!r}; there are some of {', '.join(known) or 'none'}"
        )
    wanted = {name: thresholds[name] for name in chosen(tally, thresholds, target)}
    apart = [*known, ""] if segment is None else [segment]
    told = measure_targets(tally, wanted, settings.evaluate.half_life, apart)
    lists = measure_lists(tally, settings.evaluate.half_life)
    if as_json:
        targets = [one.model_dump(mode="json", by_alias=True) for one in told]
        print_json({"targets": targets, "recommendations": lists.model_dump(mode="json", by_alias=True)})
        return
    screen = console()
    for one in told:
        if not one.since_start.examples:
            screen.print(f"{one.target}: no outcome is known yet; it is when the horizon has passed\n", soft_wrap=True)
            continue
        screen.print(_target(one, segment))
        screen.print(_deciles(one))
        if segment is None and one.segments:
            screen.print(segments_table(one, names))
    screen.print(_lists(lists))


def _target(told: TargetMeasured, segment: str | None) -> Table:
    from eddyline.cli.output import table

    views: dict[str, Measures] = {"Since the start": told.since_start, "Fading window": told.fading}
    if segment is not None and segment in told.segments:
        views[segment] = told.segments[segment]
    shown = table(("Measure", "left"), *((view, "right") for view in views), title=f"Target {told.target}")
    shown.add_row("Scores whose outcome is known", *(f"{view.examples:,.0f}" for view in views.values()))
    shown.add_row("Came about", *(_share(view.positives, view.examples) for view in views.values()))
    for name, field in _MEASURES:
        if name == "Accuracy":
            shown.add_section()
            shown.add_row(f"At a score of {told.threshold:g}", *([""] * len(views)))
        shown.add_row(name, *(_told(getattr(view, field)) for view in views.values()))
    return shown


def _deciles(told: TargetMeasured) -> Table:
    from eddyline.cli.output import table

    shown = table(*((name, "right") for name in ("Decile", "Mean score", "Came about", "Lift", "Gain")))
    for one in told.deciles:
        score = _percent(one.score)
        shown.add_row(str(one.decile), score, f"{one.rate:.1%}", f"{one.lift:.2f}", f"{one.gain:.1%}")
    return shown


def segments_table(told: TargetMeasured, names: dict[str, str]) -> Table:
    """A row for each segment in which customers were when scored, ended ones too, and one for those in none.

    Parameters
    ----------
    told
        Measured with all segments of the tally.
    names
        Segment's id -> its name.
    """
    from eddyline.cli.output import table
    from eddyline.evaluation import ENDED

    names = names | {"": "in no segment yet"}
    numbers = ("Scores", "Came about", "AUC", "Calibration error", "F1")
    shown = table(("Segment", "left"), ("", "left"), *((name, "right") for name in numbers))
    for segment, one in told.segments.items():
        rate, area, error = _share(one.positives, one.examples), _told(one.auc), _told(one.calibration_error)
        shown.add_row(
            segment or "–", names.get(segment, ENDED), f"{one.examples:,.0f}", rate, area, error, _told(one.f1)
        )
    return shown


def _lists(told: RecommendationsMeasured) -> Table:
    from eddyline.cli.output import table

    columns = (("Since the start", "right"), ("Fading window", "right"))
    shown = table(("Measure", "left"), *columns, title="Recommendations")
    views = (told.since_start, told.fading)
    for name, field in _COUNTS:
        shown.add_row(name, *(f"{getattr(view, field):,.0f}" for view in views))
    shown.add_section()
    for name, field in _RATES:
        shown.add_row(name, *(_percent(getattr(view, field)) for view in views))
    return shown


def _share(part: float, whole: float) -> str:
    return _percent(part / whole if whole else None)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _told(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
