"""Names: telling, unique, stable, and an operator's own win."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.config import Feature
from stream.preprocessing.statistics import correlations
from stream.segments.naming import Naming, name_segments

FEATURES = (
    Feature(name="recency", aggregate="recency", high="lapsed", low="recent"),
    Feature(name="frequency", aggregate="count", high="frequent", low="rare"),
    Feature(name="monetary", aggregate="sum", value="revenue", high="high spend", low="low spend"),
    Feature(name="basket_size", aggregate="mean", value="lines"),
)
NONE = np.eye(4)


def name(z: list[list[float]], correlation: np.ndarray = NONE, **options: dict) -> Naming:
    ids = [f"s{number}" for number in range(1, len(z) + 1)]
    settings = {"previous": {}, "chosen": {}, "values": np.array(z), "features": FEATURES} | options
    return name_segments(ids, np.array(z), correlation=correlation, **settings)


def test_the_two_largest_deviations_make_the_name() -> None:
    named = name([[-0.2, 1.8, 1.1, 0.3], [1.4, -0.9, -0.5, 0.0]])
    assert named.names == ("Frequent, high spend", "Lapsed, rare")
    assert named.marks == (("+frequency", "+monetary"), ("+recency", "-frequency"))


def test_small_deviations_are_not_worth_saying() -> None:
    assert name([[0.1, 1.0, 0.2, -0.1], [0.1, -0.2, 0.0, 0.1]]).names == ("Frequent", "Average")


def test_a_feature_without_words_of_its_own_says_high_or_low() -> None:
    assert name([[0.0, 0.0, 0.5, -2.0]]).names == ("Low basket size, high spend",)


def test_of_two_features_that_say_the_same_one_is_said() -> None:
    correlation = NONE.copy()
    correlation[1, 2] = correlation[2, 1] = -0.95
    assert name([[-0.5, 1.8, 1.1, 0.3]], correlation).names == ("Frequent, recent",)


def test_of_two_features_with_the_same_theme_one_is_said() -> None:
    features = [
        feature.model_copy(update={"theme": "orders"} if place else {}) for place, feature in enumerate(FEATURES)
    ]
    assert name([[-0.5, 1.8, 1.1, 0.3]], features=features).names == ("Frequent, recent",)


def test_a_word_has_to_be_true_of_the_value_itself() -> None:
    features = [FEATURES[0].model_copy(update={"high_from": 30.0, "low_to": 10.0}), *FEATURES[1:]]
    z = [[1.5, -0.9, 0.0, 0.0], [-1.5, 0.9, 0.0, 0.0]]
    for lapsed, recent, names in (
        (45.0, 5.0, ("Lapsed, rare", "Recent, frequent")),
        (12.0, 11.0, ("Rare", "Frequent")),
    ):
        values = np.array([[lapsed, 0, 0, 0], [recent, 0, 0, 0]])
        assert name(z, values=values, features=features).names == names
    kept = name(z, values=values, features=features, previous={"s1": ("Lapsed, rare", ("+recency", "-frequency"))})
    assert kept.names[0] == "Rare", "a name goes when its word is no longer true"


def test_twins_are_told_apart_by_a_third_feature_and_then_by_a_number() -> None:
    twins = [[-0.5, 1.8, 1.1, 0.0], [-0.6, 1.7, 1.2, 0.0], [-0.7, 1.6, 1.3, 0.0]]
    assert name(twins).names == (
        "Frequent, high spend",
        "Frequent, high spend, recent",
        "Frequent, high spend, recent 2",
    )


@given(z=st.lists(st.lists(st.sampled_from([-1.0, -0.3, 0.0, 0.3, 1.0]), min_size=4, max_size=4), max_size=20))
def test_names_are_unique(z: list[list[float]]) -> None:
    named = name(np.array(z).reshape(-1, 4).tolist())
    assert len(set(named.names)) == len(z)
    again = name(np.array(z).reshape(-1, 4).tolist(), previous=_as_previous(named))
    assert again.names == named.names


def _as_previous(named: Naming) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {f"s{place + 1}": pair for place, pair in enumerate(zip(named.names, named.marks, strict=True))}


def test_a_name_is_kept_while_it_is_about_as_true() -> None:
    previous = {"s1": ("Frequent, high spend", ("+frequency", "+monetary"))}
    assert name([[-1.3, 1.2, 1.1, 0.0]], previous=previous).names == ("Frequent, high spend",)


def test_a_name_changes_when_its_meaning_has() -> None:
    previous = {"s1": ("Frequent, high spend", ("+frequency", "+monetary"))}
    assert name([[1.3, -1.2, 1.1, 0.0]], previous=previous).names == ("Lapsed, rare",)
    assert name([[0.5, 0.4, 0.3, 1.0]], previous=previous).names == ("High basket size, lapsed",)


def test_a_newcomer_cannot_take_a_name_that_is_kept() -> None:
    previous = {"s2": ("Frequent, high spend", ("+frequency", "+monetary"))}
    assert name([[-0.5, 1.8, 1.1, 0.0], [-0.3, 1.8, 1.1, 0.0]], previous=previous).names == (
        "Frequent, high spend, recent",
        "Frequent, high spend",
    )


def test_an_operators_name_wins_and_is_given_back_when_it_goes() -> None:
    z = [[-0.5, 1.8, 1.1, 0.0], [-0.6, 1.7, 1.2, 0.0]]
    named = name(z, chosen={"s2": "Frequent, high spend"})
    assert named.names == ("Frequent, high spend, recent", "Frequent, high spend")
    without = name([z[0]], previous={"s1": ("Stars", ())})
    assert without.names == ("Frequent, high spend",)


def test_correlations_are_pearsons() -> None:
    rows = np.random.default_rng(0).random((500, 3)) @ np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 0.2], [0.0, 0.0, 1.0]])
    z = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    assert np.allclose(correlations(z), np.corrcoef(rows.T))
