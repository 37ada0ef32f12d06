"""Customer events as records: what every producer of events writes with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from json import JSONEncoder
from json.encoder import encode_basestring
from typing import Any

from stream.durations import DAY
from stream.records import Outgoing
from stream.updates import to_iso

# One encoder, made once: `json.dumps` with separators makes a new one for every call.
to_text = JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":")).encode
"""Compact JSON of a plain value."""

quote = encode_basestring
"""A text as JSON."""

_date = lru_cache(maxsize=1_024)(lambda day: to_iso(day * DAY)[:11])
_clock = lru_cache(maxsize=86_400)(lambda second: to_iso(second * 1_000)[11:19])


def customer_event(
    customer: str,
    time: int,
    message_id: str,
    event: str | None = None,
    properties: Mapping[str, Any] | None = None,
    *,
    traits: Mapping[str, Any] | None = None,
    known: bool = True,
    topic: str = "events",
) -> Outgoing:
    """A record with one event of the Segment spec, keyed by its customer.

    Parameters
    ----------
    customer
        `userId` where the customer is `known`, else `anonymousId`; also the record's key.
    time
        Event time in ms since 1970 UTC; also the record's timestamp.
    message_id
        Unique for each event, and the same whenever this event is made again.
    event
        What was done (a track call). Without it this is an identify call, which tells `traits`.
    properties, traits
        Plain JSON values.
    known
        Whether the customer is known, or an anonymous visitor.
    topic
        Where the record goes.

    Returns
    -------
    Outgoing
        Compact UTF-8 JSON. What UTF-8 cannot say (lone surrogates) becomes a question mark.

    Raises
    ------
    ValueError
        When a number is not finite: JSON knows none.
    TypeError
        When a value is no JSON value.

    >>> customer_event("ann", 0, "m-1", "Viewed", {"product_id": "7"}).value  # doctest: +ELLIPSIS
    b'{"type":"track","event":"Viewed","messageId":"m-1","userId":"ann",...,"properties":{"product_id":"7"}}'
    >>> customer_event("ann", 0, "m-2", traits={"country": "France"}).key
    b'ann'
    """
    rest = "" if properties is None else f',"properties":{to_text(properties)}'
    if traits is not None:
        rest += f',"traits":{to_text(traits)}'
    return event_with(customer, time, message_id, event, rest, known, topic)


def event_with(
    customer: str, time: int, message_id: str, event: str | None, rest: str, known: bool = True, topic: str = "events"
) -> Outgoing:
    """As `customer_event`, with the last fields as JSON text, comma first: for loaders that make 100,000 a second.

    >>> event_with("ann", 0, "m-1", None, ',"traits":{}').value
    b'{"type":"identify","messageId":"m-1","userId":"ann","timestamp":"1970-01-01T00:00:00.000Z","traits":{}}'
    """
    day, within = divmod(time, DAY)
    second, ms = divmod(within, 1_000)
    head = '{"type":"identify"' if event is None else f'{{"type":"track","event":{quote(event)}'
    who = "userId" if known else "anonymousId"
    when = f"{_date(day)}{_clock(second)}.{ms:03d}Z"  # three times as fast as `to_iso`
    text = f'{head},"messageId":{quote(message_id)},"{who}":{quote(customer)},"timestamp":"{when}"{rest}}}'
    return Outgoing(topic, customer.encode("utf-8", "replace"), text.encode("utf-8", "replace"), timestamp=time)
