"""What is measured of a customer, as declared in settings."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from stream.durations import Duration
from stream.names import canonical
from stream.preprocessing.settings import Measured


def _spelt(name: str) -> str:
    if canonical(name) != name:
        raise ValueError(f"write {canonical(name)!r}: events have that name here, however they were spelt")
    return name


EventName = Annotated[str, Field(min_length=1), AfterValidator(_spelt)]
"""Name of an event as the engine sees it: the spec's present spelling, or a name of one's own."""


class Feature(Measured):
    """One declared feature of a customer: what is measured, over which time, in which unit.

    `events` are canonical event names (empty: any event); `minus` are events that subtract, such as refunds.
    """

    aggregate: Literal["count", "sum", "mean", "distinct", "recency", "tenure", "mean_gap", "ratio", "trait"]
    events: tuple[EventName, ...] = ()
    minus: tuple[EventName, ...] = ()
    over: tuple[EventName, ...] = Field((), description="For `ratio`: the events of the denominator")
    complement: bool = Field(False, description="For `ratio`: one less the ratio, kept within [0, 1]")
    categories: tuple[str, ...] = Field(
        (), description="For `trait`: texts it may be; a feature of 0 and 1 is made of each, such as `tier_gold`"
    )
    category: str | None = Field(None, description="For `trait`: 1 where it is this text, else 0")
    value: str | None = Field(
        None, description="`revenue`, `lines`, `quantity`, `product_id`, `category`, or a property or trait"
    )
    window: Duration | None = None
    half_life: Duration | None = None
    buckets: int = Field(12, gt=0, le=64, description="Event-time buckets of a window")
    unit: str = ""
    description: str = ""
    high: str = Field("", description="A segment high in this is called so")
    low: str = Field("", description="A segment low in this is called so")
    high_from: float | None = Field(None, description="`high` is said only from this value at the centre on")
    low_to: float | None = Field(None, description="`low` is said only up to this value at the centre")
    theme: str = Field("", description="Of features that share a theme, a name says one")

    @model_validator(mode="after")
    def _consistent(self) -> Feature:
        if self.window is not None and self.half_life is not None:
            raise ValueError("give window or half_life, not both")
        if (self.window or self.half_life) and self.aggregate not in ("count", "sum", "mean", "ratio"):
            raise ValueError(f"{self.aggregate} takes neither window nor half_life")
        if self.aggregate in ("sum", "mean", "distinct", "trait") and self.value is None:
            raise ValueError(f"{self.aggregate} needs `value`")
        if self.aggregate == "distinct" and self.value not in ("product_id", "category"):
            raise ValueError(f"distinct counts product_id or category, not {self.value!r}")
        if self.aggregate == "ratio" and not self.over:
            raise ValueError("ratio needs `over`")
        if (self.categories or self.category) and (self.aggregate != "trait" or self.log):
            raise ValueError("only a trait has categories, and they take no log")
        return self

    @property
    def each(self) -> tuple[Feature, ...]:
        """The feature itself, or one of 0 and 1 for each of its categories; a trait not given is none of them."""
        made = []
        for number, category in enumerate(self.categories, 1):
            changes: dict[str, object] = {
                "name": f"{self.name}_{re.sub('[^a-z0-9]+', '_', category.lower()).strip('_') or number}",
                "categories": (),
                "category": category,
                "missing": self.missing or 0.0,
                "high": category,
                "low": f"not {category}",
                "high_from": 0.5,
                "low_to": 0.1,
                "theme": self.theme or self.name,
            }
            made.append(self.model_copy(update=changes))
        return tuple(made) or (self,)
