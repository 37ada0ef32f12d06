"""What is known of one customer, and of the segments: read from the store and the topics, changing nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgpack
import numpy as np

from consumers.kafka import KafkaReader
from eddyline.connected import open_store
from eddyline.sample import none_yet
from eddyline.settings import Settings
from producers.partitioner import partition_of
from producers.topics import Topics
from stream.config import EngineConfig
from stream.errors import DataError, InputError
from stream.model import Model
from stream.profiles.customers import Customers
from stream.profiles.profile import Profile
from stream.propensity.eligible import eligible
from stream.propensity.told import told
from stream.reasons import by_trait, deciding
from stream.recommend.lists import STATE, Lists
from stream.records import TopicPartition
from stream.segments.revision import revision
from stream.store.base import Saved, StateStore
from stream.updates import SegmentChanged, SegmentsRevised, rounded, to_iso

TAIL = 20_000
"""Records of a partition that are searched for a customer's changes."""

_ITEMS = 10


@dataclass(frozen=True)
class CustomerView:
    """One customer, as of `at` (event time, ms).

    Attributes
    ----------
    features
        Feature -> value; None where there is nothing to measure.
    segment
        Id, name, runner-up (None: it is the only one), margin to it and deciding features; None before the first
        assignment.
    scores
        For each target that the customer is scored for: probability, band, decile, and the deciding features.
    bought
        Items, the latest first.
    similar
        Items like the one bought last, with similarities.
    recommended
        What would be shown now, with reasons.
    changes
        The latest segment changes, the newest first.
    """

    customer: str
    partition: int
    at: int
    features: dict[str, float | None]
    segment: dict[str, Any] | None
    scores: tuple[dict[str, Any], ...]
    bought: tuple[str, ...]
    similar: tuple[tuple[str, float], ...]
    recommended: tuple[dict[str, Any], ...]
    changes: tuple[SegmentChanged, ...]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "customer": self.customer,
            "partition": self.partition,
            "at": to_iso(self.at),
            "features": self.features,
            "segment": self.segment,
            "scores": list(self.scores),
            "bought": list(self.bought),
            "similar": [{"item": item, "similarity": rounded(score)} for item, score in self.similar],
            "recommended": list(self.recommended),
            "changes": [change.model_dump(mode="json", by_alias=True) for change in self.changes],
        }


def read_segments(settings: Settings) -> SegmentsRevised:
    """Segments of the newest model.

    Raises
    ------
    DataError
        When there is none yet.
    """
    with closing(open_store(settings)) as store:
        packed = store.shared("model")
    model = Model() if packed is None else Model.unpack(packed)
    if model.segments is None:
        raise DataError(none_yet(settings, model))
    return revision(model, model)


def read_revisions(settings: Settings) -> Iterator[SegmentsRevised]:
    """All revisions of the segments that the topic has, in their order.

    Raises
    ------
    DataError
        When there is none yet.
    """
    with closing(KafkaReader(settings.kafka)) as reader:
        at = TopicPartition(settings.topics.segments, 0)
        first, end = reader.bounds(at)
        if first == end:
            raise DataError("there are no segments yet; see `eddyline segments`")
        for record in reader.read(at, first, end):
            yield SegmentsRevised.model_validate_json(record.value or b"")


def read_customer(settings: Settings, customer: str) -> CustomerView:
    """All that is known of a customer.

    Raises
    ------
    InputError
        When no event of this customer has been processed.
    """
    try:
        key = customer.encode()
    except UnicodeEncodeError:
        raise InputError("the customer's id is not UTF-8: look at the terminal's encoding") from None
    with closing(KafkaReader(settings.kafka)) as reader, closing(open_store(settings)) as store:
        partition = partition_of(key, reader.partitions(settings.topics.events))
        packed = store.profile(partition, customer)
        if packed is None:
            raise InputError(f"nothing is known of customer {customer!r}: look at the id, it is the events' userId")
        changes = _recent_changes(reader, settings.topics, key)
        return _view(store, settings.engine, partition, customer, packed, changes)


