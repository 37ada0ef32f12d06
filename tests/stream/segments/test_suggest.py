"""What is suggested is what is there, and too little to go by is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from stream.config import EngineConfig
from stream.errors import DataError
from stream.segments.suggest import FAMILIES, LEAST, Candidate, choose, steps, suggest

Array = NDArray[np.float64]
Make = Callable[..., Array]
Config = Callable[..., EngineConfig]

PLAIN = Candidate("kmeans", 4, 0.5, 100.0, 1.0, 0.9, 0.1, 0.0)


def test_as_many_groups_as_there_are_are_suggested_by_the_simplest(blobs: Make, config: Config) -> None:
    rows = np.column_stack([blobs(600, 0.04, d=4, k=4, seed=5), np.zeros(600)])
    done: list[int] = []
    found = suggest(rows, config(), range(2, 7), done.append)
    assert (found.best.algorithm, found.best.k) == ("kmeans", 4)
    assert found.best.stability > 0.98
    assert found.why.startswith("K-means with 4 segments: silhouette 0.")
    assert "hierarchical" in found.why
    assert [one.k for one in found.candidates if one.algorithm == "kmeans"] == [2, 3, 4, 5, 6]
    assert {one.algorithm for one in found.candidates} == set(FAMILIES)
    assert done == sorted(done)
    assert done[-1] == steps(range(2, 7))
    assert found == suggest(rows, config(), range(2, 7))


def test_density_finds_its_own_number_and_is_measured_like_the_others(config: Config) -> None:
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, np.pi, 600)
    upper = rng.random(600) < 0.5
    moons = np.where(upper[:, None], [0.0, 0.0], [1.0, 0.4]) + np.column_stack(
        [np.cos(angle), np.where(upper, 1, -1) * np.sin(angle)]
    )
    rows = np.column_stack([moons + rng.normal(0, 0.03, (600, 2)), np.zeros((600, 3))])
    density = [one for one in suggest(rows, config(), [2, 3]).candidates if one.algorithm == "density"]
    assert [one.k for one in density] == [2]
    assert density[0].stability > 0.7
    assert -1 < density[0].silhouette < 1
    assert not density[0].against


def test_what_has_no_groups_is_said_to_have_none(config: Config) -> None:
    rows = np.column_stack([np.random.default_rng(1).random((400, 4)), np.zeros(400)])
    found = suggest(rows, config(min_share=0.4), [7, 8, 9])
    assert found.best.against
    assert "nothing fits well" in found.why.lower()
    assert "only noise" in found.failures["density"]


@pytest.mark.parametrize(
    ("others", "best"),
    [
        ([replace(PLAIN, silhouette=0.6, algorithm="density")], "density"),  # clearly better
        ([replace(PLAIN, silhouette=0.51, algorithm="density")], "kmeans"),  # about as good: the simpler
        ([replace(PLAIN, silhouette=0.9, algorithm="hierarchical", stability=0.5)], "kmeans"),
        ([replace(PLAIN, silhouette=0.9, algorithm="hierarchical", smallest=0.01)], "kmeans"),
        ([replace(PLAIN, silhouette=0.9, algorithm="density", outliers=0.3)], "kmeans"),
    ],
)
def test_the_rule(others: list[Candidate], best: str) -> None:
    assert choose([PLAIN, *others]).algorithm == best == choose([*others, PLAIN]).algorithm


def test_of_equally_good_numbers_the_one_with_the_least_davies_bouldin_is_taken_then_the_smaller() -> None:
    five, six = replace(PLAIN, k=5, davies_bouldin=0.9), replace(PLAIN, k=6, davies_bouldin=0.9)
    assert choose([PLAIN, six, five]) is five


def test_too_few_customers_are_a_clear_error(customers: Make, config: Config) -> None:
    with pytest.raises(DataError, match=f"the sample holds {LEAST - 1} customers, and {LEAST} are needed"):
        suggest(customers(LEAST - 1), config())


@pytest.mark.parametrize("value", [np.nan, 3.0])
def test_customers_who_are_all_the_same_are_a_clear_error(value: float, config: Config) -> None:
    with pytest.raises(DataError, match="that leaves 1 of 100, too few"):
        suggest(np.full((LEAST, 5), value), config())
