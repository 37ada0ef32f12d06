"""The four things that can enter the fold. Whatever can influence an output is one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from stream.model import Model


class Event(NamedTuple):
    """A customer did something, or the catalogue changed (`stream.items`): then the customer is "".

    `position` is the record's offset in its partition, `time` its event time in ms. `known` is false for
    an anonymous visitor (no `userId`), who feeds items and popularity but is not segmented. `kind` is the
    canonical name: the Segment spec's event name for a track call, else the call's type.
    """

    position: int
    time: int
    customer: str
    known: bool
    message_id: str
    kind: str
    properties: Mapping[str, Any]
    traits: Mapping[str, Any]


class Rejected(NamedTuple):
    """A record that is no event. It moves the watermark, reaches the dead letters, and changes nothing."""

    position: int
    code: str
    detail: str
    topic: str
    partition: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class Tick(NamedTuple):
    """Time has passed: the partition's clock is now at least `time` (ms)."""

    time: int


class ModelAdopted(NamedTuple):
    """From here on the partition predicts with `model`."""

    model: Model


Entry = Event | Rejected | Tick | ModelAdopted
