"""Scaling: no value moves the others, no row depends on its neighbours."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stream.preprocessing.scaling import Scaling

LOG, MISSING = (True, False, False), (None, 0.0, None)


def sample(n: int = 300, seed: int = 0) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    rows = np.column_stack([rng.lognormal(3, 1, n), rng.random(n), rng.normal(0, 5, n)])
    rows[rng.random(rows.shape) < 0.05] = np.nan
    return rows


def fit(rows: NDArray[np.float64], **options: object) -> Scaling:
    return Scaling.fit(rows, LOG, MISSING, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("n", "most"), [(20, 0.3), (300, 0.05), (3_000, 0.02)])
@pytest.mark.parametrize("value", [1e6, -1e6, 1e300, -1e300, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", [0, 1, 2])
def test_one_wild_value_moves_nobody_else_much(n: int, most: float, value: float, column: int) -> None:
    rows = sample(n)
    wild = rows.copy()
    wild[7, column] = value
    moved = np.abs(fit(wild).transform_many(rows) - fit(rows).transform_many(rows))
    assert moved.max() < most  # the bounds step by one row of the tail
    assert np.isfinite(fit(wild).standardise_many(wild)).all()


@given(rows=st.lists(st.lists(st.floats(width=64), min_size=3, max_size=3), min_size=1, max_size=30))
def test_every_row_is_scaled_into_the_unit_cube_whatever_it_holds(rows: list[list[float]]) -> None:
    X = np.array(rows)
    for scaling in (fit(X), fit(sample())):
        scaled = scaling.transform_many(X)
        assert scaled.flags.c_contiguous
        assert ((scaled >= 0) & (scaled <= 1)).all()
        assert np.isfinite(scaling.standardise_many(X)).all()
        assert np.isfinite(scaling.inverse(scaled)).all()


@settings(max_examples=20)
@given(n=st.integers(1, 3_000), at=st.integers(0, 3_000))
def test_a_row_depends_on_itself_alone_to_the_last_bit(n: int, at: int) -> None:
    rows, at = sample(n), at % n
    scaling = fit(sample())
    for scale in (scaling.transform_many, scaling.standardise_many):
        assert scale(rows)[at].tobytes() == scale(rows[at : at + 1])[0].tobytes()
        assert scale(np.asfortranarray(rows))[at].tobytes() == scale(rows)[at].tobytes()


def test_the_order_of_the_sample_does_not_matter() -> None:
    rows = sample()
    shuffled = rows[np.random.default_rng(1).permutation(len(rows))]
    assert fit(rows).to_dict() == fit(shuffled).to_dict()


def test_a_weight_counts_as_that_many_rows() -> None:
    rows, weights = sample(), np.random.default_rng(2).integers(1, 4, 300)
    weighted = fit(rows, weights=weights.astype(np.float64)).to_dict()
    repeated = fit(np.repeat(rows, weights, axis=0)).to_dict()
    for name in ("low", "high", "mean", "std", "fill"):
        assert weighted[name] == pytest.approx(repeated[name], rel=1e-9), name


def test_values_are_held_within_the_first_and_last_hundredth() -> None:
    rows = np.arange(1_000.0)[:, None]
    scaling = Scaling.fit(rows, (False,), (None,))
    assert (scaling.low[0], scaling.high[0]) == (10.0, 989.0)
    assert scaling.transform_many(np.array([[-5.0], [2_000.0]])).ravel().tolist() == [0.0, 1.0]


def test_missing_values_are_the_declared_one_or_the_median() -> None:
    rows = np.array([[np.nan, 4.0, 1.0], [8.0, np.nan, np.nan], [2.0, 6.0, np.nan], [4.0, 5.0, np.inf]])
    assert fit(rows).fill.tolist() == [4.0, 0.0, 1.0]
    assert fit(np.full((5, 3), np.nan)).fill.tolist() == [0.0, 0.0, 0.0]


def test_inverse_leads_back_to_units() -> None:
    rows = np.nan_to_num(sample())
    scaling = fit(rows)
    inner = ((scaling.transform_many(rows) > 0) & (scaling.transform_many(rows) < 1)).all(axis=1)
    assert inner.sum() > 200
    assert scaling.inverse(scaling.transform_many(rows))[inner] == pytest.approx(rows[inner], rel=1e-9)
    assert scaling.standardise_scaled(scaling.transform_many(rows)) == pytest.approx(
        scaling.standardise_many(rows), abs=1e-9
    )


def test_standardised_columns_have_mean_0_and_deviation_1() -> None:
    rows = sample()
    z = fit(rows).standardise_many(rows)
    assert z.mean(axis=0) == pytest.approx(0, abs=1e-9)
    assert z.std(axis=0) == pytest.approx(1)


def test_a_feature_without_spread_is_in_the_middle() -> None:
    scaling = Scaling.fit(np.full((50, 1), 3.0), (True,), (None,))
    assert scaling.transform_many(np.array([[3.0], [9.0]])).ravel().tolist() == [0.5, 0.5]
    assert scaling.standardise_many(np.array([[9.0]])).tolist() == [[0.0]]
    assert scaling.inverse(np.array([[0.5]])) == pytest.approx(3.0)


def test_it_is_frozen_and_survives_json() -> None:
    scaling = fit(sample())
    again = Scaling.from_dict(json.loads(json.dumps(scaling.to_dict())))
    assert again.to_dict() == scaling.to_dict()
    assert again.transform_many(sample(seed=3)).tobytes() == scaling.transform_many(sample(seed=3)).tobytes()
    with pytest.raises(ValueError, match="read-only"):
        scaling.low[0] = 1.0


def test_shapes_must_fit() -> None:
    with pytest.raises(ValueError, match="3 columns"):
        Scaling.fit(sample(), (True,), (None, None, None))
