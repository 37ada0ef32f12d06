"""What all that goes over a public topic is made of: frozen values, times, rounded numbers, deterministic ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_iso(ms: int) -> str:
    """ISO-8601 in UTC, with milliseconds, of a time in ms since 1970.

    >>> to_iso(1_700_000_000_123)
    '2023-11-14T22:13:20.123Z'
    """
    return (_EPOCH + ms * _MILLISECOND).isoformat(timespec="milliseconds")[:-6] + "Z"


def from_iso(text: object) -> object:
    """Milliseconds since 1970 of an ISO-8601 text; anything else passes through.

    >>> from_iso("2023-11-14T22:13:20.123Z")
    1700000000123
    """
    if not isinstance(text, str):
        return text
    time = datetime.fromisoformat(text)
    return ((time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND


def rounded(value: float) -> float:
    """A float as updates carry it: six decimals, and never a negative zero.

    >>> rounded(-1e-9), rounded(2 / 3)
    (0.0, 0.666667)
    """
    return round(value, 6) + 0.0


def update_id(*parts: object) -> str:
    """Deterministic id of an update: same cause, same id, so that a reader can drop repeats.

    Parameters
    ----------
    *parts
        What makes the update this one, such as topic, partition, offset, customer and kind; joined as text
        with NUL, which no id that was let in contains.

    Returns
    -------
    str
        32 hexadecimal digits (BLAKE2b, 128 bits).

    >>> update_id("segment", "ann", 17) == update_id("segment", "ann", "17")
    True
    """
    return blake2b("\0".join(map(str, parts)).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


Instant = Annotated[
    int,
    BeforeValidator(from_iso),
    PlainSerializer(to_iso, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A time: an int of ms since 1970 UTC in Python, ISO-8601 in JSON."""


class Value(BaseModel):
    """Base of all that goes over a public topic: frozen, camelCase in JSON, and an unknown field is an error."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        allow_inf_nan=False,
        ser_json_bytes="base64",
        val_json_bytes="base64",
        json_schema_serialization_defaults_required=True,
    )
