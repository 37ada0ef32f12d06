"""Tallies add up exactly and store canonically, whatever was counted."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.evaluate.histogram import BINS, Histogram
from stream.evaluate.lists import ListTally
from stream.evaluate.periods import Calendar, Periods
from stream.evaluate.tally import Tally
from stream.evaluate.target import TargetTally

CALENDAR = Calendar(10, 3)

probabilities = st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0])
times = st.integers(0, 99)
scores = st.tuples(
    st.sampled_from(["buys", "leaves"]), probabilities, st.booleans(), times, st.sampled_from(["", "s1", "s2"])
)
steps = st.one_of(
    st.tuples(st.just("count"), st.tuples(st.sampled_from(["duplicate", "rejected:not_json", "rejected:no_time"]))),
    st.tuples(st.just("score"), scores),
    st.tuples(st.just("list"), st.tuples(times, st.sampled_from(["trials", "lists", "clicked_items"]))),
)
histories = st.lists(steps, max_size=30)


def follow(tally: Tally, history) -> Tally:
    for what, arguments in history:
        if what == "count":
            tally.count(*arguments)
        elif what == "score":
            target, probability, happened, time, segment = arguments
            tally.score(target, probability, happened, time=time, segment=segment)
        else:
            time, name = arguments
            (tally.lists.add if name == "trials" else tally.lists.follow)(time, **{name: 1})
    return tally


def tally_of(history) -> Tally:
    return follow(Tally().under(CALENDAR), history)


@given(histories, histories)
def test_merging_is_tallying_the_whole(one, other):
    assert tally_of(one).merge(tally_of(other)).pack() == tally_of(one + other).pack()


@given(histories, histories, histories)
def test_merge_is_associative_and_commutative(a, b, c):
    a, b, c = tally_of(a), tally_of(b), tally_of(c)
    assert a.merge(b).merge(c).pack() == a.merge(b.merge(c)).pack() == c.merge(a).merge(b).pack()
    assert a.merge(tally_of([])) == a == tally_of([]).merge(a)


@given(histories, histories)
def test_merge_leaves_both_as_they_were(one, other):
    a, b = tally_of(one), tally_of(other)
    follow(a.merge(b), [("count", ("duplicate",)), ("score", ("buys", 0.3, True, 50, "s1")), ("list", (50, "lists"))])
    assert (a, b) == (tally_of(one), tally_of(other))


@given(histories, st.randoms(use_true_random=False))
def test_equal_content_is_equal_bytes_whatever_the_order(history, draw):
    shuffled = draw.sample(history, len(history))
    assert tally_of(shuffled).pack() == tally_of(history).pack()


@given(histories, histories)
def test_an_unpacked_tally_goes_on_where_it_was(before, after):
    tally = Tally.unpack(tally_of(before).pack())
    assert tally == tally_of(before)
    assert tally.pack() == tally_of(before).pack()
    assert follow(tally, after).pack() == tally_of(before + after).pack()


@given(histories)
def test_everything_is_counted_once(history):
    tally = tally_of(history)
    scored = [arguments for what, arguments in history if what == "score"]
    assert tally.counts.total() == sum(what == "count" for what, _ in history)
    assert sum(target.total.examples for target in tally.targets.values()) == len(scored)
    for name, target in tally.targets.items():
        of_it = [one for one in scored if one[0] == name]
        assert target.since_start().positives == sum(one[2] for one in of_it)
        assert {segment: histogram.examples for segment, histogram in target.segments.items()} == Counter(
            segment for *_, segment in of_it
        )
        newest = max(one[3] // 10 for one in of_it)
        assert {period: histogram.examples for period, histogram in target.periods.parts.items()} == Counter(
            one[3] // 10 for one in of_it if one[3] // 10 > newest - 3
        )


def test_rejected_is_the_total_of_all_reasons():
    names = ("rejected:not_json", "duplicate", "rejected:no_time", "unrejected:x")
    tally = tally_of(("count", (name,)) for name in names)
    assert tally.rejected == 2
    assert tally.counts["duplicate"] == 1
    assert tally.counts["never counted"] == 0


@pytest.mark.parametrize("probability", [-0.001, 1.001, float("nan"), float("inf")])
def test_what_is_no_probability_is_refused(probability):
    tally = Tally()
    with pytest.raises(ValueError, match="must be in"):
        tally.score("buys", probability, True, time=0, segment="")
    assert tally == Tally()


def test_the_fading_window_halves_what_is_a_half_life_older():
    tally = tally_of([("score", ("buys", 0.9, True, time, "")) for time in (5, 15, 25)] + [("list", (5, "lists"))])
    fading = tally.targets["buys"].fading(half_life=10)
    assert fading.examples == fading.positives == 1 + 0.5 + 0.25
    assert tally.lists.fading(half_life=10)["lists"] == 1


def test_other_settings_begin_the_periods_anew_and_keep_the_totals():
    before = tally_of([("score", ("buys", 0.9, True, 5, "s1")), ("list", (5, "lists"))])
    after = Tally.unpack(before.pack()).under(Calendar(20, 3))
    assert after.targets["buys"].total == before.targets["buys"].total
    assert not after.targets["buys"].periods.parts
    assert not after.lists.periods.parts
    assert after.lists.total.lists == 1
    assert after.targets["buys"].periods.calendar == Calendar(20, 3)


@given(histories, histories, histories)
def test_partitions_under_different_settings_merge_too(a, b, c):
    a, b, c = tally_of(a), follow(Tally().under(Calendar(7, 2)), b), tally_of(c)
    assert a.merge(b).merge(c).pack() == a.merge(b.merge(c)).pack() == c.merge(a).merge(b).pack()


def test_a_full_tally_stays_small():
    full = Histogram(
        positive=Counter(dict.fromkeys(range(BINS), 1_000_000)), negative=Counter(dict.fromkeys(range(BINS), 1_000_000))
    )
    assert len(full.pack()) <= 12_500
    week = Histogram(Counter(dict.fromkeys(range(BINS), 9)), Counter(dict.fromkeys(range(BINS), 9)))
    target = TargetTally(full, {f"s{n}": full for n in range(5)}, Periods(parts=dict.fromkeys(range(26), week)))
    assert len(Tally(targets={"buys": target}).pack()) < 200_000
    few = tally_of([("score", ("buys", 0.25, True, 0, "s1"))] * 100)
    assert len(few.pack()) < 100
    assert ListTally() == Tally().lists
