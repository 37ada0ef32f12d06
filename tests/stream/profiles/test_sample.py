"""The sample of customers: the same whatever came and went before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream.profiles.sample import EVERY, CustomerSample, priority

NAMES = [f"c{number}" for number in range(400)]


def members(sample: CustomerSample) -> list[str]:
    return [customer for _, customer in sample]


def test_without_departures_it_is_the_smallest_hashes() -> None:
    sample = CustomerSample(32)
    for name in NAMES:
        sample.add(name)
    assert members(sample) == sorted(NAMES, key=priority)[:32]
    assert sample.threshold == priority(sorted(NAMES, key=priority)[32])


@given(gone=st.sets(st.sampled_from(NAMES[:200])), order=st.permutations(range(20)))
def test_it_holds_all_customers_below_its_threshold(gone: set[str], order: list[int]) -> None:
    """Uniform, then, whoever left: also of those who came afterwards."""
    sample = CustomerSample(32)
    for name in NAMES[:200]:
        sample.add(name)
    for name in sorted(gone):
        sample.remove(name)
    for turn in order:
        for name in NAMES[200 + turn * 10 : 210 + turn * 10]:
            sample.add(name)
    known = [name for name in NAMES if name not in gone]
    assert members(sample) == sorted((name for name in known if priority(name) < sample.threshold), key=priority)
    assert len(sample) <= 32


def test_it_is_drawn_anew_when_half_have_left() -> None:
    sample = CustomerSample(32)
    for name in NAMES:
        sample.add(name)
    for name in sorted(NAMES, key=priority)[:16]:
        sample.remove(name)
    assert not sample.thin
    sample.remove(sorted(NAMES, key=priority)[16])
    assert sample.thin
    left = sorted(NAMES, key=priority)[17:]
    sample.redraw(left)
    assert members(sample) == left[:32]
    assert not sample.thin


def test_all_of_a_few_customers() -> None:
    sample = CustomerSample(32)
    sample.redraw(NAMES[:20])
    assert sorted(members(sample)) == sorted(NAMES[:20])
    assert sample.threshold == EVERY
    assert not sample.thin


def test_one_that_was_stored_goes_on_the_same() -> None:
    whole = CustomerSample(32)
    for name in NAMES[:300]:
        whole.add(name)
    again = CustomerSample(32, members(whole)[::-1], whole.threshold)
    for sample in (whole, again):
        for name in NAMES[300:]:
            sample.add(name)
    assert list(again) == list(whole)
    assert again.threshold == whole.threshold
