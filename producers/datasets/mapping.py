"""How the columns of someone's table become events: a small TOML file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from stream.config import load_toml
from stream.errors import ConfigError
from stream.explain import explain
from stream.section import Section

EXAMPLE = Path(__file__).with_name("example-mapping.toml")
"""A mapping of all settings, each explained."""

_UNITS = {"s": 1_000, "ms": 1}
_END = 7_258_118_400_000  # 2200-01-01, as the event contract has it
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class EventName(Section):
    """What was done: one name for all rows, or a column's value, which `names` may translate."""

    constant: str | None = Field(None, min_length=1, description="Name for every row")
    column: str | None = Field(None, min_length=1, description="Column that holds the name")
    names: dict[str, str] = Field(default_factory=dict, description="The column's value -> the event's name")

    @model_validator(mode="after")
    def _one(self) -> EventName:
        if (self.constant is None) == (self.column is None):
            raise ValueError("give either constant or column")
        if self.constant is not None and self.names:
            raise ValueError("names translate the values of a column; there is a constant")
        return self


class Timestamp(Section):
    """When it was done."""

    column: str = Field(min_length=1)
    format: str = Field("iso", min_length=1, description="`iso`, `s` or `ms` since 1970, or a strptime format")

    def parse(self, value: object) -> int:
        """Milliseconds since 1970 UTC; times without a zone are UTC.

        Raises
        ------
        ValueError
            When the value is no time in this format, or not between 1970 and 2199.

        >>> Timestamp(column="t", format="%d.%m.%Y").parse("1.2.1970")
        2678400000
        """
        if isinstance(value, datetime):  # Parquet has times of its own
            time = _milliseconds(value)
        elif self.format in _UNITS:
            number = float(str(value)) * _UNITS[self.format]
            time = round(number) if abs(number) < _END else -1
        elif self.format == "iso":
            time = _milliseconds(datetime.fromisoformat(str(value).strip()))
        else:
            time = _milliseconds(datetime.strptime(str(value).strip(), self.format))
        if not 0 <= time < _END:
            raise ValueError("a time before 1970 or after 2199")
        return time


class Order(Section):
    """Rows next to each other that are one order; the other columns are read from its first row."""

    by: str = Field(min_length=1, description="Column that is the same for all rows of an order")
    products: dict[str, str] = Field(min_length=1, description="Field of a product -> column")

    @field_validator("products")
    @classmethod
    def _has_id(cls, products: dict[str, str]) -> dict[str, str]:
        if "product_id" not in products:
            raise ValueError("products need a product_id")
        return products


def _column(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


class Mapping(Section):
    """Which column is what.

    Properties and traits are a field's name -> a column. Numbers stay numbers; texts stay texts, but for `price`,
    `quantity`, `revenue`, `total`, `value`, `tax`, `shipping` and `discount`, which become numbers; a row in which one
    of these is something else is no event. Cells that are empty, not finite, or nested deeper than 20 levels are left
    out.

    >>> Mapping(customer="id", timestamp="when", event="what").event.column
    'what'
    """

    customer: str | None = Field(None, min_length=1, description="Column of the customer's id")
    anonymous: str | None = Field(None, min_length=1, description="Column of a visitor's id, where no customer is")
    timestamp: Annotated[Timestamp, BeforeValidator(_column)]
    event: Annotated[EventName, BeforeValidator(_column)]
    message_id: str | None = Field(None, min_length=1, description="Column; default: the file's name and the row")
    properties: dict[str, str] = Field(default_factory=dict)
    traits: dict[str, str] = Field(
        default_factory=dict,
        description="Told by an identify call at a customer's first event and when they change",
    )
    order: Order | None = None
    decimal: Literal[".", ","] = Field(".", description="Decimal mark of numbers that are written as text")
    delimiter: str = Field(",", min_length=1, max_length=1, description="Between the columns of a CSV file")
    bad_rows: Literal["drop", "stop"] = Field("drop", description="Count rows that are no events, or stop at the first")

    @model_validator(mode="after")
    def _someone(self) -> Mapping:
        if self.customer is None and self.anonymous is None:
            raise ValueError("give the column of customer or anonymous")
        return self

    @property
    def columns(self) -> list[str]:
        """Columns that are read, each once, in the order of the settings."""
        named = [self.customer, self.anonymous, self.timestamp.column, self.event.column, self.message_id]
        named += [*self.properties.values(), *self.traits.values()]
        if self.order is not None:
            named += [self.order.by, *self.order.products.values()]
        return list(dict.fromkeys(name for name in named if name is not None))


def load_mapping(path: Path) -> Mapping:
    """The mapping in a TOML file; `EXAMPLE` is one.

    Raises
    ------
    ConfigError
        When the file cannot be read or is no TOML, or naming the setting that is unknown, missing or wrong.
    """
    try:
        return Mapping.model_validate(load_toml(path))
    except ValidationError as error:
        raise ConfigError(f"{path}: {explain(error, Mapping)}") from error


def _milliseconds(moment: datetime) -> int:
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MS
