"""The state of a partition after its topic was given more partitions: each customer where their key leads now.

What is of one customer moves with them, exact bytes: the profile and the current list. What merges stays where it was
counted: items, tallies and learners. What every partition needs is copied: the model, the clock, message ids. A
contribution is taken apart by its customers, so that all of them together merge to what they did before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import gcd

import msgpack
import numpy as np

from stream.config import EngineConfig
from stream.contribution import Contribution
from stream.evaluate.tally import Tally
from stream.model import Model
from stream.profiles.indexes import BORDERS, Borders, borders
from stream.profiles.sample import CustomerSample
from stream.propensity.learner import PropensityLearner
from stream.recommend.lists import STATE
from stream.recommend.rows import uncounted
from stream.store.dump import Dump

_HASH = 8  # bytes of a message id's hash

Place = Callable[[str], int]
"""Partition of a customer, under the new count."""


def sources(partition: int, before: int, now: int) -> tuple[int, ...]:
    """Partitions, of `before`, from which customers come into one of `now`: murmur2 keeps the remainder.

    >>> sources(5, 2, 6), sources(1, 4, 6)
    ((1,), (1, 3))
    """
    common = gcd(before, now)
    return tuple(one for one in range(before) if one % common == partition % common)


def grown(
    partition: int, dumps: Mapping[int, Dump], place: Place, customers: CustomerSample, count: int, config: EngineConfig
) -> Dump:
    """What a partition holds under the new count, but for its items, lists and profiles.

    Parameters
    ----------
    partition
        Its number.
    dumps
        The state of each of its `sources`, and its own if it was there before.
    place
        Where each customer belongs now.
    customers, count
        The sample of those it has now, and how many they are.
    config
        Engine settings.
    """
    own, others = dumps.get(partition), [dumps[number] for number in sorted(dumps)]
    scalars = dict(own.scalars) if own is not None else {}
    positions = [msgpack.unpackb(dump.scalars["position"]) for dump in others if "position" in dump.scalars]
    furthest = tuple(max(values) for values in zip(*(positions or [(0, 0)]), strict=True))  # clock, entries
    scalars["position"] = msgpack.packb(furthest)
    # With one source the hot are who was hot there; of several, whoever acts from now on.
    floor = borders(others[0].scalars).floor if len(others) == 1 else furthest[1]
    scalars[BORDERS] = Borders(floor, customers.threshold).pack()
    if "model" not in scalars and (models := [dump.scalars["model"] for dump in others if "model" in dump.scalars]):
        scalars["model"] = models[0]
        scalars |= _learners(Model.unpack(models[0]), config)
    if (split := _contribution(own, others, partition, place, count)) is not None:
        scalars["contribution"] = split.pack()
        scalars["contributed"] = msgpack.packb(split.entries)
    seen = _newest([dump.seen for dump in others], config.events.remember)
    watermark, number = (0, 0) if own is None else (own.watermark, own.number)
    return Dump(watermark, number, scalars, seen)


def merged_into(scalars: Mapping[str, bytes], entries: Mapping[int, int]) -> bytes:
    """Of partition 0: the contributions in its model, with those of new partitions, which hold nothing new.

    Parameters
    ----------
    scalars
        Of partition 0.
    entries
        New partition -> entries of its contribution.
    """
    before = dict(msgpack.unpackb(scalars["merged"])) if "merged" in scalars else {}
    packed: bytes = msgpack.packb(sorted((before | dict(entries)).items()))
    return packed


def cataloguing(dump: Dump) -> tuple[list[tuple[str, bytes]], bytes]:
    """What a new partition knows of items: what the catalogue told, and no counts; and the state that goes with it.

    Parameters
    ----------
    dump
        Of any partition that was there before: each has been told the same.
    """
    newest, following, _ = msgpack.unpackb(dump.scalars[STATE]) if STATE in dump.scalars else (0, 0, 0)
    rows = [(item, row) for item, packed in dump.items if (row := uncounted(packed)) is not None]
    return rows, msgpack.packb((newest, following, 0))


def moving(values: Iterable[tuple[str, bytes]], place: Place, partition: int) -> Iterator[tuple[str, bytes]]:
    """Of what a source keeps by customer, that of those who belong to `partition` now."""
    return ((customer, packed) for customer, packed in values if place(customer) == partition)


def _contribution(
    own: Dump | None, others: Sequence[Dump], partition: int, place: Place, customers: int
) -> Contribution | None:
    found = [Contribution.unpack(one.scalars["contribution"]) for one in others if "contribution" in one.scalars]
    if not found:
        return None
    merged = found[0]
    for one in found[1:]:
        merged = merged.merge(one)
    rows = np.array([place(customer) == partition for customer in merged.ids], dtype=bool)
    kept = Contribution.unpack(own.scalars["contribution"]) if own and "contribution" in own.scalars else None
    return replace(
        merged,
        entries=max(one.entries for one in found) if kept is None else kept.entries,
        customers=customers,
        priorities=merged.priorities[rows],
        ids=tuple(customer for customer, mine in zip(merged.ids, rows.tolist(), strict=True) if mine),
        rows=merged.rows[rows],
        propensity={} if kept is None else kept.propensity,
        tally=Tally() if kept is None else kept.tally,
        rankers={} if kept is None else kept.rankers,
    )


def _learners(model: Model, config: EngineConfig) -> dict[str, bytes]:
    """Learners that go on from the model, with nothing learnt beside it."""
    if model.segments is None:
        return {}
    made = {}
    for target in config.targets:
        learner = PropensityLearner(target, model.segments.features, model.segments.scaling)
        learner.adopt(model.segments.scaling, model.propensity.get(target.name))
        made[f"learner:{target.name}"] = learner.to_bytes()
    return made


def _newest(seen: Sequence[bytes], limit: int) -> bytes:
    """The newest of several lists of hashes, the same share of each, oldest first."""
    lists = [np.frombuffer(one, dtype=np.uint64) for one in seen]
    ages = np.concatenate([np.arange(len(one), 0, -1) for one in lists]) if lists else np.array([])
    order = np.argsort(-ages, kind="stable")[-limit:]
    return np.concatenate(lists)[order].tobytes() if len(order) else b""
