"""Checks before the first record: do topics, store and settings belong together?"""

from __future__ import annotations

import json
from hashlib import blake2b

from consumers.source import LogReader
from producers.topics import CHANNELS, Topics
from stream.config import EngineConfig
from stream.errors import Mismatch, MissingTopic
from stream.model import FORMAT
from stream.store.base import StateStore
from stream.store.transplant import check_finished
from stream.target import Target

# Of a feature: what it is called, and not what is remembered.
_WORDS = {"unit", "description", "high", "low", "high_from", "low_to", "theme"}
# Of a target: what its classifier has learnt, and not when or how a score is told.
_LABEL = {"events", "where", "value", "at_least", "absent", "until", "horizon", "classifier", "negatives"}
_TARGET = "targets."
_MADE_OF = {
    "features": "the store's profiles were made",
    "recommend.half_life": "the store's item counts were made",
}


def check(config: EngineConfig, topics: Topics, reader: LogReader, store: StateStore, deployment: str) -> int:
    """Partition count of the events topic.

    Raises
    ------
    MissingTopic
        When a topic does not exist.
    Mismatch
        When partition counts differ, or the store holds another deployment's state, or one made with other settings,
        or the command that puts a state there was interrupted.
    """
    counts = {}
    for channel in CHANNELS:
        topic = getattr(topics, channel.field)
        try:
            counts[channel.field] = reader.partitions(topic)
        except MissingTopic:
            raise MissingTopic(f"Topic {topic!r} does not exist; `eddyline topics create` makes all of them.") from None
    check_finished(store)
    partitions = counts["events"]
    if counts["journal"] != partitions:
        raise Mismatch(
            f"Topic {topics.journal!r} has {counts['journal']} partitions and {topics.events!r} has {partitions}; "
            "they must have the same number. Where a topic was given more, `eddyline topics migrate` does the rest."
        )
    store.claim(deployment, partitions)
    _check_settings(config, store)
    return partitions


def _check_settings(config: EngineConfig, store: StateStore) -> None:
    """Settings that stored numbers are made of: under others these would mean something else, and nobody would see."""
    settings: dict[str, str | int] = {
        "format": FORMAT,
        "features": _digest([feature.model_dump(exclude=_WORDS) for feature in config.features]),
        "recommend.half_life": config.recommend.half_life,
    }
    settings |= {f"{_TARGET}{target.name}": _digest(_meaning(target)) for target in config.targets}
    known = store.shared("settings")
    if known is None:
        store.put_shared("settings", json.dumps(settings).encode())
        return
    before = json.loads(known)
    if before.get("format", 1) != FORMAT:
        raise Mismatch(
            f"The store is in format {before.get('format', 1)}, and this version of Eddyline writes format {FORMAT}. "
            "`eddyline state migrate` brings it to that; or run the version that wrote it."
        )
    for name, value in settings.items():
        if name in before and before[name] != value:
            raise Mismatch(_refusal(name, before[name]))
    if not settings.keys() <= before.keys():
        store.put_shared("settings", json.dumps(before | settings).encode())


def _refusal(name: str, before: str | int) -> str:
    if name.startswith(_TARGET):
        return (
            f"{name}: its classifier has learnt with other settings. Go back to them, or give the target another name: "
            "it then begins to learn anew."
        )
    was = f" ({before} ms)" if isinstance(before, int) else ""
    return (
        f"{name}: {_MADE_OF[name]} with another setting{was}. Go back to it, or start a new deployment, with topics "
        "and a store of its own."
    )


def _meaning(target: Target) -> dict[str, object]:
    """What a target's label is made of, in whichever order it is written."""
    values = target.model_dump(include=_LABEL)
    return {key: sorted(value) if isinstance(value, tuple) else value for key, value in values.items()}


def _digest(values: object) -> str:
    return blake2b(json.dumps(values, sort_keys=True).encode(), digest_size=16).hexdigest()
