"""The benchmark of segments runs from a checkout; what it measures at this size says nothing."""

from __future__ import annotations

import json
import math

import pytest

from tests.benchmarks.checkout import run


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict:
    empty = tmp_path_factory.mktemp("no-data")
    done = run("segments.py", "--rows", "600", "--repeats", "1", "--quick", "--json", "--data", str(empty))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_each_algorithm_ran_over_each_stream(document: dict) -> None:
    pairs = {(run["stream"], run["algorithm"]) for run in document["runs"]}
    streams, algorithms = ({pair[side] for pair in pairs} for side in (0, 1))
    assert streams == {"blobs", "overlapping", "RFM-like, skewed", "digits"}
    assert {"StreamKMeans", "MiniBatchKMeans (scikit-learn)", "STREAMKMeans (River)"} < algorithms
    assert len(pairs) == len(streams) * len(algorithms) == len(document["runs"])
    for each in document["runs"]:
        assert math.isfinite(each["ratio"])
        assert each["ratio"] > 0
        assert each["dead"] < each["clusters"]
        assert (each["ari"] is None) == (each["stream"] == "RFM-like, skewed")


def test_every_bar_has_a_finite_number(document: dict) -> None:
    held = {figure["what"].partition(":")[0] for figure in document["figures"] if figure["bar"] is not None}
    assert held == {
        "SSE / batch",
        "ARI below batch",
        "dead clusters",
        "drift",
        "customers with another segment id after a re-fit",
        "customers with another segment name after a re-fit",
        *(f"{parts} partitions merged, SSE / one" for parts in (2, 4, 16)),
        "µs a row to predict and learn",
    }
    assert all(math.isfinite(figure["value"]) for figure in document["figures"])


def test_it_says_what_was_left_out(document: dict) -> None:
    assert document["left_out"] == ["online_retail", "online_shoppers_intention", "wholesale_customers"]


def test_too_few_rows_are_refused() -> None:
    done = run("segments.py", "--rows", "10")
    assert done.returncode == 2
    assert "at least 600" in done.stderr
