"""What a shop wants and does not want to show, whatever the ranking says."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from stream.section import Section

Factor = Annotated[float, Field(gt=0, le=1_000)]


class PriceRange(Section):
    """What customers of one segment are shown, by price."""

    segment: str = Field(min_length=1, description="Id or name of the segment")
    least: float | None = Field(None, ge=0)
    most: float | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _some(self) -> PriceRange:
        if self.least is None and self.most is None:
            raise ValueError("give least, most, or both")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError("least is above most")
        return self


class RulesConfig(Section):
    """Business rules, applied before a list is cut to its length. What is not known of an item excludes nothing."""

    hide_items: tuple[str, ...] = Field((), description="Items that are never shown")
    hide_categories: tuple[str, ...] = Field((), description="Categories that are never shown")
    adult: bool = Field(False, description="Show items for adults")
    min_stock: float = Field(1.0, ge=0, description="Hide items with fewer pieces in stock, where the stock is known")
    per_category: int | None = Field(None, gt=0, description="Most items of one category in a list")
    pinned: tuple[str, ...] = Field((), description="Items that come first, where they may be shown")
    boost_items: dict[str, Factor] = Field(default_factory=dict, description="Item -> factor on its score")
    boost_categories: dict[str, Factor] = Field(default_factory=dict, description="Category -> factor on scores")
    prices: tuple[PriceRange, ...] = Field((), description="Price ranges of segments")
