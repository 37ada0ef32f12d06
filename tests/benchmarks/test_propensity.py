"""The benchmark of scores runs from a checkout; what it measures at this size says little."""

from __future__ import annotations

import json
import math

import pytest

from tests.benchmarks.checkout import run


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict:
    empty = tmp_path_factory.mktemp("no-data")
    done = run(
        "propensity.py", "--rows", "2000", "--repeats", "1", "--models", "logistic", "--json", "--data", str(empty)
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_online_and_batch_ran_over_each_stream(document: dict) -> None:
    runs = {(one["stream"], one["kind"], one["model"], one["learnt"]) for one in document["runs"]}
    assert len(runs) == len(document["runs"])
    for stream in ("linear", "curved", "drifting"):
        assert (stream, "online", "logistic", "before each row") in runs
        assert (stream, "batch", "forest", "once") in runs
        assert ((stream, "batch", "logistic", "monthly") in runs) == (stream == "drifting")
    assert all(math.isfinite(one["auc"]) for one in document["runs"])


def test_where_the_truth_is_linear_online_learns_it(document: dict) -> None:
    auc = next(one["auc"] for one in document["runs"] if (one["stream"], one["kind"]) == ("linear", "online"))
    best = float(document["known"]["linear"].split()[0])
    assert best - 0.05 < auc < best + 0.02


def test_every_bar_says_whether_it_is_met(document: dict) -> None:
    held = {figure["what"].partition(",")[0] for figure in document["figures"]}
    assert {"AUC below batch logistic regression (once)", "AUC of the best", "calibration error"} <= held
    assert {"AUC of 4 partitions merged below one", "µs to score a row", "µs to learn a row"} <= held
    for figure in document["figures"]:
        assert math.isfinite(figure["value"])
        assert (figure["met"] is None) == (figure["most"] is None and figure["least"] is None)


def test_it_says_what_was_left_out(document: dict) -> None:
    names = ["credit_card_default", "online_shoppers_intention", "bank_additional_full", "online_retail"]
    assert document["left_out"] == names


@pytest.mark.parametrize(
    ("arguments", "words"), [(["--rows", "10"], "at least 1,000"), (["--models", "tree"], "logistic among them")]
)
def test_wrong_options_are_refused(arguments: list[str], words: str) -> None:
    done = run("propensity.py", *arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_frozen_version_stands_beside_the_pooled_ones(document: dict) -> None:
    for one in document["runs"]:
        errors = [one["pooled"], one["frozen"], one["chance"]]
        if one["kind"] == "online":
            assert all(0 < error < 0.3 for error in errors)
        else:
            assert errors == [None] * 3
    linear = next(one for one in document["runs"] if (one["stream"], one["kind"]) == ("linear", "online"))
    assert linear["frozen"] != linear["pooled"]
    assert linear["chance"] < 0.1  # perfect scores of 1,000 rows
