"""What comes in: the event contract, and its decoding.

Events are JSON objects in the words of the Segment spec (`CustomerEvent`). `decode` turns a record into an `Event`,
or says why it is none. It never raises. Codes of a refusal:

======================  ================================================================================
code                    meaning
======================  ================================================================================
tombstone               the record has no value
too_large               more than `max_bytes`; looked at before anything else of the value
empty                   nothing, or only white space
not_json                not JSON, not UTF-8, a byte order mark, or nested deeper than 200 levels
not_object              JSON, but not an object
invalid                 a field has the wrong type or is missing; the detail names it
no_customer             neither `userId` nor `anonymousId`, and no event of the catalogue (`stream.items`)
bad_id                  customer or message id is blank, too long, not finite, or has control characters
bad_name                the name of a track call's event is blank, too long, or has control characters
bad_request             a request for recommendations lacks a property, or has a bad one; the detail names it
timestamp_out_of_range  before 1970 or after 2199
future                  further than `allowed_skew` ahead of the record's own timestamp
key_missing             the record has no key, and `require_key` is set
key_mismatch            the key is not the customer's id, and `require_key` is set
======================  ================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Any, Literal, Required

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, WithJsonSchema, model_validator
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from stream.config import EventsConfig
from stream.entries import Event, Rejected
from stream.items import CATALOGUE, read_item
from stream.names import CANONICAL
from stream.records import Record
from stream.requests import REQUESTED, read_request

CallType = Literal["track", "identify", "alias", "page", "screen", "group"]
_LONGEST = EventsConfig().max_id_length
_Word: dict[str, Any] = {
    "type": ["string", "number"],
    "maxLength": _LONGEST,
    "pattern": r"^(?=.*\S)[^\u0000-\u001f\u007f-\u009f]+$",
}
_Id = Annotated[str, WithJsonSchema(_Word)]
_Moment = Annotated[
    datetime, WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "number"}]})
]


class CustomerEvent(BaseModel):
    """One event of the Segment spec, as producers write it. Fields that are not listed are kept.

    Ids may be numbers; they are read as text. Properties with a meaning of their own: `products[]`, `product_id`,
    `sku`, `price`, `quantity`, `category`, `revenue`, `total`, `value`.
    """

    model_config = ConfigDict(
        extra="allow",
        coerce_numbers_to_str=True,
        alias_generator=to_camel,
        populate_by_name=True,
        json_schema_extra={
            "anyOf": [
                {"required": [name], "properties": {name: {"type": ["string", "number"]}}}
                for name in ("userId", "anonymousId")
            ],
            "if": {"properties": {"type": {"const": "track"}}},
            "then": {"required": ["event"], "properties": {"event": _Word}},
        },
    )

    type: CallType
    message_id: _Id | None = Field(None, description="Unique; without it, topic, partition and offset make one")
    user_id: _Id | None = Field(None, description="The customer; also the record's key")
    anonymous_id: _Id | None = Field(None, description="The visitor, where the customer is not known")
    timestamp: _Moment | None = Field(
        None, description="ISO-8601 (UTC where no zone is given), or a number of s or ms; default: the record's own"
    )
    event: Annotated[str, WithJsonSchema({"type": ["string", "number"]})] | None = Field(
        None, description="Name of what was done; a track call needs it"
    )
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    context: Any = Field(None, description="Kept, and not looked at")

    @model_validator(mode="after")
    def _complete(self) -> CustomerEvent:
        if self.user_id is None and self.anonymous_id is None:
            raise ValueError("give userId or anonymousId")
        if self.type == "track" and not self.event:
            raise ValueError("a track call needs `event`")
        return self


class _Wire(TypedDict, total=False):
    """What the engine reads of a `CustomerEvent`, in half the time that the model takes. Times are parsed later."""

    __pydantic_config__ = ConfigDict(  # type: ignore[misc]
        extra="ignore", coerce_numbers_to_str=True, cache_strings="keys"
    )

    type: Required[CallType]
    messageId: str | None
    userId: str | None
    anonymousId: str | None
    timestamp: Any
    event: str | None
    properties: dict[str, Any] | None
    traits: dict[str, Any] | None


class _Time(TypedDict):
    timestamp: datetime


_validate = TypeAdapter(_Wire).validator.validate_json
_moment = TypeAdapter(_Time).validator.validate_python
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = 7_258_118_400_000  # 2200-01-01
_MS = timedelta(milliseconds=1)
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]").search
_OUT_OF_RANGE = "timestamp is before 1970 or after 2199."
_new = tuple.__new__  # half of what the named tuple's own constructor takes
_NOT_FINITE = frozenset(("NaN", "Infinity", "-Infinity", "inf", "-inf"))  # what such a JSON number reads as


def good_id(text: str, longest: int) -> bool:
    """Whether a text can be an id: not blank, not too long, no control characters. Emoji are fine.

    >>> good_id("ann 🦆", 100), good_id("ann\\x00", 100), good_id("  ", 100)
    (True, False, False)
    """
    # isprintable is the quick yes; it also refuses harmless joiners, which the pattern lets through.
    return len(text) <= longest and not (text.isspace() or not text) and (text.isprintable() or not _CONTROL(text))


def decode(record: Record, config: EventsConfig) -> Event | Rejected:
    """The event in a record, or why there is none.

    Parameters
    ----------
    record
        As read from the topic; its offset becomes the event's position.
    config
        Limits.

    Returns
    -------
    Event or Rejected
        An `Event` has its canonical name (`stream.names`) and its time in ms. Never raises.

    >>> record = Record("events", 0, 7, 1_700_000_000_000, b"ann", b'{"type": "identify", "userId": "ann"}')
    >>> decode(record, EventsConfig()).message_id
    'events-0-7'
    >>> decode(record._replace(value=b"[]"), EventsConfig()).code
    'not_object'
    """
    topic, partition, position, recorded, key, value, _ = record
    if value is None:
        return _refuse(record, "tombstone", "The record has no value.")
    if len(value) > config.max_bytes:
        return _refuse(record, "too_large", f"The event has {len(value)} bytes; {config.max_bytes} are allowed.")
    try:
        fields = _validate(value)
        stamp = fields.get("timestamp")
        time = recorded if stamp is None else _milliseconds(stamp)
    except ValidationError as error:
        return _refuse(record, *_explain(error, value))

    get = fields.get
    longest = config.max_id_length
    customer = get("userId")
    known = customer is not None
    if not known:
        customer = get("anonymousId")
        if customer is None:
            if fields["type"] == "track" and CANONICAL.get(get("event") or "") in CATALOGUE:
                return _catalogue(record, fields, time, config)
            return _refuse(record, "no_customer", "Neither userId nor anonymousId is given.")
    if not good_id(customer, longest) or customer in _NOT_FINITE:
        field = "userId" if known else "anonymousId"
        return _refuse(record, "bad_id", f"{field} is blank, too long, not finite or has control characters.")
    message_id = get("messageId")
    if message_id is None:
        message_id = f"{topic}-{partition}-{position}"
    elif not good_id(message_id, longest):
        return _refuse(record, "bad_id", "messageId is blank, too long or has control characters.")

    kind = fields["type"]
    if kind == "track":
        name = get("event")
        if not name:
            return _refuse(record, "invalid", "event: a track call needs the name of what was done.")
        kind = CANONICAL.get(name, name)
        if kind is name and not good_id(name, longest):
            return _refuse(record, "bad_name", "event is blank, too long or has control characters.")

        if kind == REQUESTED:
            try:
                read_request(get("properties") or _NOTHING)
            except ValueError as error:
                return _refuse(record, "bad_request", str(error))

    if (refused := _mistimed(record, time, config)) is not None:
        return refused
    if config.require_key and key != customer.encode():
        if key is None:
            return _refuse(record, "key_missing", "The record has no key; it must be the customer's id.")
        return _refuse(record, "key_mismatch", "The record's key is not the customer's id.")
    # The traits of a group call describe the group, not the customer.
    traits = _NOTHING if kind == "group" else get("traits") or _NOTHING
    return _new(Event, (position, time, customer, known, message_id, kind, get("properties") or _NOTHING, traits))


def _catalogue(record: Record, fields: _Wire, time: int, config: EventsConfig) -> Event | Rejected:
    """An event of the catalogue: of no customer, so of no key; its properties are cleaned."""
    if (refused := _mistimed(record, time, config)) is not None:
        return refused
    try:
        properties = read_item(fields.get("properties") or _NOTHING)
    except ValueError as error:
        return _refuse(record, "invalid", str(error))
    message_id = fields.get("messageId") or f"{record.topic}-{record.partition}-{record.offset}"
    for field, text in (("messageId", message_id), ("properties.product_id", properties["product_id"])):
        if not good_id(text, config.max_id_length):
            return _refuse(record, "bad_id", f"{field} is blank, too long or has control characters.")
    return Event(record.offset, time, "", False, message_id, CANONICAL[fields["event"] or ""], properties, _NOTHING)


def _mistimed(record: Record, time: int, config: EventsConfig) -> Rejected | None:
    """Why an event cannot be of this time, if it cannot."""
    if not 0 <= time < _END:
        return _refuse(record, "timestamp_out_of_range", _OUT_OF_RANGE)
    if time - record.timestamp > config.allowed_skew:
        return _refuse(record, "future", "timestamp is further ahead of the record's own than is allowed.")
    return None


def _milliseconds(stamp: Any) -> int:
    """Time in ms of a `timestamp`; a ValidationError when it is none."""
    if type(stamp) is str and len(stamp) == 24 and stamp[23] == "Z":  # as all SDKs write it: the quick way
        try:
            return (datetime.fromisoformat(stamp) - _EPOCH) // _MS
        except ValueError:
            pass
    moment: datetime = _moment({"timestamp": stamp})["timestamp"]
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MS


def _refuse(record: Record, code: str, detail: str) -> Rejected:
    return Rejected(
        record.offset, code, detail, record.topic, record.partition, record.timestamp, record.key, record.value
    )


def _explain(error: ValidationError, value: bytes) -> tuple[str, str]:
    """Code and detail of what pydantic found; its messages name types and places, never a value."""
    first = error.errors(include_url=False, include_input=False)[0]
    message = first["msg"]
    if first["type"] == "json_invalid":
        return ("not_json", f"{message}.") if value.strip() else ("empty", "The value is empty.")
    if not first["loc"]:
        return "not_object", "The value is JSON, but not an object."
    field = first["loc"][0]
    if field == "timestamp" and "as unix timestamps" in message:
        return "timestamp_out_of_range", _OUT_OF_RANGE
    return "invalid", f"{field}: {message}."
