"""The present model and the customers it can be looked at with, read from the store, changing nothing."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from typing import NamedTuple

from consumers.kafka import KafkaReader
from eddyline.connected import open_store
from eddyline.settings import Settings
from producers.partitioner import partition_of
from stream.contribution import Contribution, merge
from stream.errors import DataError
from stream.model import Model
from stream.profiles.profile import Profile
from stream.segments.model import SegmentsModel


class Sample(NamedTuple):
    """The newest model with segments, and all partitions' contributions, merged: a uniform sample of customers."""

    model: Model
    segments: SegmentsModel
    merged: Contribution


def read_sample(settings: Settings) -> Sample:
    """The newest model and the sample that the next one will be learnt from.

    Raises
    ------
    DataError
        When there are no segments, and why.
    """
    model, merged = read_contributions(settings)
    if model.segments is None:
        raise DataError(none_yet(settings, model))
    return Sample(model, model.segments, merged)


def read_contributions(settings: Settings) -> tuple[Model, Contribution]:
    """The newest model, with or without segments, and all partitions' contributions, merged.

    Raises
    ------
    DataError
        When no partition has contributed yet.
    """
    with closing(KafkaReader(settings.kafka)) as reader:
        partitions = reader.partitions(settings.topics.events)
    with closing(open_store(settings)) as store:
        packed = store.shared("model")
        found = [store.scalar(partition, "contribution") for partition in range(partitions)]
    model = Model() if packed is None else Model.unpack(packed)
    contributions = [Contribution.unpack(one) for one in found if one is not None]
    if not contributions:
        raise DataError(none_yet(settings, model))
    return model, merge(contributions)


def none_yet(settings: Settings, model: Model) -> str:
    """Why there are no segments."""
    return model.failure or (
        f"there are no segments yet: they are learnt after {settings.learning.every:,} events of a partition and "
        f"{settings.segments.rows_needed:,} customers; see `eddyline run`"
    )


def read_bought(settings: Settings, customers: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Customer -> the items of the latest orders; customers that the store does not hold are left out."""
    bought = {}
    with closing(KafkaReader(settings.kafka)) as reader:
        partitions = reader.partitions(settings.topics.events)
    with closing(open_store(settings)) as store:
        for customer in customers:
            packed = store.profile(partition_of(customer.encode(), partitions), customer)
            if packed is not None:
                bought[customer] = tuple(Profile.unpack(customer, packed).bought)
    return bought
