"""The topics: their names, and one table of what each is for, how it is keyed, and what is on it."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stream.commands import SegmentCommand
from stream.events import CustomerEvent
from stream.updates import (
    EventRejected,
    ItemsRecommended,
    MetricsMeasured,
    PropensityScored,
    RecommendationsAnswered,
    SegmentChanged,
    SegmentsRevised,
)

_Name = Annotated[str, Field(pattern=r"^\.*[A-Za-z0-9_-][A-Za-z0-9._-]*$", max_length=249)]


class Topics(BaseModel):
    """Names of the topics. `prefix` goes before the default names; a name that is given is taken as it is.

    >>> Topics(prefix="eu.", events="clicks").segment_changes
    'eu.segment-changes'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prefix: str = Field("", pattern=r"^[A-Za-z0-9._-]*$", description="Goes before every name that is not given")
    events: _Name = "events"
    segment_changes: _Name = "segment-changes"
    propensity_scores: _Name = "propensity-scores"
    recommendations: _Name = "recommendations"
    recommendation_replies: _Name = "recommendation-replies"
    segments: _Name = "segments"
    metrics: _Name = "metrics"
    commands: _Name = "commands"
    models: _Name = "models"
    journal: _Name = "journal"
    dead_letters: _Name = "dead-letters"

    @property
    def written(self) -> tuple[str, ...]:
        """Names of those that workers write."""
        return tuple(name for field, name in self if field not in ("prefix", "events", "commands"))

    @model_validator(mode="before")
    @classmethod
    def _prefixed(cls, values: Any) -> Any:
        if not isinstance(values, dict) or not values.get("prefix"):
            return values
        names = {name: field.default for name, field in cls.model_fields.items() if name != "prefix"}
        return {name: f"{values['prefix']}{default}" for name, default in names.items()} | values

    @model_validator(mode="after")
    def _distinct(self) -> Topics:
        names = [name for field, name in self if field != "prefix"]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"topic {twice[0]!r} is used twice")
        return self


class Channel(NamedTuple):
    """One topic: what a reader or an operator needs to know of it.

    `field` is its name in `Topics`. `payload` is None where the value is internal and may change between versions.
    `partitions` is None where there are as many as of `events`.
    """

    field: str
    title: str
    description: str
    key: str
    payload: type[BaseModel] | None
    headers: dict[str, str]
    partitions: int | None = None
    settings: dict[str, str] = {}  # noqa: RUF012  (never written to)


_CUSTOMER = "The customer's id, UTF-8"
_FOREVER = {"retention.ms": "-1"}

CLOUD_EVENT = {
    "ce_specversion": "CloudEvents version: 1.0",
    "ce_id": "The update's id: same cause, same id, so that a reader can drop repeats",
    "ce_source": "Who says it: /eddyline",
    "ce_type": "Kind of update, such as eddyline.SegmentChanged",
    "ce_time": "When it happened, in event time, ISO-8601",
    "ce_subject": "The customer; absent where the update is of no single customer",
    "content-type": "application/json",
}
"""Headers of every update (CloudEvents 1.0, binary mode) -> what each says."""

RETRIED, RETRIED_FROM = "eddyline-retried", "eddyline-retried-from"
"""Headers that a retry writes: on the mark beside the letter, and on the event. Both name TOPIC/PARTITION/OFFSET."""

CUT = ("eddyline-key-bytes", "eddyline-value-bytes")
"""Headers of a letter that is not whole."""

DEAD_LETTER = {
    "eddyline-id": "Same record, same id",
    "eddyline-code": "Why it is no event, as a code",
    "eddyline-detail": "Why it is no event, in a sentence that holds none of the customer's values",
    "eddyline-source-topic": "Where the record was",
    "eddyline-source-partition": "Where the record was",
    "eddyline-source-offset": "Where the record was",
    "eddyline-source-timestamp": "The record's own timestamp, in ms since 1970",
    "eddyline-key-bytes": "Size of the original key, only where a key above 64 KiB was cut to that",
    "eddyline-value-bytes": "Size of the original value, only where a value above 896 KiB was cut to that",
    RETRIED: "The letter (topic/partition/offset) that was retried, only on the mark of that, which has no value",
}
"""Headers of a dead letter -> what each says."""

OPTIONAL = frozenset(("ce_subject", *CUT, RETRIED))
"""Headers that are not on every record."""

CHANNELS: tuple[Channel, ...] = (
    Channel(
        "events",
        "Customer events",
        "What customers do, in the words of the Segment spec. The only topic that Eddyline needs from outside.",
        f"{_CUSTOMER}: userId, else anonymousId",
        CustomerEvent,
        {},
        # A lost store is rebuilt from it, and loaded history has old timestamps. The size is that of Kafka itself.
        settings={**_FOREVER, "max.message.bytes": "1048588"},
    ),
    Channel(
        "segment_changes",
        "Segment changes",
        "A customer is in another segment now, with the reason.",
        _CUSTOMER,
        SegmentChanged,
        CLOUD_EVENT,
    ),
    Channel(
        "propensity_scores",
        "Propensity scores",
        "How likely a customer is to do the target soon, whenever that has moved.",
        _CUSTOMER,
        PropensityScored,
        CLOUD_EVENT,
    ),
    Channel(
        "recommendations",
        "Recommendations",
        "What to show a customer next, with a reason for each item.",
        _CUSTOMER,
        ItemsRecommended,
        CLOUD_EVENT,
    ),
    Channel(
        "recommendation_replies",
        "Recommendation replies",
        "Answers to `Recommendations Requested`, one each, with the request's correlation id.",
        _CUSTOMER,
        RecommendationsAnswered,
        CLOUD_EVENT | {"ce_correlationid": "The request's correlation_id"},
    ),
    Channel(
        "segments",
        "Segments",
        "All segments of the present model, in one record, so that no reader sees half a revision.",
        "The word `segments`: the newest record is the whole truth",
        SegmentsRevised,
        CLOUD_EVENT,
        partitions=1,
        settings=_FOREVER,  # their history is read from it
    ),
    Channel(
        "metrics",
        "Metrics",
        "How well scores and recommendations have done, with each new model: AUC, calibration, lift, click-through.",
        "The word `metrics`: the newest record is the whole truth",
        MetricsMeasured,
        CLOUD_EVENT,
        partitions=1,
        settings=_FOREVER,  # their history is read from it
    ),
    Channel(
        "commands",
        "Commands",
        "What operators ask of the segments: a name, a lock, a merge, an end, another number of them.",
        "The segment's id; the letter `k` where all segments are meant",
        SegmentCommand,
        {},
        partitions=1,
        settings=_FOREVER,
    ),
    Channel(
        "models",
        "Models",
        "Frozen, versioned models, as the workers adopt them. Internal: may change between versions.",
        "Version of the model",
        None,
        {},
        partitions=1,
        settings=_FOREVER,
    ),
    Channel(
        "journal",
        "Journal",
        "What the workers decided (time has passed, a model was adopted): with the events, all that a replay needs. "
        "Internal: may change between versions.",
        "Partition of `events` that it is about",
        None,
        {},
        settings=_FOREVER,
    ),
    Channel(
        "dead_letters",
        "Dead letters",
        "Records that were no events: original key and value, byte for byte (of giants, the beginning), and the reason "
        "in the headers. When one is retried, its key and headers come once more, without the value.",
        "The original key",
        EventRejected,
        DEAD_LETTER,
    ),
)
"""Every topic, in the order in which `topics create` makes them."""
