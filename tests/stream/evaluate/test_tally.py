"""Tallies add up exactly, store canonically, and measure what scikit-learn measures."""

from __future__ import annotations

import random
from collections import Counter
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from stream.evaluate.tally import BINS, Tally

probabilities = st.one_of(
    st.floats(0, 1), st.integers(0, 1000).map(lambda n: n / 1000), st.sampled_from([0.0, 0.5, 1.0])
)
scored = st.lists(st.tuples(probabilities, st.booleans()), max_size=40)
steps = st.one_of(
    st.tuples(st.just("count"), st.tuples(st.sampled_from(["duplicate", "rejected:not_json", "rejected:no_time"]))),
    st.tuples(st.just("score"), st.tuples(probabilities, st.booleans())),
    st.tuples(st.just("recommended"), st.tuples(st.booleans(), st.booleans())),
)
histories = st.lists(steps, max_size=40)


def tally_of(history) -> Tally:
    tally = Tally()
    for method, arguments in history:
        getattr(tally, method)(*arguments)
    return tally


def tally_scores(examples) -> Tally:
    return tally_of(("score", example) for example in examples)


def pairs_in_one_bin(examples) -> float:
    """Share of (positive, negative) pairs that binning cannot tell apart, counted pair by pair."""
    bins = [(min(int(p * BINS), BINS - 1), happened) for p, happened in examples]
    positive = [b for b, happened in bins if happened]
    negative = [b for b, happened in bins if not happened]
    return sum(p == n for p in positive for n in negative) / (len(positive) * len(negative))


@given(histories, histories)
def test_merging_is_tallying_the_whole(one, other):
    assert tally_of(one).merge(tally_of(other)).pack() == tally_of(one + other).pack()


@given(histories, histories, histories)
def test_merge_is_associative_and_commutative(a, b, c):
    a, b, c = tally_of(a), tally_of(b), tally_of(c)
    assert a.merge(b).merge(c).pack() == a.merge(b.merge(c)).pack() == c.merge(a).merge(b).pack()
    assert a.merge(Tally()) == a == Tally().merge(a)


@given(histories, histories)
def test_merge_leaves_both_as_they_were(one, other):
    a, b = tally_of(one), tally_of(other)
    merged = a.merge(b)
    merged.count("duplicate")
    merged.score(0.3, True)
    merged.recommended(True, True)
    assert (a, b) == (tally_of(one), tally_of(other))


@given(histories, st.randoms(use_true_random=False))
def test_equal_content_is_equal_bytes_whatever_the_order(history, draw):
    shuffled = draw.sample(history, len(history))
    assert tally_of(shuffled).pack() == tally_of(history).pack()


@given(histories)
def test_unpacking_gives_the_same_tally_and_the_same_bytes(history):
    tally = tally_of(history)
    again = Tally.unpack(tally.pack())
    assert again == tally
    assert again.pack() == tally.pack()


@given(histories, histories)
def test_an_unpacked_tally_goes_on_where_it_was(before, after):
    tally = Tally.unpack(tally_of(before).pack())
    for method, arguments in after:
        getattr(tally, method)(*arguments)
    assert tally.pack() == tally_of(before + after).pack()


@given(histories)
def test_everything_is_counted_once(history):
    tally = tally_of(history)
    methods = Counter(method for method, _ in history)
    assert tally.counts.total() == methods["count"]
    assert tally.examples == methods["score"]
    assert tally.trials == methods["recommended"]
    assert tally.positives == sum(arguments[1] for method, arguments in history if method == "score")


def test_rejected_is_the_total_of_all_reasons():
    tally = tally_of(
        ("count", (name,)) for name in ("rejected:not_json", "duplicate", "rejected:no_time", "unrejected:x")
    )
    assert tally.rejected == 2
    assert tally.counts["duplicate"] == 1
    assert tally.counts["never counted"] == 0


