"""What must be in the topics: the fold of the events, in memory, by the decisions that are in the journal.

Shares the engine and the encoding of its updates with the product, and nothing of how a worker reads, stores,
publishes or recovers.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from producers.encode import encode
from producers.topics import Topics
from stream.config import EngineConfig
from stream.contribution import Contribution, merge
from stream.engine import Engine
from stream.entries import Entry, ModelAdopted, Tick
from stream.evaluate.measure import metrics
from stream.events import decode
from stream.model import Model, learn
from stream.records import Outgoing, Record
from stream.segments.revision import revision
from tests.chaos.load import partition_of
from tests.chaos.watch import Seen

Contents = Mapping[tuple[str, int], Sequence[Seen]]
Message = tuple[bytes | None, bytes | None, tuple[tuple[str, bytes], ...]]


class Reference(NamedTuple):
    """What a run without faults gives.

    Attributes
    ----------
    outputs
        Messages by topic and partition, in order.
    hashes
        Hash of the state, by partition.
    lists
        Customer -> current list, by partition.
    wrong
        What the journal and the models topic say that cannot be, in sentences.
    """

    outputs: dict[tuple[str, int], list[Message]]
    hashes: list[str]
    lists: list[dict[str, bytes]]
    wrong: list[str]


def fold(config: EngineConfig, topics: Topics, contents: Contents, partitions: int) -> Reference:
    """Fold the events that are in the topics, following the decisions there.

    Parameters
    ----------
    config
        Engine settings.
    topics
        Names of the topics.
    contents
        All that is in `events`, `journal` and `models`.
    partitions
        Of the events.
    """
    models, wrong = _models(contents[topics.models, 0])
    outputs: dict[tuple[str, int], list[Message]] = defaultdict(list)
    contributions: dict[tuple[int, int], Contribution] = {}
    hashes = []
    lists: list[dict[str, bytes]] = []
    for partition in range(partitions):
        engine = Engine(config)
        current: dict[str, bytes | None] = {}
        entries = _entries(config, topics, contents, partition, models, wrong)
        while entries:
            some = _up_to_boundary(entries, engine.until_boundary)
            entries = entries[len(some) :]
            before = engine.model
            if isinstance(some[0], ModelAdopted) and partition == 0:
                for update in _told(some[0].model, before):
                    _place(outputs, encode(update, topics), 1)
            updates, delta = engine.apply(some)
            current |= delta.lists
            for update in updates:
                _place(outputs, encode(update, topics), partitions)
            if "contribution" in delta.scalars:
                found = Contribution.unpack(delta.scalars["contribution"])
                contributions[partition, found.entries] = found
        hashes.append(engine.state_hash())
        lists.append({customer: packed for customer, packed in current.items() if packed is not None})
    wrong += _learnt(
        config, [json.loads(one.value or b"") for one in contents[topics.journal, 0]], models, contributions
    )
    return Reference(dict(outputs), hashes, lists, wrong)


def _models(records: Sequence[Seen]) -> tuple[dict[int, Model], list[str]]:
    """Models by version; each must be there once, whole."""
    models: dict[int, Model] = {}
    wrong: list[str] = []
    parts: list[bytes] = []
    for record in records:
        version, headers = int(record.key or 0), dict(record.headers)
        place, count = map(int, headers["part"].split(b"/"))
        parts.append(record.value or b"")
        if place != len(parts):
            wrong.append(f"models: part {place} of model {version} comes at place {len(parts)}")
        if place == count:
            model = Model.unpack(b"".join(parts))
            parts = []
            if version in models or version != len(models) + 1 or model.version != version:
                wrong.append(f"models: model {version} comes after {sorted(models)}")
            if model.digest.encode() != headers["digest"]:
                wrong.append(f"models: model {version} is not what its digest says")
            models[version] = model
    return models, wrong


def _entries(
    config: EngineConfig,
    topics: Topics,
    contents: Contents,
    partition: int,
    models: Mapping[int, Model],
    wrong: list[str],
) -> list[Entry]:
    """Events and decisions of a partition, in the order in which they must have been applied."""
    entries: list[Entry] = []
    events = list(contents[topics.events, partition])
    at = position = 0
    for number, record in enumerate(contents[topics.journal, partition], 1):
        decision = json.loads(record.value or b"{}")
        where = f"journal {partition}, record {number}"
        if decision["number"] != number:
            wrong.append(f"{where}: has number {decision['number']}")
        if decision["position"] < position:
            wrong.append(f"{where}: goes back from offset {position} to {decision['position']}")
        position = decision["position"]
        while at < len(events) and events[at].offset < position:
            entries.append(decode(_record(topics.events, partition, events[at]), config.events))
            at += 1
        if decision["kind"] == "tick":
            entries.append(Tick(decision["time"]))
        elif (model := models.get(decision["version"])) is None or model.digest != decision["digest"]:
            wrong.append(f"{where}: adopts model {decision['version']}, which is not in the models topic")
        else:
            entries.append(ModelAdopted(model))
    return entries + [decode(_record(topics.events, partition, one), config.events) for one in events[at:]]


def _up_to_boundary(entries: Sequence[Entry], until: int) -> list[Entry]:
    """Entries to apply at once: a model alone, or what comes before the next model or learning boundary."""
    some: list[Entry] = []
    for entry in entries:
        if isinstance(entry, ModelAdopted) and some:
            break
        some.append(entry)
        until -= not isinstance(entry, Tick | ModelAdopted)
        if not until or isinstance(entry, ModelAdopted):
            break
    return some


def _told(model: Model, before: Model) -> list[Any]:
    """What the owner of partition 0 publishes of a model that it adopts."""
    measured = metrics(model)
    return [
        *([] if model.segments is None else [revision(model, before)]),
        *([] if measured is None else [measured]),
    ]


def _place(outputs: dict[tuple[str, int], list[Message]], record: Outgoing, partitions: int) -> None:
    partition = 0 if record.key is None else partition_of(record.key, partitions)
    outputs[record.topic, partition].append((record.key, record.value, record.headers))


def _record(topic: str, partition: int, seen: Seen) -> Record:
    return Record(topic, partition, seen.offset, seen.timestamp, seen.key, seen.value, seen.headers)


def _learnt(
    config: EngineConfig,
    journal: Sequence[Mapping[str, Any]],
    models: Mapping[int, Model],
    contributions: Mapping[tuple[int, int], Contribution],
) -> list[str]:
    """Each model must be what is learnt from the contributions that the journal says are in it.

    The item counts in a model are those of the moment at which it was made; they are taken from the model.
    """
    wrong = []
    previous = Model()
    for decision in journal:
        if decision["kind"] != "adopt" or decision["version"] not in models:
            continue
        model, merged = models[decision["version"]], [tuple(one) for one in decision.get("merged", ())]
        absent = [one for one in merged if one not in contributions]
        if absent:
            wrong.append(f"models: model {model.version} has contributions {absent}, which no partition has made")
        elif learn(merge([contributions[one] for one in merged]), model.items, previous, config).digest != model.digest:
            wrong.append(f"models: model {model.version} is not what its contributions give")
        previous = model
    return wrong
