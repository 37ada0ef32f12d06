"""How well a deployment predicts and recommends: all partitions' tallies, read from the store and merged."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from functools import reduce

from consumers.kafka import KafkaReader
from eddyline.connected import open_store
from eddyline.settings import Settings
from stream.errors import DataError, InputError
from stream.evaluate.tally import Tally
from stream.evaluate.target import TargetTally
from stream.model import Model

ENDED = "(ended)"
"""Stands behind the name of a segment that is no more."""


def read_tally(settings: Settings) -> Tally:
    """All partitions' tallies as of their last commits, merged.

    Raises
    ------
    DataError
        When no partition has processed anything yet.
    """
    with closing(KafkaReader(settings.kafka)) as reader:
        partitions = reader.partitions(settings.topics.events)
    with closing(open_store(settings)) as store:
        found = [store.scalar(partition, "tally") for partition in range(partitions)]
    tallies = [Tally.unpack(packed) for packed in found if packed is not None]
    if not tallies:
        raise DataError("nothing has been measured yet: no event has been processed; see `eddyline run`")
    return reduce(Tally.merge, tallies)


def read_names(settings: Settings) -> dict[str, str]:
    """Segment's id -> its name in the present model, that of an ended one marked; none before there are segments."""
    with closing(open_store(settings)) as store:
        packed = store.shared("model")
    segments = None if packed is None else Model.unpack(packed).segments
    if segments is None:
        return {}
    ended = {one: f"{name} {ENDED}" for one, name in segments.retired.items()}
    return ended | dict(zip(segments.ids, segments.names, strict=True))


def chosen(tally: Tally, declared: Mapping[str, float], target: str | None) -> dict[str, TargetTally]:
    """The tallies of the declared targets in their order, or of one; empty where nothing was scored yet.

    Raises
    ------
    InputError
        When there is no such target.
    """
    if target is not None and target not in declared:
        raise InputError(f"there is no target {target!r}; those of the settings are {', '.join(declared) or 'none'}")
    return {name: tally.targets.get(name, TargetTally()) for name in declared if target in (None, name)}


def declared(settings: Settings) -> dict[str, float]:
    """Target -> the threshold of a yes, in the order of the settings."""
    return {target.name: target.threshold for target in settings.targets}