def read_similar(settings: Settings, item: str, count: int) -> list[tuple[str, float]]:
    """Items nearest to an item with their similarity in (0, 1], most similar first.

    Raises
    ------
    InputError
        When none are known.
    """
    with closing(open_store(settings)) as store:
        found = store.similar(item, count)
        if not found:
            why = "look at the id, it is a product_id" if store.popular(1) else "nothing was ordered yet"
            raise InputError(f"nothing is ordered together with item {item!r}: {why}")
        return found


def _view(
    store: StateStore,
    config: EngineConfig,
    partition: int,
    customer: str,
    packed: bytes,
    changes: tuple[SegmentChanged, ...],
) -> CustomerView:
    profile = Profile.unpack(customer, packed)
    position, model_bytes = store.scalar(partition, "position"), store.scalar(partition, "model")
    clock = msgpack.unpackb(position)[0] if position else 0
    model = Model.unpack(model_bytes) if model_bytes else Model()
    at = max(clock, profile.last)
    row = Customers(config).read([profile], at)
    names = [feature.name for feature in config.features]
    bought = tuple(reversed(profile.bought))
    return CustomerView(
        customer=customer,
        partition=partition,
        at=at,
        features={
            name: None if np.isnan(value) else rounded(value)
            for name, value in zip(names, row[0].tolist(), strict=True)
        },
        segment=_segment(model, config, profile, row),
        scores=tuple(_scores(model, config, row)),
        bought=bought,
        similar=tuple(store.similar(bought[0], _ITEMS)) if bought else (),
        recommended=_recommended(store, partition, model, config, profile, at),
        changes=changes,
    )


def _segment(model: Model, config: EngineConfig, profile: Profile, row: Any) -> dict[str, Any] | None:
    segments = model.segments
    if segments is None or profile.segment not in segments.ids:
        return None
    scaled = segments.scaling.transform_many(row)
    distances = segments.measure(scaled)[0]
    here = segments.ids.index(profile.segment)
    others = [place for place in range(len(segments.ids)) if place != here]
    second = min(others, key=lambda place: distances[place], default=here)
    terms = segments.contributions(scaled[0], here, second)
    return {
        "id": profile.segment,
        "name": segments.name(profile.segment),
        "runner_up": segments.names[second] if others else None,
        "margin": rounded(float(distances[second] - distances[here])),
        "features": list(deciding(segments.features, row[0], terms, _units(config), config.segments.reasons)),
    }


def _scores(model: Model, config: EngineConfig, row: Any) -> Iterator[dict[str, Any]]:
    if model.segments is None:
        return
    standard = model.segments.scaling.standardise_many(row)
    names, traits = tuple(feature.name for feature in config.features), by_trait(config.features)
    for target in config.targets:
        found = model.scoring(target, names)
        if found is None or not eligible(target, names, row)[0]:
            continue
        score = rounded(float(found.predict_proba_many(standard)[0]))
        said = told(found, target, score, standard[0], row[0], _units(config), traits)
        yield {"target": target.name} | said | {"features": list(said["features"])}


def _recommended(
    store: StateStore, partition: int, model: Model, config: EngineConfig, profile: Profile, at: int
) -> tuple[dict[str, Any], ...]:
    if model.items is None:
        return ()
    kept = {STATE: store.scalar(partition, STATE)}
    scalars = {name: packed for name, packed in kept.items() if packed is not None}
    lists = Lists(
        config.recommend, Saved(0, items=store.items(partition), scalars=scalars), model.items, model.segment_names
    )
    ranked = lists.recommend(profile, at, config.recommend.count)
    return tuple(
        {"item": one.item, "score": rounded(one.score), "reason": one.reason, "because": one.because} for one in ranked
    )


def _recent_changes(reader: KafkaReader, topics: Topics, key: bytes) -> tuple[SegmentChanged, ...]:
    at = TopicPartition(topics.segment_changes, partition_of(key, reader.partitions(topics.segment_changes)))
    first, end = reader.bounds(at)
    tail = reader.read(at, max(first, end - TAIL), end)
    found = [record.value for record in tail if record.key == key and record.value is not None]
    return tuple(SegmentChanged.model_validate_json(value) for value in islice(reversed(found), _ITEMS))


def _units(config: EngineConfig) -> dict[str, str]:
    return {feature.name: feature.unit for feature in config.features}