@given(scored)
def test_auc_is_within_the_stated_bound_of_scikit_learn(examples):
    tally = tally_scores(examples)
    if tally.positives in (0, tally.examples):
        assert tally.auc() is None
        return
    scores, labels = zip(*examples, strict=True)
    assert abs(tally.auc() - roc_auc_score(labels, scores)) <= pairs_in_one_bin(examples) / 2 + 1e-12
    assert tally.auc() == pytest.approx(
        roc_auc_score(labels, [min(int(p * BINS), BINS - 1) for p in scores]), abs=1e-12
    )


def test_measures_of_realistic_scores():
    draw = random.Random(7)
    examples = [(p, draw.random() < p) for p in (draw.betavariate(2, 5) for _ in range(5_000))]
    scores, labels = zip(*examples, strict=True)
    parts = [tally_scores(examples[start::4]) for start in range(4)]
    tally = reduce(Tally.merge, parts)
    assert tally.auc() == pytest.approx(roc_auc_score(labels, scores), abs=0.001)
    assert tally.brier() == pytest.approx(brier_score_loss(labels, scores), abs=0.001)
    assert tally.log_loss() == pytest.approx(log_loss(labels, scores), abs=0.001)


@given(scored.filter(bool))
def test_brier_and_log_loss_are_those_of_the_bins_middles(examples):
    scores, labels = zip(*examples, strict=True)
    tally = tally_scores(examples)
    middles = [(min(int(p * BINS), BINS - 1) + 0.5) / BINS for p in scores]
    assert tally.brier() == pytest.approx(sum((m - y) ** 2 for m, y in zip(middles, labels, strict=True)) / len(labels))
    assert abs(tally.brier() - sum((p - y) ** 2 for p, y in examples) / len(labels)) < 0.001
    assert tally.log_loss() == pytest.approx(log_loss(labels, middles, labels=[False, True]))


def test_a_perfect_a_reversed_and_a_blind_score():
    assert tally_scores([(1.0, True), (0.0, False)]).auc() == 1.0
    assert tally_scores([(0.0, True), (1.0, False)]).auc() == 0.0
    assert tally_scores([(0.5, True), (0.5, False), (0.5, False)]).auc() == 0.5


def test_hit_rates():
    tally = tally_of(("recommended", hits) for hits in ((True, False), (True, True), (True, False), (False, False)))
    assert (tally.hit_rate(), tally.popularity_hit_rate()) == (0.75, 0.25)


def test_there_is_nothing_to_measure_at_first():
    tally = Tally()
    assert (tally.auc(), tally.brier(), tally.log_loss(), tally.calibration_error()) == (None, None, None, None)
    assert (tally.hit_rate(), tally.popularity_hit_rate()) == (None, None)
    assert (tally.examples, tally.positives, tally.trials, tally.rejected) == (0, 0, 0, 0)


@pytest.mark.parametrize("probability", [-0.001, 1.001, float("nan"), float("inf")])
def test_what_is_no_probability_is_refused(probability):
    tally = Tally()
    with pytest.raises(ValueError, match="must be in"):
        tally.score(probability, True)
    assert tally == Tally()


def test_a_full_histogram_stays_small():
    tally = Tally(
        positive_bins=Counter(dict.fromkeys(range(BINS), 1_000_000)),
        negative_bins=Counter(dict.fromkeys(range(BINS), 1_000_000)),
    )
    assert len(tally.pack()) <= 12_500
    assert len(tally_scores([(0.25, True)] * 100).pack()) < 20


def test_calibration_error_is_how_far_scores_are_from_outcomes():
    tally = Tally()
    for probability, outcomes in ((0.2505, (1, 0, 0, 0)), (0.8505, (1, 0, 0, 0))):
        for happened in outcomes:
            tally.score(probability, bool(happened))
    # the first bin is nearly right; in the other, .8505 was said where .25 came true
    assert tally.calibration_error() == pytest.approx((0.0005 + 0.6005) / 2)
