"""Updates as records: value, key, and CloudEvents headers."""

from __future__ import annotations

from producers.topics import CHANNELS, Topics
from stream.records import Headers, Outgoing
from stream.updates import EventRejected, SegmentsRevised, Update, to_iso, to_json

_FIELD = {channel.payload: channel.field for channel in CHANNELS if channel.payload is not None}
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
        A dead letter has its original key and value, and says why in its headers.

    >>> from stream.updates import SegmentsRevised
    >>> encode(SegmentsRevised(id="1", model=2, occurred_at=0, segments=(), why="First model."), Topics()).topic
    'segments'
    """
    if isinstance(update, EventRejected):
        return Outgoing(topics.dead_letters, update.key, update.value, _dead_letter(update))
    headers: Headers = (
        *_FIXED,
        ("ce_id", update.id.encode()),
        ("ce_type", f"eddyline.{type(update).__name__}".encode()),
        ("ce_time", to_iso(update.occurred_at).encode()),
    )
    if isinstance(update, SegmentsRevised):
        key = b"segments"
    else:
        key = update.customer.encode()
        headers = (*headers, ("ce_subject", key))
    return Outgoing(getattr(topics, _FIELD[type(update)]), key, to_json(update), headers)


def _dead_letter(letter: EventRejected) -> Headers:
    return (
        ("eddyline-id", letter.id.encode()),
        ("eddyline-code", letter.code.encode()),
        ("eddyline-detail", letter.detail.encode()),
        ("eddyline-source-topic", letter.topic.encode()),
        ("eddyline-source-partition", str(letter.partition).encode()),
        ("eddyline-source-offset", str(letter.offset).encode()),
        ("eddyline-source-timestamp", str(letter.timestamp).encode()),
    )
