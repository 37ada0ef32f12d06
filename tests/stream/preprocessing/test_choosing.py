"""Selecting and decorrelating: what stays, why, and what the others come back as."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.feature_selection import f_classif, f_regression

from stream.preprocessing.decorrelate import FrozenDecorrelate
from stream.preprocessing.pca import FrozenPca
from stream.preprocessing.pipeline import Preprocessing
from stream.preprocessing.scores import scores
from stream.preprocessing.settings import (
    CleanStep,
    DecorrelateStep,
    ImputeStep,
    Measured,
    MinMaxStep,
    SelectStep,
    StepSettings,
)


def shop(n: int = 600, seed: int = 3) -> np.ndarray:
    """Orders, spend (follows orders), spend in pence, and a shoe size."""
    draw = np.random.default_rng(seed)
    orders = draw.gamma(2.0, 3.0, n)
    spend = orders**2 + draw.normal(0, 5, n)
    return np.column_stack([orders, spend, 100 * spend + draw.normal(0, 1, n), draw.normal(42, 2, n)])


NAMES = ("orders", "spend", "pence", "shoe")
FEATURES = [Measured(name=name) for name in NAMES]


def through(*steps: StepSettings) -> Preprocessing:
    return Preprocessing.fit(shop(), FEATURES, [CleanStep(), ImputeStep(), *steps, MinMaxStep()])


def learnt(scaling: Preprocessing, step: str) -> dict[str, dict[str, Any]]:
    (found,) = (one.columns for one in scaling.describe() if one.step == step)
    return found


def test_the_f_statistic_is_scikit_learns() -> None:
    rows = shop()
    y = rows[:, 1] + np.random.default_rng(0).normal(0, 30, len(rows))
    assert scores(rows.T, y.tolist(), "f") == pytest.approx(f_regression(rows, y)[0])
    classes = ["many" if value > 40 else "some" if value > 10 else "few" for value in y.tolist()]
    assert scores(rows.T, classes, "f") == pytest.approx(f_classif(rows, classes)[0])


def test_mutual_information_of_correlated_normals_is_near_its_closed_form() -> None:
    draw = np.random.default_rng(1)
    x, y = draw.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 4_000).T
    assert scores(x[None], y.tolist(), "mutual_information")[0] == pytest.approx(-0.5 * np.log(1 - 0.64), abs=0.05)
    assert scores(x[None], draw.permutation(y).tolist(), "mutual_information")[0] < 0.01
    assert scores(x[None], (x > 0).tolist(), "mutual_information")[0] == pytest.approx(np.log(2), abs=0.05)


@given(st.lists(st.tuples(st.floats(), st.sampled_from([0.0, 1.0, 2.5])), max_size=40), st.booleans())
def test_scores_are_finite_and_never_negative(pairs: list[tuple[float, float]], classes: bool) -> None:
    x = np.clip(np.array([value for value, _ in pairs]), -1e150, 1e150)
    y = [f"c{target}" if classes else target for _, target in pairs]
    for score in ("f", "mutual_information"):
        assert 0 <= scores(x[None], y, score)[0] < np.inf  # type: ignore[arg-type]


@pytest.mark.parametrize("score", ["f", "mutual_information"])
def test_the_features_that_tell_most_about_the_target_stay(score: str) -> None:
    scaling = through(SelectStep(target="spend", k=2, score=score))  # type: ignore[arg-type]
    assert scaling.names == ("orders", "pence")
    told = learnt(scaling, "select")
    assert [name for name, one in told.items() if one["kept"]] == ["orders", "pence"]
    assert [name for name, one in told.items() if one["target"]] == ["spend"]
    assert told["pence"]["score"] > told["orders"]["score"] > told["shoe"]["score"]
    assert {one["measure"] for one in told.values()} == {score}


def test_a_target_that_is_constant_keeps_the_first_declared() -> None:
    rows = shop()
    rows[:, 3] = 42.0
    steps = [CleanStep(), ImputeStep(), SelectStep(target="shoe", k=2), MinMaxStep()]
    assert Preprocessing.fit(rows, FEATURES, steps).names == ("orders", "spend")


def test_the_later_of_two_that_say_the_same_goes_and_is_told_by_the_other() -> None:
    scaling = through(DecorrelateStep(above=0.98))
    assert scaling.names == ("orders", "spend", "shoe")
    rows = shop()
    told = learnt(scaling, "decorrelate")
    assert [name for name, one in told.items() if one["kept"]] == ["orders", "spend", "shoe"]
    assert told["pence"]["goes_with"] == "spend"
    assert told["pence"]["correlation"] == pytest.approx(np.corrcoef(rows[:, 1], rows[:, 2])[0, 1], abs=1e-4)
    back = scaling.inverse(scaling.transform_many(rows))
    np.testing.assert_allclose(back[:, 2], rows[:, 2], atol=10)  # of some 5,000
    np.testing.assert_allclose(back[:, [0, 1, 3]], rows[:, [0, 1, 3]], rtol=1e-9)


def test_a_constant_goes_with_nothing() -> None:
    step = FrozenDecorrelate.fit(np.array([[1.0, 1.0, 1.0], [1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]), 0.9)
    assert step.kept.tolist() == [0, 1]


def test_components_are_scikit_learns_and_come_back_as_their_projection() -> None:
    rows = shop()
    standard = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    step = FrozenPca.fit(np.ascontiguousarray(rows.T), 0.9)
    theirs = PCA(len(step.loadings)).fit(standard)
    np.testing.assert_allclose(step.explained, theirs.explained_variance_ratio_)
    assert theirs.explained_variance_ratio_.sum() >= 0.9 > theirs.explained_variance_ratio_[:-1].sum()
    ours = step.apply(np.ascontiguousarray(rows.T))
    np.testing.assert_allclose(np.abs(ours.T), np.abs(theirs.transform(standard)), atol=1e-8)
    back = step.inverse(ours).T
    expected = theirs.inverse_transform(theirs.transform(standard)) * rows.std(axis=0) + rows.mean(axis=0)
    np.testing.assert_allclose(back, expected, atol=1e-6)


def test_a_wider_table_has_names_for_what_comes_out() -> None:
    scaling = through(DecorrelateStep(method="pca", variance=0.9))
    assert scaling.names == ("component_1", "component_2")
    told = learnt(scaling, "pca")
    assert list(told) == ["component_1", "component_2"]
    assert sum(one["explained"] for one in told.values()) >= 0.9
    assert told["component_1"]["loadings"].keys() == {"orders", "spend", "pence", "shoe"}
