"""Checks before the first record: do topics, store and settings belong together?"""

from __future__ import annotations

import json
from hashlib import blake2b

from consumers.source import LogReader
from producers.topics import CHANNELS, Topics
from stream.config import EngineConfig
from stream.errors import Mismatch, MissingTopic
from stream.store.base import StateStore

# Of a feature: what it is called, and not what is remembered.
_WORDS = {"unit", "description", "high", "low", "high_from", "low_to", "theme"}
_MADE_OF = {
    "features": "the store's profiles were made",
    "recommend.half_life": "the store's item counts were made",
    "propensity.event": "the classifier has learnt",
    "propensity.horizon": "the classifier has learnt",
}


def check(config: EngineConfig, topics: Topics, reader: LogReader, store: StateStore, deployment: str) -> int:
    """Partition count of the events topic.

    Raises
    ------
    MissingTopic
        When a topic does not exist.
    Mismatch
        When partition counts differ, or the store holds another deployment's state, or one made with other settings.
    """
    counts = {}
    for channel in CHANNELS:
        topic = getattr(topics, channel.field)
        try:
            counts[channel.field] = reader.partitions(topic)
        except MissingTopic:
            raise MissingTopic(f"Topic {topic!r} does not exist; `eddyline topics create` makes all of them.") from None
    partitions = counts["events"]
    if counts["journal"] != partitions:
        raise Mismatch(
            f"Topic {topics.journal!r} has {counts['journal']} partitions and {topics.events!r} has {partitions}; "
            "they must have the same number."
        )
    store.claim(deployment, partitions)
    _check_settings(config, store)
    return partitions


def _check_settings(config: EngineConfig, store: StateStore) -> None:
    """Settings that stored numbers are made of: under others these would mean something else, and nobody would see."""
    declared = json.dumps([feature.model_dump(exclude=_WORDS) for feature in config.features]).encode()
    settings = {
        "features": blake2b(declared, digest_size=16).hexdigest(),
        "recommend.half_life": config.recommend.half_life,
        "propensity.event": config.propensity.event,
        "propensity.horizon": config.propensity.horizon,
    }
    known = store.shared("settings")
    if known is None:
        store.put_shared("settings", json.dumps(settings).encode())
        return
    before = json.loads(known)
    for name, value in settings.items():
        if before[name] != value:
            was = "" if name == "features" else f" ({before[name]}{' ms' if isinstance(value, int) else ''})"
            raise Mismatch(
                f"{name}: {_MADE_OF[name]} with another setting{was}. Go back to it, or start a new deployment, with "
                "topics and a store of its own."
            )
