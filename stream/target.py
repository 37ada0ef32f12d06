"""What is predicted of a customer, as declared in settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from stream.durations import DAY, Duration, Span
from stream.feature import EventName
from stream.section import Section


class Condition(Section):
    """A bound on a feature, in its own unit; a feature with nothing to measure does not meet it."""

    feature: str
    least: float | None = None
    most: float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Condition:
        if self.least is None and self.most is None:
            raise ValueError("give least, most, or both")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError(f"least is {self.least:g} and most is {self.most:g}: nobody meets that")
        return self


class Target(Section):
    """A condition on what a customer does within a horizon, whose probability is learnt and published.

    It comes about when `events` that meet `where` have come `at_least` times (with `value`: when their values sum to
    `at_least`) after the moment of scoring and until the horizon has passed; with `absent`, when that does not happen.

    Examples
    --------
    >>> Target(name="spends_100", events=["Order Completed"], value="revenue", at_least=100, horizon="7d").horizon
    604800000
    >>> Target(name="churns", events=["Order Completed"], horizon="90d", absent=True).absent
    True
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64, description="As on the topic, such as orders_again")
    description: str = Field("", description="In words, for reports")
    events: tuple[EventName, ...] = Field(min_length=1, description="Events that count")
    where: dict[str, str | bool | float] = Field({}, description="Properties an event must have to count")
    value: str | None = Field(None, description="Sum this (`revenue`, `lines`, `quantity`, a property), not the events")
    at_least: float = Field(1.0, gt=0, description="Events, or the sum of their values, from which it has come about")
    absent: bool = Field(False, description="It is the absence that is predicted, as for churn")
    until: tuple[EventName, ...] = Field((), description="An event after which nothing counts any more")
    horizon: Duration = Field(30 * DAY, description="How far ahead is looked")
    eligible: tuple[Condition, ...] = Field((), description="Who is scored and learnt from: all of these must hold")
    score_on: tuple[EventName, ...] = Field((), description="Events at which a customer is scored; none: at any")
    score_quiet: bool = Field(True, description="Score also at looks at customers who have gone quiet")
    every: Span = Field(0, description="A customer is scored at most once in this span")
    classifier: Literal["logistic", "naive_bayes", "tree", "forest", "network"] = Field(
        "logistic",
        description="logistic regression, naive Bayes, Hoeffding tree, adaptive random forest, neural network",
    )
    calibration: Literal["platt", "isotonic", "none"] = Field(
        "isotonic", description="How scores are turned into probabilities that come true"
    )
    learning_rate: float = Field(0.1, gt=0, description="logistic: AdaGrad's")
    negatives: float = Field(
        1.0, gt=0, le=1, description="Share of the negative examples that is learnt; probabilities are corrected for it"
    )
    min_examples: int = Field(200, gt=0, description="Labelled examples before scores are published")
    step: float = Field(
        0.05, gt=0, le=1, description="Publish when the score moved by at least this, or changed its band"
    )
    bands: tuple[float, float] = Field((0.33, 0.66), description="Borders of low, medium, high")
    threshold: float = Field(0.5, gt=0, lt=1, description="A score from which on it counts as a yes, for reports")
    seed: int = Field(7, ge=0, lt=2**32)

    @field_validator("bands")
    @classmethod
    def _ordered(cls, bands: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= bands[0] < bands[1] <= 1:
            raise ValueError("give two probabilities, the lower one first")
        return bands

    @model_validator(mode="after")
    def _consistent(self) -> Target:
        both = sorted(set(self.events) & set(self.until))
        if both:
            raise ValueError(f"{both[0]!r} is in events and in until")
        if self.every > self.horizon:
            raise ValueError("every is longer than the horizon")
        return self

    def band(self, score: float) -> Literal["low", "medium", "high"]:
        """Where a probability lies.

        >>> Target(name="buys", events=["Order Completed"]).band(0.5)
        'medium'
        """
        low, high = self.bands
        return "low" if score < low else "medium" if score < high else "high"
