"""Steps of preprocessing as they are declared in settings, and the order they must stand in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from stream.section import Section


class _Step(Section):
    @property
    def reads(self) -> tuple[str, ...]:
        """Features that the step names."""
        return ()


class CleanStep(_Step):
    """Infinities, and values beyond a feature's `least` and `most`, are missing."""

    step: Literal["clean"] = "clean"


class ImputeStep(_Step):
    """What stands in for a missing value, where the feature declares no `missing`."""

    step: Literal["impute"] = "impute"
    strategy: Literal["median", "mean", "constant"] = "median"
    value: float = Field(0.0, ge=-1e9, le=1e9, description="For `constant`")


class Log1pStep(_Step):
    """Long tails shortened by sign(x) * log(1 + |x|)."""

    step: Literal["log1p"] = "log1p"
    features: tuple[str, ...] | None = Field(None, description="Default: those declared with log = true")

    @property
    def reads(self) -> tuple[str, ...]:
        return self.features or ()


class WinsoriseStep(_Step):
    """Values held between two quantiles of the sample."""

    step: Literal["winsorise"] = "winsorise"
    low: float = Field(0.01, ge=0, lt=0.5)
    high: float = Field(0.99, gt=0.5, le=1)


class SelectStep(_Step):
    """The k features that tell most about another one, the target, which itself is left out."""

    step: Literal["select"] = "select"
    target: str
    k: int = Field(10, gt=0)
    score: Literal["mutual_information", "f"] = "mutual_information"

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.target,)


class DecorrelateStep(_Step):
    """Features that say the same twice: one of each pair dropped, or all turned into principal components."""

    step: Literal["decorrelate"] = "decorrelate"
    method: Literal["drop", "pca"] = "drop"
    above: float = Field(0.9, gt=0, lt=1, description="For `drop`: correlation, either way, of which one goes")
    variance: float = Field(0.95, gt=0, le=1, description="For `pca`: share of variance that the components keep")


class MinMaxStep(_Step):
    """The sample's range mapped to [0, 1]."""

    step: Literal["min_max"] = "min_max"


class StandardiseStep(_Step):
    """In standard deviations from the sample's mean."""

    step: Literal["standardise"] = "standardise"


StepSettings = Annotated[
    CleanStep | ImputeStep | Log1pStep | WinsoriseStep | SelectStep | DecorrelateStep | MinMaxStep | StandardiseStep,
    Field(discriminator="step"),
]

_STAGES = {
    "clean": 0,
    "impute": 1,
    "log1p": 2,
    "winsorise": 2,
    "select": 3,
    "decorrelate": 4,
    "min_max": 5,
    "standardise": 5,
}
_ORDER = "clean, impute, then log1p and winsorise, then select, decorrelate, and min_max or standardise at the end"


def _in_order(steps: tuple[StepSettings, ...]) -> tuple[StepSettings, ...]:
    kinds = [step.step for step in steps]
    for place, kind in enumerate(kinds):
        if kind in kinds[:place]:
            raise ValueError(f"{kind} stands twice")
        for earlier in kinds[:place]:
            if _STAGES[earlier] == _STAGES[kind] == 5:
                raise ValueError(f"{earlier} and {kind} both scale: choose one")
            if _STAGES[earlier] > _STAGES[kind]:
                raise ValueError(f"{kind} cannot come after {earlier}; the order is {_ORDER}")
    for needed in (("clean",), ("impute",), ("min_max", "standardise")):
        if not set(needed) & set(kinds):
            raise ValueError(f"{' or '.join(needed)} is missing; the order is {_ORDER}")
    return steps


Steps = Annotated[tuple[StepSettings, ...], AfterValidator(_in_order)]
"""A list such as `[{step = "clean"}, {step = "impute"}, {step = "min_max"}]`, in an order that works."""

DEFAULT: tuple[StepSettings, ...] = (CleanStep(), ImputeStep(), Log1pStep(), WinsoriseStep(), MinMaxStep())


class Measured(Section):
    """What preprocessing needs to know of a feature."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    log: bool = Field(False, description="Scale by log1p: for amounts and counts with a long tail")
    missing: float | None = Field(
        None, ge=-1e9, le=1e9, description="Value when there is nothing to measure; default: the median"
    )
    least: float | None = Field(None, description="Smaller values are impossible, and taken as missing")
    most: float | None = Field(None, description="Larger values are impossible, and taken as missing")

    @model_validator(mode="after")
    def _range(self) -> Measured:
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError("least must not be greater than most")
        return self
