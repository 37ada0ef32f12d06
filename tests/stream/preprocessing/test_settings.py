"""Steps in settings: an order that works, and errors that say what does not."""

from __future__ import annotations

from typing import Any

import pytest

from stream.config import EngineConfig, Feature, preset
from stream.errors import ConfigError
from stream.preprocessing.settings import DEFAULT

CLEAN, IMPUTE, LOG, BULK, UNIT = ({"step": name} for name in ("clean", "impute", "log1p", "winsorise", "min_max"))


def steps(*declared: dict[str, Any]) -> EngineConfig:
    return preset("shop", segments={"steps": list(declared)})


def test_the_default_is_clean_impute_log1p_winsorise_min_max() -> None:
    assert preset("shop").segments.steps == DEFAULT
    assert steps(CLEAN, IMPUTE, LOG, BULK, UNIT) == preset("shop")


def test_a_longer_list_is_taken_as_it_stands() -> None:
    select = {"step": "select", "target": "monetary", "k": 5}
    config = steps(CLEAN, IMPUTE, BULK, LOG, select, {"step": "decorrelate"}, {"step": "standardise"})
    assert [step.step for step in config.segments.steps][3:6] == ["log1p", "select", "decorrelate"]
    assert EngineConfig.model_validate(config.model_dump()) == config


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ([CLEAN, IMPUTE, {"step": "whiten"}, UNIT], "segments.steps.2.*whiten.*expected tags.*'winsorise'"),
        ([CLEAN, IMPUTE, {"low": 0.1}, UNIT], "segments.steps.2"),
        ([CLEAN, IMPUTE, {**BULK, "low": 0.7}, UNIT], "winsorise.low.*less than 0.5"),
        ([CLEAN, IMPUTE, {**BULK, "high": float("nan")}, UNIT], "winsorise.high"),
        ([CLEAN, IMPUTE, {**BULK, "hi": 1}, UNIT], "unknown key 'segments.steps.2.winsorise.hi': did you mean 'high'"),
        ([CLEAN, {**IMPUTE, "value": float("inf")}, UNIT], "impute.value"),
        ([CLEAN, IMPUTE, {"step": "select", "k": 3}, UNIT], "segments.steps.2.select.target is missing"),
        ([CLEAN, IMPUTE, {"step": "select", "target": "age"}, UNIT], "select names 'age', which is no feature"),
        ([CLEAN, IMPUTE, {"step": "select", "target": "monetary", "k": 12}, UNIT], "keeps 12 of 11"),
        ([CLEAN, IMPUTE, {**LOG, "features": ["age"]}, UNIT], "log1p names 'age'"),
        ([CLEAN, IMPUTE, {"step": "decorrelate", "above": 1.5}, UNIT], "decorrelate.above"),
        ([CLEAN, IMPUTE, UNIT, BULK], "winsorise cannot come after min_max; the order is clean, impute"),
        ([IMPUTE, CLEAN, UNIT], "clean cannot come after impute"),
        ([CLEAN, IMPUTE, {"step": "decorrelate"}, LOG, UNIT], "log1p cannot come after decorrelate"),
        ([CLEAN, IMPUTE, UNIT, {"step": "standardise"}], "both scale: choose one"),
        ([CLEAN, IMPUTE, BULK, BULK, UNIT], "winsorise stands twice"),
        ([CLEAN, UNIT], "impute is missing"),
        ([IMPUTE, UNIT], "clean is missing"),
        ([CLEAN, IMPUTE], "min_max or standardise is missing"),
        ([], "clean is missing"),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(declared: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        steps(*declared)


def test_bounds_of_a_feature_must_be_a_range() -> None:
    with pytest.raises(ValueError, match="least must not be greater than most"):
        Feature(name="age", aggregate="trait", value="age", least=120, most=0)
