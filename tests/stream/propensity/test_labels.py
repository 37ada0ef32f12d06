"""Open examples cover their horizon and are stored exactly."""

from __future__ import annotations

import dataclasses
import math
import struct

import pytest
from hypothesis import example as case
from hypothesis import given
from hypothesis import strategies as st

from stream.propensity.labels import OpenExample

times = st.integers(-(2**63), 2**63 - 1)
features = st.lists(st.floats(), max_size=20).map(tuple)
ids = st.text(max_size=20)
examples = st.builds(OpenExample, times, times, features, st.none() | st.floats(), ids, st.floats(), st.booleans())


def bits(values) -> bytes:
    """Floats by their bits: NaN equals itself, and -0.0 is not 0.0."""
    return struct.pack(f"{len(values)}d", *values)


@given(examples)
@case(OpenExample(0, 0, (math.nan, -0.0, math.inf), -0.0))
@case(OpenExample(0, 0, (), math.nan))
def test_unpacking_gives_the_same_example_to_the_bit(example):
    again = OpenExample.unpack(example.pack())
    assert (again.opened_at, again.due) == (example.opened_at, example.due)
    assert bits(again.features) == bits(example.features)
    assert (again.score is None) == (example.score is None)
    if example.score is not None:
        assert bits([again.score]) == bits([example.score])
    assert (again.segment, bits([again.amount]), again.closed) == (
        example.segment,
        bits([example.amount]),
        example.closed,
    )
    assert again.pack() == example.pack()


def test_a_score_of_zero_is_not_a_missing_one():
    scored, unscored = (OpenExample(1, 2, (math.nan,), score) for score in (0.0, None))
    assert OpenExample.unpack(scored.pack()).score == 0.0
    assert OpenExample.unpack(unscored.pack()).score is None


@given(features, st.none() | st.floats(0, 1), st.floats())
def test_memory_is_bounded_by_the_number_of_features(values, score, amount):
    assert len(OpenExample(1, 2, values, score, "s12", amount).pack()) == 35 + 3 + 8 * len(values)


@pytest.mark.parametrize(
    ("time", "covered"), [(999, False), (1_000, False), (1_001, True), (5_000, True), (5_001, False)]
)
def test_covers_from_after_the_moment_until_the_horizon(time, covered):
    assert OpenExample(1_000, 5_000, (), None).covers(time) is covered


@pytest.mark.parametrize("cut", [0, 10, 24, 30])
def test_cut_bytes_are_refused(cut):
    with pytest.raises(struct.error):
        OpenExample.unpack(OpenExample(1, 2, (3.0,), 0.5).pack()[:cut])


def test_an_example_cannot_be_changed():
    example = OpenExample(1, 2, (3.0,), 0.5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        example.due = 3
