"""Frozen preprocessing: no value moves the others, no row depends on its neighbours, and what went in comes back."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import TypeAdapter

from stream.preprocessing.pipeline import Preprocessing
from stream.preprocessing.settings import Measured, Steps

Array = NDArray[np.float64]
FEATURES = (
    Measured(name="spend", log=True),
    Measured(name="share", missing=0),
    Measured(name="mood"),
    Measured(name="twice_mood"),
)
FIRST = [{"step": "clean"}, {"step": "impute"}]
BULK = [*FIRST, {"step": "log1p"}, {"step": "winsorise"}]
SCALED = {
    "default": [*BULK, {"step": "min_max"}],
    "standardise": [*BULK, {"step": "standardise"}],
    "bare": [*FIRST, {"step": "min_max"}],
    "means": [{"step": "clean"}, {"step": "impute", "strategy": "mean"}, {"step": "winsorise"}, {"step": "min_max"}],
}
FEWER = {
    "select": [*BULK, {"step": "select", "target": "spend", "k": 2}, {"step": "min_max"}],
    "drop": [*BULK, {"step": "decorrelate"}, {"step": "min_max"}],
    "pca": [*BULK, {"step": "decorrelate", "method": "pca"}, {"step": "min_max"}],
    "pca_standard": [*BULK, {"step": "decorrelate", "method": "pca", "variance": 1.0}, {"step": "standardise"}],
    "both": [
        *BULK,
        {"step": "select", "target": "share", "k": 3},
        {"step": "decorrelate", "method": "pca", "variance": 0.8},
        {"step": "min_max"},
    ],
}
ALL = SCALED | FEWER


def sample(n: int = 300, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    mood = rng.normal(0, 5, n)
    rows = np.column_stack([rng.lognormal(3, 1, n), rng.random(n), mood, 2 * mood + rng.normal(0, 0.5, n)])
    rows[rng.random(rows.shape) < 0.05] = np.nan
    return rows


def fit(rows: Array, steps: str = "default", features: tuple[Measured, ...] = FEATURES) -> Preprocessing:
    return Preprocessing.fit(rows, features, TypeAdapter(Steps).validate_python(ALL[steps]))


@pytest.mark.parametrize(("n", "most"), [(20, 0.5), (300, 0.08), (3_000, 0.02)])
@pytest.mark.parametrize("value", [1e6, -1e6, 1e300, np.nan, -np.inf])
@pytest.mark.parametrize("column", [0, 1, 2])
def test_one_wild_value_moves_nobody_else_much(n: int, most: float, value: float, column: int) -> None:
    rows = sample(n)
    wild = rows.copy()
    wild[7, column] = value
    moved = np.abs(fit(wild).transform_many(rows) - fit(rows).transform_many(rows))
    assert moved.max() < most  # the bounds step by one row of the tail
    assert np.isfinite(fit(wild).standardise_many(wild)).all()


@settings(deadline=None)
@given(
    rows=st.lists(st.lists(st.floats(width=64), min_size=4, max_size=4), min_size=1, max_size=30),
    steps=st.sampled_from(sorted(ALL)),
)
def test_every_row_comes_out_finite_and_in_range_whatever_it_holds(rows: list[list[float]], steps: str) -> None:
    X = np.array(rows)
    for scaling in (fit(X, steps), fit(sample(), steps)):
        scaled = scaling.transform_many(X)
        assert scaled.flags.c_contiguous
        assert scaled.shape == (len(rows), len(scaling.names))
        assert np.isfinite(scaled).all()
        if scaling.steps[-1].step == "min_max":
            assert ((scaled >= 0) & (scaled <= 1)).all()
        assert np.isfinite(scaling.standardise_many(X)).all()
        assert np.isfinite(scaling.inverse(scaled)).all()


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 3_000), at=st.integers(0, 3_000), steps=st.sampled_from(sorted(ALL)))
def test_a_row_depends_on_itself_alone_to_the_last_bit(n: int, at: int, steps: str) -> None:
    rows, at = sample(n), at % n
    scaling = fit(sample(), steps)
    for scale in (scaling.transform_many, scaling.standardise_many):
        assert scale(rows)[at].tobytes() == scale(rows[at : at + 1])[0].tobytes()
        assert scale(np.asfortranarray(rows))[at].tobytes() == scale(rows)[at].tobytes()


@pytest.mark.parametrize("steps", ALL)
def test_the_order_of_the_sample_does_not_matter(steps: str) -> None:
    rows = sample()
    shuffled = rows[np.random.default_rng(1).permutation(len(rows))]
    assert fit(rows, steps).to_dict() == fit(shuffled, steps).to_dict()


@settings(max_examples=50, deadline=None)
@given(
    rows=st.lists(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4), min_size=2, max_size=20),
    steps=st.sampled_from(sorted(SCALED)),
)
def test_inverse_leads_back_to_units(rows: list[list[float]], steps: str) -> None:
    X = np.array(rows)
    scaling = fit(X, steps)
    held = scaling.inverse(scaling.transform_many(X))  # once in range, all steps can be undone
    sizes = np.maximum(np.abs(held), np.ptp(held, axis=0))
    again = scaling.inverse(scaling.transform_many(held))
    assert (np.abs(again - held) <= 1e-9 * np.maximum(sizes, 1)).all()


def test_inverse_of_rows_within_the_bulk_is_exact() -> None:
    rows = np.nan_to_num(sample())
    scaling = fit(rows)
    scaled = scaling.transform_many(rows)
    inner = ((scaled > 0) & (scaled < 1)).all(axis=1)
    assert inner.sum() > 200
    assert scaling.inverse(scaled)[inner] == pytest.approx(rows[inner], rel=1e-9)


@pytest.mark.parametrize("steps", ALL)
def test_scaled_rows_are_standardised_as_raw_ones_as_far_as_they_can_be(steps: str) -> None:
    rows = sample()
    scaling = fit(rows, steps)
    z, back = scaling.standardise_many(rows), scaling.standardise_scaled(scaling.transform_many(rows))
    if steps in SCALED:
        assert back == pytest.approx(z, abs=1e-9)
    elif steps == "select":  # what does not come out is the mean
        names = [place for place, feature in enumerate(FEATURES) if feature.name in scaling.names]
        assert back[:, names] == pytest.approx(z[:, names], abs=1e-9)
        assert np.delete(back, names, axis=1) == pytest.approx(0, abs=1e-9)
    else:
        assert ((back - z) ** 2).mean() < 0.35


@pytest.mark.parametrize("steps", ALL)
def test_terms_of_a_difference_sum_to_its_squared_length(steps: str) -> None:
    rows = sample()
    scaling = fit(rows, steps)
    scaled = scaling.transform_many(rows)
    for one, other in zip(scaled[:50], scaled[50:100], strict=True):
        terms = scaling.terms(one - other)
        assert terms.shape == (4,)
        assert terms.sum() == pytest.approx(((one - other) ** 2).sum(), abs=1e-12)
    unused = [place for place, name in enumerate(scaling.inputs) if name not in scaling.names]
    if steps in ("select", "drop"):
        assert unused
        assert (terms[unused] == 0).all()


def test_standardised_columns_have_mean_0_and_deviation_1() -> None:
    rows = sample()
    for steps in ALL:
        z = fit(rows, steps).standardise_many(rows)
        assert z.mean(axis=0) == pytest.approx(0, abs=1e-9)
        assert z.std(axis=0) == pytest.approx(1)


def test_values_are_held_within_the_first_and_last_hundredth() -> None:
    rows = np.arange(1_000.0)[:, None]
    scaling = Preprocessing.fit(rows, [Measured(name="n")])
    assert scaling.inverse(scaling.transform_many(np.array([[-5.0], [2_000.0]]))).ravel().tolist() == [10.0, 989.0]


def test_missing_values_are_the_declared_one_the_median_or_the_mean() -> None:
    rows = np.array(
        [[np.nan, 4.0, 1.0, 0.0], [8.0, np.nan, np.nan, 0.0], [2.0, 6.0, np.nan, 0.0], [5.0, 5.0, 4.0, 0.0]]
    )
    empty = np.full((1, 4), np.nan)
    for steps, expected in (("bare", [5.0, 0.0, 1.0, 0.0]), ("means", [5.0, 0.0, 2.5, 0.0])):
        assert fit(rows, steps).steps[1].to_dict()["fill"] == pytest.approx(expected)
    assert np.isfinite(fit(np.repeat(empty, 5, axis=0)).transform_many(empty)).all()


def test_impossible_values_are_missing() -> None:
    features = (Measured(name="age", least=0, most=120, missing=40),)
    ages = np.arange(18.0, 90.0)[:, None]
    scaling = Preprocessing.fit(np.concatenate([ages, [[-1.0], [999.0]]]), features)
    at = scaling.transform_many(np.array([[40.0], [-1.0], [121.0], [np.inf], [120.0]])).ravel()
    assert at[1] == at[2] == at[3] == at[0] < at[4] == 1.0


@pytest.mark.parametrize("steps", ALL)
def test_features_that_are_constant_or_always_missing(steps: str) -> None:
    rows = sample()
    for value in (3.0, np.nan):
        rows[:, 2] = value
        scaling = fit(rows, steps)
        other = sample(50, 5)
        calm = other.copy()
        calm[:, 2] = value
        assert np.isfinite(scaling.transform_many(other)).all()
        assert (scaling.standardise_many(other)[:, 2] == 0).all()
        assert scaling.transform_many(other) == pytest.approx(scaling.transform_many(calm))
    for value in (3.0, np.nan):
        scaling = fit(np.full((20, 4), value), steps)
        assert np.ptp(scaling.transform_many(sample()), axis=0) == pytest.approx(0)


@pytest.mark.parametrize("steps", ALL)
def test_it_is_frozen_and_survives_json(steps: str) -> None:
    scaling = fit(sample(), steps)
    again = Preprocessing.from_dict(json.loads(json.dumps(scaling.to_dict(), allow_nan=False)))
    assert again.to_dict() == scaling.to_dict()
    assert again.transform_many(sample(seed=3)).tobytes() == scaling.transform_many(sample(seed=3)).tobytes()
    assert (
        again.inverse(scaling.transform_many(sample())).tobytes()
        == scaling.inverse(scaling.transform_many(sample())).tobytes()
    )
    with pytest.raises(ValueError, match="read-only"):
        scaling.standard.mean[0] = 1.0


def test_what_was_learnt_is_told_in_the_features_own_units() -> None:
    spend = np.append(np.arange(1.0, 201.0), [np.nan, 1e6])
    rows = np.column_stack([spend, np.full(202, np.nan)])
    features = [Measured(name="spend", log=True, least=0), Measured(name="age", missing=40)]
    told = {one.step: one.columns for one in Preprocessing.fit(rows, features).describe()}
    assert list(told) == ["clean", "impute", "log1p", "winsorise", "min_max"]
    assert told["clean"] == {"spend": {"least": 0.0, "most": None}, "age": {"least": None, "most": None}}
    assert told["impute"] == {"spend": {"value": 101.0}, "age": {"value": 40.0}}
    assert told["log1p"] == {"spend": {"shortened": True}, "age": {"shortened": False}}
    for step in ("winsorise", "min_max"):
        assert told[step]["spend"] == pytest.approx({"low": 4.0, "high": 199.0}, abs=2)
        assert told[step]["age"] == {"low": 40.0, "high": 40.0}


@pytest.mark.parametrize("steps", ALL)
def test_what_was_learnt_is_plain_json_whatever_the_steps(steps: str) -> None:
    for one in fit(sample(), steps).describe():
        assert one.columns
        assert json.loads(json.dumps(one.columns, allow_nan=False)) == one.columns


def test_shapes_must_fit() -> None:
    with pytest.raises(ValueError, match="4 columns"):
        fit(sample(), features=FEATURES[:1])


@pytest.mark.parametrize("unit", [1e-10, 1e-146, 1e-300])
def test_a_spread_of_next_to_nothing_is_none(unit: float) -> None:
    """What a decaying count leaves behind; what is measured in billions keeps even a small spread."""
    rows = np.column_stack([unit * np.arange(200.0), 1.7e12 + np.arange(200.0)])
    features = [Measured(name="burst"), Measured(name="at")]
    scaling = Preprocessing.fit(rows / [200.0, 1.0], features)
    assert scaling.std[0] == 0
    assert scaling.std[1] == pytest.approx(57.7, abs=2)
    assert not scaling.standardise_many(rows)[:, 0].any()


def test_nothing_is_further_than_a_million_deviations() -> None:
    scaling = fit(sample(), "bare")
    wild = scaling.standardise_many(np.full((1, len(FEATURES)), 1e300))
    assert (np.abs(wild) <= 1e6).all()
    assert (np.abs(scaling.standardise_scaled(scaling.transform_many(np.full((1, 4), 1e300)))) <= 1e6).all()
