"""A merged tally in numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from stream.evaluate.curves import calibration, deciles
from stream.evaluate.decisions import decide
from stream.evaluate.lists import share
from stream.evaluate.outcomes import Outcomes
from stream.evaluate.tally import Tally
from stream.evaluate.target import TargetTally
from stream.measured import (
    CalibrationBin,
    DecileMeasured,
    ListsMeasured,
    Measures,
    MetricsMeasured,
    RecommendationsMeasured,
    TargetMeasured,
)
from stream.values import rounded, update_id

if TYPE_CHECKING:
    from stream.model import Model


def metrics(model: Model) -> MetricsMeasured | None:
    """What a model says of the evaluation it was learnt with; None of one that was learnt from nothing."""
    if model.measured is None:
        return None
    name = update_id("metrics", model.version, model.digest)
    return MetricsMeasured(id=name, model=model.version, occurred_at=model.clock, **model.measured)


def measure_targets(
    tally: Tally, thresholds: Mapping[str, float], half_life: int, segments: Iterable[str]
) -> tuple[TargetMeasured, ...]:
    """All targets.

    Parameters
    ----------
    tally
        Of all partitions.
    thresholds
        Target -> score from which on it counts as a yes; in the order in which they are told.
    half_life
        Of the fading window, in ms.
    segments
        Ids of the segments that are told apart, in their order; "" for customers who were in none.
    """
    return tuple(
        _target(name, tally.targets.get(name, TargetTally()), threshold, half_life, segments)
        for name, threshold in thresholds.items()
    )


def measure_lists(tally: Tally, half_life: int) -> RecommendationsMeasured:
    """All lists."""
    return RecommendationsMeasured(
        since_start=_lists(asdict(tally.lists.total)), fading=_lists(tally.lists.fading(half_life))
    )


def measures(outcomes: Outcomes, threshold: float) -> Measures:
    """Outcomes in numbers.

    >>> found = measures(Outcomes.of([0.9, 0.4, 0.6, 0.1], [True, True, False, False]), 0.5)
    >>> found.auc, found.f1, found.calibration_error
    (0.75, 0.5, 0.35)
    """
    decisions = decide(outcomes, threshold)
    return Measures(
        examples=rounded(outcomes.examples),
        positives=rounded(outcomes.positives),
        auc=_rounded(outcomes.auc()),
        auc_bound=_rounded(outcomes.auc_bound()),
        log_loss=_rounded(outcomes.log_loss()),
        brier=_rounded(outcomes.brier()),
        calibration_error=_rounded(outcomes.calibration_error()),
        **{name: _rounded(value) for name, value in decisions._asdict().items()},
    )


def _target(name: str, tally: TargetTally, threshold: float, half_life: int, segments: Iterable[str]) -> TargetMeasured:
    total = tally.since_start()
    return TargetMeasured(
        target=name,
        threshold=threshold,
        since_start=measures(total, threshold),
        fading=measures(tally.fading(half_life), threshold),
        segments={
            segment: measures(tally.of_segment(segment), threshold) for segment in segments if segment in tally.segments
        },
        deciles=tuple(
            DecileMeasured(
                decile=one.decile,
                score=rounded(one.score),
                rate=rounded(one.rate),
                lift=rounded(one.lift),
                gain=rounded(one.gain),
            )
            for one in deciles(total)
        ),
        calibration=tuple(
            CalibrationBin(score=rounded(one.score), rate=rounded(one.rate), examples=one.examples)
            for one in calibration(total)
        ),
    )


def _lists(counts: Mapping[str, float]) -> ListsMeasured:
    told = {name: rounded(count) for name, count in counts.items() if name in ListsMeasured.model_fields}
    return ListsMeasured(
        **told,
        click_through=_rounded(share(counts["clicked_lists"], counts["lists"])),
        item_click_through=_rounded(share(counts["clicked_items"], counts["items"])),
        conversion=_rounded(share(counts["ordered_items"], counts["clicked_items"])),
        view_through=_rounded(share(counts["viewed_orders"], counts["items"])),
        hit_rate=_rounded(share(counts["hits"], counts["trials"])),
        popular_hit_rate=_rounded(share(counts["popular_hits"], counts["trials"])),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else rounded(value)
