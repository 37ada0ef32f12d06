"""Traits that are texts: one feature of 0 and 1 for each declared category."""

from __future__ import annotations

import numpy as np
import pytest

from stream.config import EngineConfig, Feature, parse_config
from stream.entries import Event
from stream.errors import ConfigError
from stream.features.layout import Layout

TIER = Feature(name="tier", aggregate="trait", value="tier", categories=("gold", "Silver Plus", "3"))
CONFIG = EngineConfig(features=(TIER, Feature(name="age", aggregate="trait", value="age")))


def read(*traits: dict[str, object]) -> list[float]:
    layout = Layout(CONFIG)
    slots = layout.blank()
    for number, given in enumerate(traits, 1):
        event = Event(number, number, "ann", True, f"m{number}", "identify", {}, given)
        layout.write(slots, layout.blank_sketches(), event, ())
    rows = np.frombuffer(slots.tobytes()).reshape(1, -1)
    return layout.read(rows, np.array([100.0]))[0].tolist()


def test_each_category_is_a_feature_with_words_of_its_own() -> None:
    assert Layout(CONFIG).names == ("tier_gold", "tier_silver_plus", "tier_3", "age")
    gold, plus = CONFIG.features[:2]
    assert (gold.high, plus.low, gold.missing, CONFIG.features[3].missing) == ("gold", "not Silver Plus", 0.0, None)
    assert EngineConfig.model_validate(CONFIG.model_dump()) == CONFIG


def test_the_latest_trait_counts() -> None:
    assert read({"tier": "gold"}) == pytest.approx([1, 0, 0, np.nan], nan_ok=True)
    assert read({"tier": "gold", "age": 30}, {"tier": "Silver Plus"}, {"age": 31}) == [0, 1, 0, 31]
    assert read({"tier": 3}, {"tier": None}, {"tier": ["gold"]})[:3] == [0, 0, 1]
    assert read({"tier": "gold"}, {"tier": "tin"})[:3] == [0, 0, 0]


def test_nothing_is_known_before_a_trait_is_given() -> None:
    assert np.isnan(read({"other": "gold"})).all()


@pytest.mark.parametrize(
    ("feature", "says"),
    [
        ({"aggregate": "count", "categories": ["a"]}, "only a trait has categories"),
        ({"aggregate": "trait", "value": "x", "categories": ["a"], "log": True}, "take no log"),
        ({"aggregate": "trait", "value": "x", "categories": ["a b", "A-B"]}, "'f_a_b' is declared twice"),
    ],
)
def test_what_cannot_be_is_refused(feature: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse_config({"features": [{"name": "f", **feature}]})
