"""The steps as River transformers: River's conventions, cuts, merging, and any number of features."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from river import checks, compose, linear_model

from eddyline import Clean, Decorrelate, Impute, Log1p, MinMax, OneHot, SelectKBest, Standardise, Winsorise

Array = NDArray[np.float64]

STEPS: dict[str, Any] = {
    "clean": Clean(least=-100),
    "impute_median": Impute(),
    "impute_mean": Impute("mean"),
    "impute_constant": Impute("constant", 7.0),
    "log1p": Log1p(),
    "winsorise": Winsorise(),
    "one_hot": OneHot(),
    "min_max": MinMax(),
    "standardise": Standardise(),
    "select_f": SelectKBest(2, "f"),
    "select_information": SelectKBest(2),
    "drop": Decorrelate(above=0.5),
    "pca": Decorrelate("pca"),
}
NUMBERS = [name for name in STEPS if name != "one_hot"]


def sample(n: int = 300, seed: int = 0) -> Array:
    draw = np.random.default_rng(seed)
    base = draw.normal(size=n)
    rows = np.column_stack([draw.lognormal(3, 1, n), base, base + draw.normal(0, 0.2, n), draw.integers(0, 3, n)])
    rows[draw.random(rows.shape) < 0.05] = np.nan
    return rows


def targets(rows: Array) -> list[float]:
    return (np.nan_to_num(rows[:, 0]) + 1.0).tolist()


def learn(step: Any, rows: Array) -> Any:
    if isinstance(step, SelectKBest):
        step.learn_many(rows, targets(rows))
    else:
        step.learn_many(rows)
    return step


def state(step: Any) -> str:
    return json.dumps(step.to_dict(), sort_keys=True)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_rivers_checks_pass(step: Any) -> None:
    smaller = {"sample": 64} if hasattr(step, "sample") else {}  # quicker: what is learnt changes more seldom
    checks.check_estimator(step.clone(smaller))


@settings(max_examples=10, deadline=None)
@given(cuts=st.lists(st.integers(0, 300), max_size=5), name=st.sampled_from(NUMBERS))
def test_any_cut_of_the_rows_is_the_same(cuts: list[int], name: str) -> None:
    rows = sample()
    whole, parts = learn(STEPS[name].clone(), rows), STEPS[name].clone()
    edges = sorted({0, *cuts, 300})
    for low, high in pairwise(edges):
        learn(parts, rows[low:high])
    np.testing.assert_allclose(parts.transform_many(rows), whole.transform_many(rows), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("many", [False, True])
def test_three_merged_are_as_one_that_saw_all(name: str, many: bool) -> None:
    """While samples hold all rows, to rounding; beyond, sampled quantiles are within three standard errors in rank."""
    rows = sample(6_000 if many else 900)
    whole = learn(STEPS[name].clone(), rows)
    one, two, three = (learn(STEPS[name].clone(), rows[part::3]) for part in range(3))
    left, right = one.merge(two).merge(three), three.merge(two.merge(one))
    if "priorities" in left.to_dict()["state"]:
        assert state(left) == state(right)
    got, other, expected = (step.transform_many(rows) for step in (left, right, whole))
    np.testing.assert_allclose(got, other, rtol=1e-9, atol=1e-9)
    assert got.shape == expected.shape
    if not many or name in ("clean", "impute_mean", "impute_constant", "log1p", "min_max", "standardise"):
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)
    elif name in ("impute_median", "winsorise"):
        ranks = np.array([np.searchsorted(np.sort(rows[:, 0]), values[:, 0].max()) for values in (got, expected)])
        assert abs(int(ranks[0]) - int(ranks[1])) / 6_000 < 3 * np.sqrt(2 * 0.01 * 0.99 / 1_024)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_what_comes_back_from_json_goes_on_as_before(step: Any) -> None:
    one = learn(step.clone(), sample(200)) if not isinstance(step, OneHot) else step.clone()
    if isinstance(step, OneHot):
        one.learn_one({"tier": "gold", "active": True})
    again = type(one).from_dict(json.loads(json.dumps(one.to_dict())))
    if not isinstance(step, OneHot):
        learn(one, sample(50, 1))
        learn(again, sample(50, 1))
    assert state(one) == state(again)
    with pytest.raises(ValueError, match="parameters"):
        Winsorise().merge(Winsorise(sample=9))


@pytest.mark.parametrize("name", NUMBERS)
def test_frames_matrices_and_rows_are_the_same(name: str) -> None:
    frame = pd.DataFrame(sample(100), columns=list("dbca"))
    many, one = STEPS[name].clone(), STEPS[name].clone()
    rows = frame.to_dict("records")
    y = targets(frame.to_numpy())
    many.learn_many(*([frame, y] if name.startswith("select") else [frame]))
    for row, target in zip(rows, y, strict=True):
        backwards = dict(reversed(row.items()))
        one.learn_one(*([backwards, target] if name.startswith("select") else [backwards]))
    out = many.transform_many(frame)
    dicts = STEPS[name].clone()
    dicts.learn_many(*([rows, y] if name.startswith("select") else [rows]))
    assert state(dicts) == state(one)
    assert dicts.transform_many(rows)[7] == pytest.approx(one.transform_one(rows[7]), nan_ok=True)
    assert list(out.index) == list(frame.index)
    for number in (0, 7):
        assert one.transform_one(rows[number]) == pytest.approx(out.iloc[number].to_dict(), nan_ok=True)


def test_new_features_and_absent_ones() -> None:
    impute, scale = Impute(), MinMax()
    for step in (impute, scale):
        step.learn_one({"a": 1.0})
        step.learn_one({"a": 3.0, "b": None})
    assert impute.transform_one({"c": 5.0}) == {"a": 1.0, "b": 0.0, "c": 5.0}
    assert scale.transform_one({"c": 5.0, "a": 2.0}) == {"a": 0.5, "c": 0.5}
    drop = Decorrelate()
    for number in range(20):
        drop.learn_one({"a": number, "b": 2 * number})
    assert drop.transform_one({"b": 1.0, "new": 4.0}) == {"new": 4.0}
    turn = Decorrelate("pca")
    turn.learn_many(sample(200))
    assert turn.transform_one({}) == pytest.approx(dict.fromkeys(turn.transform_one({1: 0.5}), 0.0), abs=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e-200, 1e9, -7.3])
def test_a_constant_is_a_constant_in_any_number_of_rows(value: float) -> None:
    scale, unit = Standardise(), MinMax()
    for _ in range(137):
        scale.learn_one({"x": value})
        unit.learn_one({"x": value})
    assert scale.transform_one({"x": value}) == {"x": 0.0}
    assert unit.transform_one({"x": value}) == {"x": 0.5}


def test_frequent_values_are_drawn_as_often_as_they_occur() -> None:
    impute = Impute()
    impute.learn_many(np.append(np.zeros(6_000), np.arange(1.0, 4_001.0))[:, None])
    assert impute.transform_one({0: None}) == {0: 0.0}


def test_a_wild_value_does_not_press_the_others_together() -> None:
    pipeline = compose.Pipeline(Clean(), Impute(), Log1p(), Winsorise(), MinMax())
    for value in [*range(100), 1e6, float("nan"), float("inf")]:
        pipeline.learn_one({"spend": value})
    low, middle, high = (pipeline.transform_one({"spend": value})["spend"] for value in (0, 10, 98))
    assert low < 0.2 < 0.3 < middle < 0.7 < 0.95 < high <= 1


def test_the_first_half_of_a_supervised_pipeline() -> None:
    model = compose.Pipeline(OneHot(), Impute(), Standardise(), SelectKBest(1), linear_model.LogisticRegression())
    for number in range(300):
        model.learn_one({"tier": "gold" if number % 3 else "none", "noise": number % 7}, bool(number % 3))
    assert model.predict_proba_one({"tier": "gold", "noise": 3})[True] > 0.7
    assert model.predict_proba_one({"tier": "none", "noise": 3})[True] < 0.4


def test_a_missing_category_is_none_of_them() -> None:
    encode = OneHot(most=2)
    encode.learn_many([{"tier": tier} for tier in ("silver", "gold", "bronze")])
    assert encode.transform_one({"tier": "silver"}) == {"tier_bronze": 0.0, "tier_gold": 0.0}
    assert encode.transform_one({}) == encode.transform_one({"tier": None}) == {"tier_bronze": 0.0, "tier_gold": 0.0}
    assert state(encode.merge(OneHot(most=2))) == state(encode)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Winsorise(low=0.6),
        lambda: Impute("mode"),  # type: ignore[arg-type]
        lambda: SelectKBest(0),
        lambda: Decorrelate("ica"),  # type: ignore[arg-type]
        lambda: OneHot(0),
        lambda: SelectKBest().learn_many([[1.0]], []),
        lambda: MinMax().learn_many([1.0]),
    ],
)
def test_what_cannot_be_is_refused(make: Any) -> None:
    with pytest.raises(ValueError):
        make()


def test_the_hash_seed_changes_nothing() -> None:
    script = (
        "import json; from eddyline import *\n"
        "steps = [Winsorise(), SelectKBest(1), Decorrelate('pca'), OneHot(), Impute()]\n"
        "for n in range(60):\n"
        "    x = {name: float(n * len(name) % 11) for name in {'a', 'bb', 'ccc'}}\n"
        "    for step in steps:\n"
        "        step.learn_one(x, str(n % 3)) if isinstance(step, SelectKBest) else step.learn_one({**x})\n"
        "    steps[3].learn_one({'t': f'c{n % 4}'})\n"
        "print(json.dumps([[step.to_dict(), step.transform_one(x)] for step in steps]))\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1")
    }
    assert len(outputs) == 1
