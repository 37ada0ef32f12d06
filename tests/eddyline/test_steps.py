"""Steps of preprocessing as the command shows them."""

from __future__ import annotations

import numpy as np
from pydantic import TypeAdapter

from eddyline.cli.output import console
from eddyline.cli.segments.steps import by_feature, sentences
from stream.feature import Feature
from stream.preprocessing.pipeline import Preprocessing
from stream.preprocessing.settings import Steps

FEATURES = (
    Feature(name="spend", aggregate="sum", value="revenue", unit="EUR", least=0, missing=0),
    Feature(name="net_spend", aggregate="sum", value="net", unit="EUR"),
    Feature(name="shoe", aggregate="mean", value="shoe"),
)


def shown(capsys, *more: dict[str, object]) -> dict[str, str]:
    """Lines by their first word."""
    draw = np.random.default_rng(0)
    spend = np.append(draw.gamma(2, 100, 399), 1e6)
    rows = np.column_stack([spend, spend * 0.8 + draw.normal(0, 1, 400), draw.normal(42, 2, 400)])
    steps = TypeAdapter(Steps).validate_python(
        [{"step": "clean"}, {"step": "impute"}, {"step": "winsorise"}, *more, {"step": "min_max"}]
    )
    scaling = Preprocessing.fit(rows, FEATURES, steps)
    found = scaling.describe()
    console().print(by_feature(found, scaling.inputs, FEATURES))
    for one in found:
        print("\n".join(sentences(one)))
    return {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}


def test_each_step_says_what_it_was_fitted_to_feature_by_feature(capsys):
    lines = shown(capsys)
    assert lines["Feature"].split() == ["Feature", "Unit", "clean", "impute", "winsorise", "min_max"]
    unit, clean, impute, *bounds = lines["spend"].removeprefix(" spend").replace("≥ ", "≥").split()
    assert (unit, clean, impute) == ("EUR", "≥0", "0")
    assert bounds[:3] == bounds[3:]
    assert 500 < float(bounds[2]) < 1_000  # and not 1e6


def test_what_was_selected_is_said_with_scores(capsys):
    lines = shown(capsys, {"step": "select", "target": "spend", "k": 1})
    assert "target" in lines["spend"]
    assert "kept" in lines["net"]
    assert " out, " in lines["shoe"]
    assert lines["select"].startswith("select kept net_spend, by mutual information with spend: net_spend ")


def test_what_was_dropped_is_said_with_its_partner(capsys):
    lines = shown(capsys, {"step": "decorrelate"})
    assert lines["decorrelate"] == "decorrelate dropped net_spend: it goes with spend, correlation +1.00."
    assert lines["net"].rstrip().endswith("-")
    assert "nothing" in shown(capsys, {"step": "decorrelate", "above": 0.99999})["decorrelate"]


def test_components_are_said_with_the_variance_they_keep(capsys):
    lines = shown(capsys, {"step": "decorrelate", "method": "pca"})
    assert lines["decorrelate"].startswith("decorrelate made 2 principal components that keep 100.0% of the variance")
    assert "spend" in lines["component"]
