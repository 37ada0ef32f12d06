"""A request for recommendations, as an event of the customer for whom they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

REQUESTED = "Recommendations Requested"
"""Name of the event. It is no act of the customer: nothing but the answer comes of it."""

_Text = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^(?s:.*\S.*)$")]


class Request(BaseModel):
    """What a request says. Fields that are not listed are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    correlation_id: _Text = Field(description="Comes back in the answer")
    items: tuple[_Text, ...] = Field((), max_length=100, description="An open basket, or what is looked at just now")
    count: int | None = Field(None, ge=1, le=100, description="Items at most; default: recommend.count")


def read_request(properties: Mapping[str, Any]) -> Request:
    """The request in an event's properties.

    Raises
    ------
    ValueError
        Saying which property is missing or cannot be meant, without its value.

    >>> read_request({"correlation_id": 7, "items": ["tea"]})
    Request(correlation_id='7', items=('tea',), count=None)
    >>> read_request({"items": ["tea"]})
    Traceback (most recent call last):
    ...
    ValueError: properties.correlation_id: Field required.
    """
    try:
        return Request.model_validate(dict(properties))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"properties.{'.'.join(map(str, first['loc']))}: {first['msg']}.") from None
