"""The catalogue as events: what a shop tells of its items, and what is known of one.

`Product Updated` tells properties of an item: what is given is changed, what is left out stays, null clears. `Product
Withdrawn` takes an item out of the catalogue until it is updated again. (The spec's `Product Removed` takes an item out
of a customer's cart.) They name no customer, have no key, and stand in each partition of the events once: a partition
knows the whole catalogue from its own log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

UPDATED, WITHDRAWN = "Product Updated", "Product Withdrawn"
CATALOGUE = frozenset((UPDATED, WITHDRAWN))
"""Events that are of no customer and tell of an item."""

LONGEST = 200
"""Characters kept of a name, a category or a brand."""


def _cut(value: Any) -> Any:
    return value.strip()[:LONGEST] or None if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_cut)]
Number = Annotated[float, Field(ge=-1e9, le=1e9)]


class ItemProperties(BaseModel):
    """What an event of the catalogue says of an item. Fields that are not listed are passed over."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, allow_inf_nan=False)

    product_id: str = Field(
        validation_alias=AliasChoices("product_id", "sku"), min_length=1, description="Which item; or `sku`"
    )
    name: Text | None = Field(
        None, validation_alias=AliasChoices("name", "title"), description="As customers read it; or `title`"
    )
    category: Text | None = None
    brand: Text | None = None
    price: Annotated[Number, Field(ge=0)] | None = None
    stock: Number | None = Field(None, description="Pieces that can be sold")
    available: bool | None = Field(None, description="False: it cannot be ordered now")
    hidden: bool | None = Field(None, description="True: it is not to be shown")
    adult: bool | None = Field(None, description="True: for adults only")


class CatalogueEvent(BaseModel):
    """An item of the catalogue has changed: a record without a key, one in each partition of the events."""

    model_config = ConfigDict(extra="allow", alias_generator=to_camel, populate_by_name=True)

    type: Literal["track"]
    event: Literal["Product Updated", "Product Withdrawn"]
    message_id: str | None = Field(None, description="Unique, and the same in each partition")
    timestamp: str | None = Field(None, description="ISO-8601; default: the record's own")
    properties: ItemProperties


class Item(NamedTuple):
    """What is known of an item; None where nobody has said."""

    name: str | None = None
    category: str | None = None
    brand: str | None = None
    price: float | None = None
    stock: float | None = None
    available: bool | None = None
    hidden: bool | None = None
    adult: bool | None = None
    withdrawn: bool = False


NOTHING_KNOWN = Item()
"""Of an item that is known by its id only."""


def read_item(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The item and what is given of it, each of its type; None where it is to be cleared.

    Raises
    ------
    ValueError
        Saying which property is of a wrong type, without its value.

    >>> read_item({"sku": 7, "title": " Tea ", "hidden": "true", "brand": None, "colour": "red"})
    {'product_id': '7', 'name': 'Tea', 'brand': None, 'hidden': True}
    """
    try:
        return ItemProperties.model_validate(dict(properties)).model_dump(exclude_unset=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"properties.{first['loc'][0]}: {first['msg']}.") from None
