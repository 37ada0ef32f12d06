"""Checks before the first record: do topics, store and settings belong together?"""

from __future__ import annotations

import json
from hashlib import blake2b

from consumers.source import LogReader
from producers.topics import CHANNELS, Topics
from stream.config import EngineConfig
from stream.errors import Mismatch, MissingTopic
from stream.store.base import StateStore


def check(config: EngineConfig, topics: Topics, reader: LogReader, store: StateStore, deployment: str) -> int:
    """Partition count of the events topic.

    Raises
    ------
    MissingTopic
        When a topic does not exist.
    Mismatch
        When partition counts differ, or the store holds another deployment's state or other features'.
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
    declared = json.dumps([feature.model_dump() for feature in config.features]).encode()
    digest = blake2b(declared, digest_size=16).hexdigest().encode()
    known = store.shared("features")
    if known is None:
        store.put_shared("features", digest)
    elif known != digest:
        raise Mismatch(
            "features: the store's profiles were made with other features. Start a new deployment, with topics and a "
            "store of its own, to measure other things."
        )
    return partitions
