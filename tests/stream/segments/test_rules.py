"""Rules that imitate the segments: readable, true of the sample, and honest about how well they imitate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from stream.config import EngineConfig, Feature, SegmentsConfig
from stream.segments.learner import learn
from stream.segments.model import SegmentsModel
from stream.segments.rules import Condition, Rule, make_rules, rule_text

Array = NDArray[np.float64]
FEATURES = (
    Feature(name="orders", aggregate="count", unit="orders", description="Orders so far"),
    Feature(name="recency", aggregate="recency", unit="days", description="Days since the last order"),
    Feature(name="spend", aggregate="sum", value="revenue", unit="EUR", description="Money spent"),
)


def learnt(rows: Array, k: int, features: tuple[Feature, ...] = FEATURES) -> SegmentsModel:
    model = learn(rows, EngineConfig(features=features, segments=SegmentsConfig(k=k)), None)
    assert model is not None
    return model


def covered(rule: Rule, rows: Array, names: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which rows a rule is about, by the words of `Condition` alone."""
    out = np.ones(len(rows), dtype=np.bool_)
    for one in rule.conditions:
        column = rows[:, names.index(one.feature)]
        known = ~np.isnan(column)
        passes = known & (column > (-np.inf if one.low is None else one.low))
        passes &= column <= (np.inf if one.high is None else one.high)
        if one.low is None and one.high is None:
            passes = np.zeros_like(known) if one.unknown else known
        out &= passes | (~known if one.unknown else False)
    return out


def squares(n: int, seed: int = 1) -> Array:
    """Four groups that two questions tell apart; nobody in the second group has a recency."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 4, n)
    orders = np.where(group % 2, 9.0, 2.0) + rng.random(n)
    spend = np.where(group // 2, 900.0, 100.0) + 50 * rng.random(n)
    recency = np.where(group == 1, np.nan, 20.0 + rng.random(n))
    return np.column_stack([orders, recency, spend])


def test_two_questions_are_found_and_said_with_their_units() -> None:
    rows = squares(1_000)
    model = learnt(rows, k=4)
    rules = make_rules(rows, model)
    assert rules.fidelity == 1.0
    assert rules.trusted
    assert rules.unnamed == ()
    assert rules.baseline < 0.3
    assert {rule.segment for rule in rules.rules} == set(model.ids)
    told = [rule_text(rule, FEATURES, model.name(rule.segment)) for rule in rules.rules]
    assert all("(100 % of them, " in text for text in told)
    assert any("orders so far > " in text or "orders so far ≤ " in text for text in told)
    assert any(" EUR" in text for text in told)


def test_what_a_rule_says_of_the_sample_is_so(customers: Callable[..., Array], config: Callable[..., EngineConfig]):
    rows = customers(1_500)
    model = learn(rows, config(k=4), None)
    assert model is not None
    rules = make_rules(rows, model)
    best = model.predict_many(rows)[0]
    masks = [covered(rule, rows, model.features) for rule in rules.rules]
    np.testing.assert_array_equal(np.sum(masks, axis=0), np.ones(len(rows)))  # each customer in one rule
    for rule, mask in zip(rules.rules, masks, strict=True):
        mine = best == model.ids.index(rule.segment)
        assert rule.customers == mask.sum()
        assert rule.precision == pytest.approx(mine[mask].mean(), abs=1e-6)
        assert rule.recall == pytest.approx((mine & mask).sum() / mine.sum(), abs=1e-6)
    assert len({rule.conditions for rule in rules.rules}) == len(rules.rules)


def test_who_has_nothing_to_measure_is_named() -> None:
    """A segment that only lacks a value: no number tells it apart."""
    rng = np.random.default_rng(3)
    recency = np.where(np.arange(600) % 3 == 0, np.nan, 10.0 + rng.random(600))
    rows = np.column_stack([np.full(600, 3.0), recency, np.full(600, 5.0)])
    features = (FEATURES[0], FEATURES[1].model_copy(update={"missing": 400.0}), FEATURES[2])
    model = learnt(rows, k=2, features=features)
    rules = make_rules(rows, model)
    assert rules.fidelity == 1.0
    told = {rule_text(rule, features, rule.segment).partition(" →")[0] for rule in rules.rules}
    assert told == {"days since the last order known", "days since the last order unknown"}


def test_fidelity_is_low_where_no_small_tree_can_follow() -> None:
    """Many round clusters in many dimensions: eight leaves cannot name thirty segments."""
    rng = np.random.default_rng(5)
    features = tuple(Feature(name=f"f{place}", aggregate="count") for place in range(6))
    rows = rng.random((30, 6))[rng.integers(0, 30, 3_000)] + rng.normal(0, 0.05, (3_000, 6))
    model = learnt(rows, k=30, features=features)
    rules = make_rules(rows, model)
    assert rules.fidelity < 0.5
    assert not rules.trusted
    assert len(rules.unnamed) >= 22
    assert set(rules.unnamed).isdisjoint(rule.segment for rule in rules.rules)


def test_noise_is_not_learnt_by_heart() -> None:
    """Measured on rows not seen: the tree that fits best to noise gets no better mark than it deserves."""
    rng = np.random.default_rng(6)
    features = tuple(Feature(name=f"f{place}", aggregate="count") for place in range(20))
    rows = rng.normal(size=(300, 20))
    model = learnt(rows, k=5, features=features)
    rules = make_rules(rows, model)
    seen = sum(rule.customers * rule.precision for rule in rules.rules) / len(rows)
    assert rules.fidelity < seen - 0.05


def test_the_same_rows_give_the_same_rules(customers: Callable[..., Array], config: Callable[..., EngineConfig]):
    rows = customers(800)
    model = learn(rows, config(k=4), None)
    assert model is not None
    assert make_rules(rows, model) == make_rules(rows, model)
    with pytest.raises(ValueError, match="too few"):
        make_rules(rows[:9], model)


def test_a_range_and_the_unknown_are_said() -> None:
    rule = Rule((Condition("recency", 3.0, 31.25, True), Condition("spend", None, 1234.5, False)), "s1", 7, 0.5, 0.1)
    assert rule_text(rule, FEATURES, "Recent") == (
        "(3 < days since the last order ≤ 31.25, or unknown) and money spent ≤ 1,234 EUR → Recent "
        "(50 % of them, 7 customers)"
    )
