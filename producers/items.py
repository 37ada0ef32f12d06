"""The catalogue as records: what a shop tells of its items, to each partition of the events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from producers.customer_event import to_text
from stream.items import UPDATED
from stream.records import Outgoing
from stream.updates import to_iso


def item_event(
    properties: Mapping[str, Any], time: int, message_id: str, event: str = UPDATED, *, topic: str = "events"
) -> Outgoing:
    """A record that tells of an item; it is to be sent through `broadcast`.

    Parameters
    ----------
    properties
        See `stream.items.ItemProperties`; `product_id` among them.
    time
        Event time in ms since 1970 UTC; also the record's timestamp.
    message_id
        Unique for each event.
    event
        `Product Updated`, or `Product Withdrawn`.
    topic
        Where the record goes.

    >>> item_event({"product_id": "7", "stock": 0}, 0, "i-1").value  # doctest: +ELLIPSIS
    b'{"type":"track","event":"Product Updated","messageId":"i-1",...,"properties":{"product_id":"7","stock":0}}'
    """
    fields = {"type": "track", "event": event, "messageId": message_id, "timestamp": to_iso(time)}
    text = to_text({**fields, "properties": dict(properties)})
    return Outgoing(topic, None, text.encode("utf-8", "replace"), timestamp=time)


def broadcast(records: Iterable[Outgoing], partitions: int) -> Iterator[Outgoing]:
    """Records with neither key nor partition, which are of no customer, are copied to each partition.

    >>> tea = item_event({"product_id": "tea"}, 0, "i-1")
    >>> [record.partition for record in broadcast([tea, tea._replace(key=b"ann")], 2)]
    [0, 1, None]
    """
    for record in records:
        if record.key is None and record.partition is None:
            for partition in range(partitions):
                yield record._replace(partition=partition)
        else:
            yield record
