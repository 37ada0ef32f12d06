"""What goes out: everything the engine tells the world, as frozen values.

An update is told apart by its class alone. Python names are snake_case, JSON names camelCase; both are
accepted on the way in. Whoever creates an update rounds its floats to six decimals (`rounded`) and says
"missing" with None: JSON knows no NaN.

Creating one by keyword validates in compiled code and takes 1 to 3 µs. That is *faster* than `model_construct`,
which is Python, so there is nothing to gain by going around validation.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stream.measured import MetricsMeasured as MetricsMeasured
from stream.values import Instant, Value
from stream.values import from_iso as from_iso
from stream.values import rounded as rounded
from stream.values import to_iso as to_iso
from stream.values import update_id as update_id


class Cause(Value):
    """What made it happen: an event, the passing of time, or a new model."""

    kind: Literal["event", "time", "model"]
    event_id: str | None = Field(None, description="`messageId` of the event")
    event: str | None = Field(None, description="Name of the event")
    model: int | None = Field(None, description="Version of the model that was adopted")


class Deciding(Value):
    """One feature's part in a decision."""

    feature: str
    value: float | None = Field(description="The customer's value, in `unit`; null when there was nothing to measure")
    contribution: float = Field(description="Its part of the margin, or of the score's log-odds")
    unit: str = ""
    before: float | None = Field(None, description="Its value when the customer came into the segment that it leaves")
    change: float | None = Field(None, description="How much of its contribution has come about since then")


class SegmentRef(Value):
    """A segment, by its durable id and its present name."""

    id: str
    name: str


class SegmentChanged(Value):
    """A customer is in another segment now: the receipt of a change.

    With d²(x, s) the squared distance of the customer to a segment's centre in scaled space,
    `margin` = d²(x, other) - d²(x, to), where `other` is `from`, or the runner-up on a first assignment. A feature's
    contribution is its own term of that difference, so that the contributions of *all* features sum to the margin. On a
    first assignment, or when a new model moves the customer, the largest ones are listed, by absolute size. Otherwise
    those come first that brought the move about: whose contribution has grown most since the customer came into `from`.
    These changes of *all* features sum to the margin less what it was then.
    """

    id: str = Field(description="Deterministic: same cause, same id")
    customer: str
    occurred_at: Instant = Field(description="Event time")
    from_: SegmentRef | None = Field(None, alias="from", description="Null on a first assignment")
    to: SegmentRef
    cause: Cause
    model: int = Field(description="Version of the model that decided")
    margin: float = Field(description="How much nearer `to` is, as a difference of squared distances")
    features: tuple[Deciding, ...] = Field((), description="Deciding features, largest contribution first")


class PropensityScored(Value):
    """How likely a customer is to do the target within the horizon, when that has moved."""

    id: str = Field(description="Deterministic: same cause, same id")
    customer: str
    occurred_at: Instant = Field(description="Event time")
    target: str
    score: float = Field(ge=0, le=1, description="Probability")
    band: Literal["low", "medium", "high"]
    decile: int = Field(ge=1, le=10, description="Tenth of the eligible customers it lies in; 10 are the most likely")
    previous: float | None = Field(None, ge=0, le=1, description="The score published before")
    cause: Cause
    model: int = Field(description="Version of the model that scored")
    features: tuple[Deciding, ...] = Field((), description="Contributions to the log-odds, largest first")
    base: float = Field(description="Log-odds that reasons start from: about those of an average customer")
    rest: float = Field(
        description="What all other features contribute; base + features + rest are the score's log-odds"
    )


class RecommendedItem(Value):
    """One item to show, and why."""

    item: str
    score: float
    reason: Literal["similar", "after", "again", "popular", "content", "pinned"]
    because: str | None = Field(None, description="The customer's own item that counted most: a similar one, or itself")
    sentence: str = Field(description="The reason in words")


class ItemsRecommended(Value):
    """What to show a customer next, best first."""

    id: str = Field(description="Deterministic: same cause, same id")
    customer: str
    occurred_at: Instant = Field(description="Event time")
    cause: Cause
    model: int = Field(description="Version of the model that recommended")
    items: tuple[RecommendedItem, ...]
    empty_because: str | None = Field(None, description="Why there are no items; null when there are some")


class RecommendationsAnswered(Value):
    """The answer to a request: what to show the customer now, best first, also when it is what was said before."""

    id: str = Field(description="Deterministic: same cause, same id. Names the list when it is shown")
    customer: str
    correlation_id: str = Field(description="The request's")
    occurred_at: Instant = Field(description="Event time")
    cause: Cause
    model: int = Field(description="Version of the model that recommended; 0 before there is any")
    basis: Literal["customer", "basket", "popular"] = Field(
        description="What is known: orders of the customer; only a basket; nothing, so it is what is popular"
    )
    items: tuple[RecommendedItem, ...]
    empty_because: str | None = Field(None, description="Why there are no items; null when there are some")


class EventRejected(Value):
    """A record that was no event: the dead letter.

    On its topic the record's key and value are the *original* bytes; the rest is in its headers.
    """

    id: str = Field(description="Deterministic: same record, same id")
    code: str = Field(description="One of the codes listed in `stream.events`")
    detail: str = Field(description="One sentence, without any of the customer's values")
    topic: str
    partition: int
    offset: int
    timestamp: int = Field(description="The source record's own, in ms since 1970; it may be out of any calendar")
    key: bytes | None = None
    value: bytes | None = None


class SegmentCard(Value):
    """What a segment is at the time of a revision."""

    id: str = Field(description="Durable: survives retraining")
    name: str
    size: int = Field(ge=0, description="Customers in the sample")
    share: float = Field(ge=0, le=1, description="Share of the sample")
    centre: dict[str, float] = Field(description="Feature -> value at the centre, in the feature's own unit")
    lineage: Literal["born", "kept", "split", "merged", "died"]
    parents: tuple[str, ...] = Field((), description="For `split` and `merged`: ids it came from")
    moved: float | None = Field(
        None, description="How far its centre has gone since, as a share of the distance to its nearest neighbour then"
    )
    locked: bool = Field(False, description="An operator has asked that it rests and does not die")


class SegmentsRevised(Value):
    """The segments of a new model, all of them, with those that died."""

    id: str = Field(description="Deterministic: same model, same id")
    model: int = Field(description="Version of the model that brought them")
    occurred_at: Instant = Field(description="Event time")
    segments: tuple[SegmentCard, ...]
    why: str = Field(description="One sentence: what made the revision")
    drift: dict[str, float] = Field(
        default_factory=dict,
        description="Feature -> population stability index against the customers at the last fresh look; .25 is much",
    )


Update = (
    SegmentChanged
    | PropensityScored
    | ItemsRecommended
    | RecommendationsAnswered
    | EventRejected
    | SegmentsRevised
    | MetricsMeasured
)


def to_json(update: Update) -> bytes:
    """Canonical JSON of an update: fields in the order declared, camelCase, no whitespace, UTF-8.

    Equal updates give equal bytes. Keys of `SegmentCard.centre` keep the order their creator gave them.

    >>> to_json(SegmentsRevised(id="1", model=2, occurred_at=0, segments=(), why="First model."))
    b'{"id":"1","model":2,"occurredAt":"1970-01-01T00:00:00.000Z","segments":[],"why":"First model.","drift":{}}'
    """
    return update.__pydantic_serializer__.to_json(update, by_alias=True)
