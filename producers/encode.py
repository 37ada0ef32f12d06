"""Updates as records: value, key, and CloudEvents headers."""

from __future__ import annotations

from producers.topics import CHANNELS, Topics
from stream.records import Headers, Outgoing
from stream.updates import (
    EventRejected,
    MetricsMeasured,
    RecommendationsAnswered,
    SegmentsRevised,
    Update,
    to_iso,
    to_json,
)

_FIELD = {channel.payload: channel.field for channel in CHANNELS if channel.payload is not None}
_KEY, _VALUE = 64 * 1024, 896 * 1024  # with all headers less than 1 MiB, which any topic takes
_FIXED: Headers = (("ce_specversion", b"1.0"), ("ce_source", b"/eddyline"), ("content-type", b"application/json"))


def encode(update: Update, topics: Topics) -> Outgoing:
    """The record that tells an update.

    Parameters
    ----------
    update
        As the engine made it.
    topics
        Names of the topics.

    Returns
    -------
    Outgoing
        Key: the customer. Value: `to_json`. Headers: CloudEvents 1.0 in binary mode (Kafka protocol binding, 1.0.2).
        A dead letter has its original key and value, and says why in its headers. Above 64 and 896 KiB they are cut,
        and a header says how long they were: whatever is in `events`, its dead letter fits.

    >>> from stream.updates import SegmentsRevised
    >>> encode(SegmentsRevised(id="1", model=2, occurred_at=0, segments=(), why="First model."), Topics()).topic
    'segments'
    """
    if isinstance(update, EventRejected):
        key, value = _cut(update.key, _KEY), _cut(update.value, _VALUE)
        return Outgoing(topics.dead_letters, key, value, _dead_letter(update))
    headers: Headers = (
        *_FIXED,
        ("ce_id", update.id.encode()),
        ("ce_type", f"eddyline.{type(update).__name__}".encode()),
        ("ce_time", to_iso(update.occurred_at).encode()),
    )
    if isinstance(update, SegmentsRevised | MetricsMeasured):
        key = _FIELD[type(update)].encode()
    else:
        key = update.customer.encode()
        headers = (*headers, ("ce_subject", key))
    if isinstance(update, RecommendationsAnswered):
        headers = (*headers, ("ce_correlationid", update.correlation_id.encode()))
    return Outgoing(getattr(topics, _FIELD[type(update)]), key, to_json(update), headers)


def _cut(text: bytes | None, most: int) -> bytes | None:
    return None if text is None else text[:most]


def _dead_letter(letter: EventRejected) -> Headers:
    sizes = (("key", letter.key, _KEY), ("value", letter.value, _VALUE))
    cut = ((f"eddyline-{name}-bytes", len(text)) for name, text, most in sizes if text is not None and len(text) > most)
    return (
        ("eddyline-id", letter.id.encode()),
        ("eddyline-code", letter.code.encode()),
        ("eddyline-detail", letter.detail.encode()),
        ("eddyline-source-topic", letter.topic.encode()),
        ("eddyline-source-partition", str(letter.partition).encode()),
        ("eddyline-source-offset", str(letter.offset).encode()),
        ("eddyline-source-timestamp", str(letter.timestamp).encode()),
        *((name, str(size).encode()) for name, size in cut),
    )
