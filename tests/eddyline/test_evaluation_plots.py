"""Pictures of an evaluation: written, showing what was measured, and the page needs no network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from eddyline.evaluation import chosen
from eddyline.plots import calibration, lift, over_time, precision_recall, roc
from eddyline.plots.evaluation import evaluated, write_evaluation
from eddyline.plots.lines import thinned
from stream.durations import DAY
from stream.errors import InputError
from stream.evaluate.outcomes import Outcomes
from stream.evaluate.periods import Periods
from stream.evaluate.tally import Tally
from stream.evaluate.target import TargetTally
from tests.eddyline.test_plots import References

PICTURES = ["roc", "precision-recall", "calibration", "lift", "over-time"]
DRAWERS = [roc, precision_recall, calibration, lift]


def tally(examples: int = 3_000) -> Tally:
    """Calibrated scores over twenty weeks, in two segments."""
    rng = np.random.default_rng(0)
    made = Tally()
    for row, probability in enumerate(rng.beta(1, 3, examples).tolist()):
        happened = bool(rng.random() < probability)
        made.score("buys", probability, happened, time=row * 140 * DAY // examples, segment=f"s{row % 2}")
    return made


def test_each_target_has_five_pictures_and_the_page_needs_no_network(tmp_path: Path) -> None:
    data = evaluated(tally().targets["buys"], 28 * DAY, {"s0": "Loyal <1>", "s1": "New"})
    written = write_evaluation({"buys": data, "leaves": data}, tmp_path / "new" / "directory")
    names = [f"{target}-{name}" for target in ("buys", "leaves") for name in PICTURES]
    assert [file.name for file in written] == [*(f"{name}.png" for name in names), "evaluation.html"]
    for file in written[:-1]:
        pixels = imread(file)
        assert pixels.shape[1] == 1_000
        assert pixels.std() > 0.01  # not blank
    references = References()
    references.feed(written[-1].read_text(encoding="utf-8"))
    assert references.loaded == []
    assert set(names) <= set(references.ids)


def test_what_is_drawn_is_what_was_measured() -> None:
    target = tally().targets["buys"]
    data = evaluated(target, 28 * DAY, {"s0": "Loyal", "s1": "New"})
    assert list(data.views) == ["Since the start", "Fading window"]
    assert list(data.segments) == ["Loyal", "New"]
    assert len(data.periods) == 20
    assert sum(part.examples for part in data.periods.values()) == target.total.examples
    drawn = roc.interactive(data.views).to_dict()["data"]
    assert drawn[0]["name"] == f"Since the start: AUC {target.since_start().auc():.3f}"
    assert drawn[0]["y"][-1] == 1.0
    bins = calibration.interactive(data.views).to_dict()["data"][0]
    np.testing.assert_allclose(bins["x"], bins["y"], atol=0.2)  # the scores are calibrated
    time = over_time.interactive(data.periods).to_dict()["data"]
    assert list(time[0]["y"]) == [150.0] * 20
    assert all(0.5 < auc < 1 for auc in time[2]["y"])


def test_arrays_are_drawn_beside_each_other_and_what_has_no_curve_is_left_out() -> None:
    outcomes = {
        "logistic regression": Outcomes.of([0.9, 0.4, 0.6, 0.1], [True, True, False, False]),
        "one class": Outcomes.of([0.9, 0.1], [False, False]),
        "nothing": Outcomes.of([], []),
    }
    for drawer in DRAWERS:
        drawer.picture(outcomes, "Online beside batch").draw_without_rendering()
        drawn = drawer.interactive(outcomes, "Online beside batch").to_dict()
        assert "Online beside batch" in drawn["layout"]["title"]["text"]
        assert not any("nothing" in line["name"] for line in drawn["data"])
    assert len(roc.interactive(outcomes).to_dict()["data"]) == 2  # with the line of chance
    for drawer in DRAWERS:
        drawer.picture({}).draw_without_rendering()
        assert drawer.interactive({}).to_dict()["layout"]
    over_time.picture({}).draw_without_rendering()
    over_time.interactive({})


def test_a_period_of_few_outcomes_has_no_point() -> None:
    """An area of 1 over three scores, with a band of no width, would say that the scores were perfect."""
    few = Outcomes.of([0.9, 0.8, 0.1], [True, True, False])
    enough = Outcomes.of([0.9, 0.1] * 10, [True, False] * 10)
    drawn = over_time.interactive({0: few, 7 * DAY: enough}).to_dict()["data"]
    assert list(drawn[2]["y"]) == [1.0]
    assert list(drawn[0]["y"]) == [20]


def test_a_thinned_curve_keeps_its_ends() -> None:
    x, y = thinned(np.arange(5_000.0), np.arange(5_000.0) ** 2)
    assert len(x) == 400
    assert (x[0], x[-1], y[-1]) == (0, 4_999, 4_999**2)


def test_an_unknown_target_is_told_with_those_there_are() -> None:
    declared = {"buys": 0.5, "leaves": 0.2}
    with pytest.raises(InputError, match=r"no target 'stays'.*buys, leaves"):
        chosen(tally(), declared, "stays")
    assert list(chosen(tally(), declared, "leaves").values()) == [TargetTally(periods=Periods())]
    assert list(chosen(tally(10), declared, None)) == ["buys", "leaves"]


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(InputError, match="cannot write"):
        write_evaluation({}, file)
