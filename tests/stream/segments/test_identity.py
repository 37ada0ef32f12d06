"""Durable ids: as many customers as can be stay where they were; born, died, never used twice."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.segments.identity import Identity, reach
from stream.segments.identity import match as matched


def match(shared: np.ndarray, ids: Sequence[str], next_id: int, kept: dict[int, int] | None = None) -> Identity:
    return matched(shared, np.ones(shared.shape, dtype=np.bool_), ids, next_id, kept)


IDS = ("s1", "s4", "s7")
SHARED = np.array([[90, 5, 5], [10, 60, 0], [0, 20, 300]])


@given(order=st.permutations(range(3)))
def test_ids_follow_their_customers_in_any_order(order: list[int]) -> None:
    assert match(SHARED[:, order], IDS, 8) == (tuple(IDS[place] for place in order), (), (), 8)


@given(st.lists(st.lists(st.integers(0, 50), min_size=4, max_size=4), min_size=4, max_size=4))
def test_no_other_ids_would_leave_more_customers_where_they_were(counts: list[list[int]]) -> None:
    """Against all permutations, where every pair is allowed."""
    shared = np.array(counts) + 1_000
    ids = ("s1", "s2", "s3", "s4")
    found = match(shared, ids, 5).ids
    stay = sum(shared[ids.index(known), place] for place, known in enumerate(found))
    best = max(sum(shared[old, new] for old, new in enumerate(order)) for order in permutations(range(4)))
    assert stay == best


def test_of_a_split_the_larger_part_keeps_the_id() -> None:
    assert match(np.array([[40, 60]]), ["s1"], 2) == (("s2", "s1"), ("s2",), (), 3)


def test_of_a_merge_the_larger_part_keeps_the_id() -> None:
    assert match(np.array([[40], [60]]), ["s1", "s2"], 3) == (("s2",), (), ("s1",), 3)


def test_who_shares_next_to_nothing_is_somebody_else() -> None:
    assert match(np.array([[9, 91], [0, 500]]), ["s1", "s2"], 3) == (("s3", "s2"), ("s3",), ("s1",), 4)


def test_what_is_certain_needs_no_customers() -> None:
    assert match(np.array([[0, 0], [100, 0]]), ["s1", "s2"], 3, {0: 1}) == (("s2", "s1"), (), (), 3)


def test_the_first_are_all_born() -> None:
    assert match(np.zeros((0, 3), dtype=np.int64), (), 1) == (("s1", "s2", "s3"), ("s1", "s2", "s3"), (), 4)


def test_who_has_come_to_be_something_else_is_somebody_else() -> None:
    near = np.array([[True, True], [True, False]])
    assert matched(np.array([[100, 0], [0, 100]]), near, ["s1", "s2"], 3) == (("s1", "s3"), ("s3",), ("s2",), 4)


def test_a_segment_may_go_as_far_as_to_where_its_nearest_neighbour_was() -> None:
    far = np.array([[0.0, 2.0, 5.0], [2.0, 0.0, 3.0], [5.0, 3.0, 0.0]])
    assert reach(far).tolist() == [2.0, 2.0, 3.0]
    assert reach(np.zeros((1, 1))).tolist() == [np.inf]
