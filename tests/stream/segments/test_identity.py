"""Durable ids: matched to the nearest, born, died, never used twice."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.segments.distance import squared_distances
from stream.segments.identity import match, reach

OLD = np.array([[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]])
IDS = ("s1", "s4", "s7")


def between(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    return np.sqrt(squared_distances(old, new))


REACH = reach(between(OLD, OLD))


@given(order=st.permutations(range(3)), seed=st.integers(0, 100))
def test_ids_follow_their_centres_in_any_order(order: list[int], seed: int) -> None:
    moved = OLD + np.random.default_rng(seed).uniform(-0.1, 0.1, OLD.shape)
    found = match(between(OLD, moved[order]), IDS, REACH, 8)
    assert found == (tuple(IDS[place] for place in order), (), (), 8)


def test_a_centre_far_from_all_is_born_and_a_new_number_is_taken() -> None:
    found = match(between(OLD, np.vstack([OLD, [0.3, 0.5]])), IDS, REACH, 8)
    assert found == (("s1", "s4", "s7", "s8"), ("s8",), (), 9)


def test_one_that_jumped_beyond_the_limit_died_and_another_was_born() -> None:
    found = match(between(OLD, np.array([[0.1, 0.1], [0.9, 0.1], [5.0, 5.0]])), IDS, 0.5, 8)
    assert found == (("s1", "s4", "s8"), ("s8",), ("s7",), 9)


def test_a_forbidden_pair_costs_no_allowed_one() -> None:
    far = between(np.array([[0.0], [1.0]]), np.array([[1.0], [1.9]]))
    assert match(far, ("s1", "s2"), 1.0, 3).ids == ("s1", "s2")
    assert match(far, ("s1", "s2"), np.array([0.5, 0.5]), 3) == (("s2", "s3"), ("s3",), ("s1",), 4)


def test_the_first_are_all_born() -> None:
    assert match(np.empty((0, 3)), (), 0.0, 1) == (("s1", "s2", "s3"), ("s1", "s2", "s3"), (), 4)
