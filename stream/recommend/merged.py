"""What all partitions together have counted of items, kept up to date row by row."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream.config import RecommendConfig
from stream.recommend.component import Floats, Numbers, grown
from stream.recommend.model import Neighbours
from stream.recommend.pairs import BLOCK
from stream.recommend.popularity import HALF_LIVES
from stream.recommend.rows import ItemRow

LASTING = HALF_LIVES[-1]
"""Half-life (ms) of the popularity by which items are the heaviest."""

POPULAR = 200
"""Popular items that are told to others."""


class Head(NamedTuple):
    """An item's own counts in one partition, in units that suit `newest`.

    Attributes
    ----------
    id
        See `ItemRow`.
    newest
        Event time in ms.
    weight
        Decayed orders and adds: its popularity.
    mass
        Decayed orders, each as heavy as its pairs: what similarities are normalised by.
    """

    id: int
    newest: int
    weight: float
    mass: float


class MergedCounts:
    """Sums of the partitions' item rows, and what follows from them.

    All that is read is a function of the rows, however they came: at once, or one after the other.

    Parameters
    ----------
    config
        Engine settings of recommendations.
    """

    def __init__(self, config: RecommendConfig) -> None:
        self._config = config
        self._span = config.half_life * BLOCK
        self._rows: list[dict[str, bytes]] = []
        self._heads: list[dict[str, Head]] = []
        self._own: list[Numbers] = []  # for each partition: numbers by its ids; -1 where there is none, and at the end
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._free: list[int] = []  # numbers of items that have gone, to be given out again
        self._newest = np.zeros(64, np.int64)
        self._weights = np.zeros(64)  # by number
        self._masses = np.zeros(64)

    @property
    def shared(self) -> bool:
        """Whether more than one partition has counted; a catalogue's items alone are no counts."""
        counting = (heads for heads in self._heads if any(head.weight > 0 for head in heads.values()))
        return len(list(islice(counting, 2))) > 1

    @property
    def newest(self) -> int:
        """Time (ms) of the newest order or add."""
        return int(self._newest.max())

    def replace(self, partition: int, rows: Mapping[str, bytes]) -> Iterable[str]:
        """Take all rows of a partition, and forget what it had before; names of the items that are not as they were."""
        known = self._part(partition)
        changes: dict[str, bytes | None] = {item: row for item, row in rows.items() if known.get(item) != row}
        changes |= dict.fromkeys(known.keys() - rows.keys())
        self.update(partition, changes)
        return changes

    def update(self, partition: int, changes: Mapping[str, bytes | None]) -> None:
        """Take a partition's rows that have changed: item -> packed row, None for one that is counted no more."""
        known = self._part(partition)
        heads, own = self._heads[partition], self._own[partition]
        for item in changes:  # all of them first: an id may have come to another item
            if known.pop(item, None) is not None:
                own[heads.pop(item).id] = -1
        for item, packed in changes.items():
            if packed is not None:
                known[item] = packed
                heads[item] = head = _head(packed)
                if head.id >= len(own) - 1:
                    own = np.concatenate((own, np.full(max(head.id + 2, len(own)), -1)))
                own[head.id] = self._number(item)
        self._own[partition] = own
        for item in changes:
            self._weigh(item)

    def nearest(self, items: Sequence[str]) -> dict[str, Neighbours]:
        """Each item's nearest items, most similar first, ties by name: at most `config.served`; shape {item: {…}}.

        The shrunk cosine c_ij / √(m_i m_j) · c_ij / (c_ij + shrink), with c the decayed weight of the orders that held
        both and m the items' own; held with 24 bits, which is what a model keeps. Both decay alike, so a similarity
        does not change by the passing of time alone.

        Source: Sarwar et al., Item-based collaborative filtering (2001); Bell and Koren (2007) for the shrinkage.
        """
        items = [item for item in items if item in self._numbers]
        newest = self.newest
        owners, others, weights = self._pairs(items, newest)
        if not len(owners):
            return {item: {} for item in items}
        masses = _shifted(self._masses, self._newest, newest, self._span)
        shrink = self._config.shrink * 2.0 ** (newest / self._config.half_life - BLOCK * (newest // self._span))
        of = np.array([self._numbers[item] for item in items], np.intp)
        with np.errstate(divide="ignore", invalid="ignore"):
            similar = weights / np.sqrt(masses[of[owners]] * masses[others]) * (weights / (weights + shrink))
        held = np.where(np.isfinite(similar), np.minimum(similar, 1.0), 0.0).astype(np.float32)
        order = np.lexsort((-held, owners))
        ends = np.bincount(owners, minlength=len(items)).cumsum().tolist()
        sorted_, names, found, start = held[order], others[order].tolist(), {}, 0
        for item, end in zip(items, ends, strict=True):
            found[item] = self._best(sorted_[start:end], names[start:end])
            start = end
        return found

    def heaviest(self, count: int) -> list[tuple[str, float]]:
        """The `count` items with the most orders, faded with a half-life of `LASTING`, heaviest first, ties by name."""
        newest = self.newest
        there = np.flatnonzero(self._weights > 0)  # the catalogue tells of items that nobody has ordered
        weights = _shifted(self._weights[there], self._newest[there], newest, LASTING * BLOCK)
        weights /= 2.0 ** (newest / LASTING - BLOCK * (newest // (LASTING * BLOCK)))
        if len(there) > count:
            heavy = weights >= np.partition(weights, -count)[-count]
            there, weights = there[heavy], weights[heavy]
        pairs = zip((-weights).tolist(), [self._names[number] for number in there.tolist()], strict=True)
        return [(item, -weight) for weight, item in nsmallest(count, pairs)]

    def size(self, item: str) -> float | None:
        """log2 of an item's mass, in a unit that does not change; None where there is none."""
        number = self._numbers[item]
        mass = float(self._masses[number])
        return math.log2(mass) + BLOCK * (int(self._newest[number]) // self._span) if mass > 0 else None

    def _part(self, partition: int) -> dict[str, bytes]:
        more = range(partition + 1 - len(self._rows))
        self._rows += [{} for _ in more]
        self._heads += [{} for _ in more]
        self._own += [np.full(1, -1) for _ in more]
        return self._rows[partition]

    def _number(self, item: str) -> int:
        number = self._numbers.get(item)
        if number is None:
            if self._free:
                number = self._free.pop()
                self._names[number] = item
            else:
                number = len(self._names)
                self._names.append(item)
                if number >= len(self._newest):
                    size = len(self._newest)
                    self._newest = np.concatenate((self._newest, np.zeros(size, np.int64)))
                    self._weights = grown(self._weights, number + 1)
                    self._masses = grown(self._masses, number + 1)
            self._numbers[item] = number
        return number

    def _weigh(self, item: str) -> None:
        """Sum an item's own counts in all partitions, in the units of the latest."""
        heads = [known[item] for known in self._heads if item in known]
        if not heads:
            if (number := self._numbers.pop(item, None)) is not None:
                self._newest[number], self._weights[number], self._masses[number] = 0, 0.0, 0.0
                self._free.append(number)
            return
        newest = max(head.newest for head in heads)
        number = self._numbers[item]
        self._newest[number] = newest
        self._weights[number] = sum(head.weight * _shift(head.newest, newest, LASTING * BLOCK) for head in heads)
        self._masses[number] = sum(head.mass * _shift(head.newest, newest, self._span) for head in heads)

    def _pairs(self, items: Sequence[str], newest: int) -> tuple[Numbers, Numbers, Floats]:
        """Places of the items, numbers of their neighbours, and the pairs' weights in units of `newest`; shape [n].

        A neighbour may have begun at its row's floor: what came since is certain, and only that counts.
        Commutative and associative within 1e-6, as long as no partition has dropped neighbours.
        """
        owners, others, weights = [], [], []
        for place, item in enumerate(items):
            for known, own in zip(self._rows, self._own, strict=True):
                if (packed := known.get(item)) is not None:
                    pairs = ItemRow.unpack(packed).neighbours
                    found = own[np.minimum(pairs.others, len(own) - 1)]
                    owners.append(np.full(len(found), place))
                    others.append(found)
                    weights.append(pairs.certain * _shift(pairs.block * self._span, newest, self._span))
        if not owners:
            return np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0)
        of, numbers, values = np.concatenate(owners), np.concatenate(others), np.concatenate(weights)
        there = numbers >= 0  # the others are counted no more
        of, numbers, values = of[there], numbers[there], values[there]
        if len(self._rows) > 1:
            distinct, place_of = np.unique(of * len(self._names) + numbers, return_inverse=True)
            values = np.bincount(place_of, values, len(distinct)).astype(np.float64)
            of, numbers = np.divmod(distinct, len(self._names))
        return of, numbers, values

    def _best(self, similar: NDArray[np.float32], others: list[int]) -> Neighbours:
        """The first `config.served` of an item's neighbours, which are given most similar first; ties by name."""
        served = self._config.served
        count = len(similar)
        if count > served:
            count = int(np.searchsorted(-similar, -similar[served - 1], "right"))
        pairs = zip((-similar[:count]).tolist(), [self._names[other] for other in others[:count]], strict=True)
        return {other: -negated for negated, other in sorted(pairs)[:served] if negated}


def _head(packed: bytes) -> Head:
    row = ItemRow.unpack(packed)
    return Head(row.id, row.newest, row.popularity[-1], row.neighbours.out)


def _shift(time: int, to: int, span: int) -> float:
    """What a weight in units that suit `time` is in those that suit `to`, with blocks of `span` ms."""
    return float(2.0 ** max(BLOCK * (time // span - to // span), -1074))


def _shifted(values: Floats, times: Iterable[int], to: int, span: int) -> Floats:
    """As `_shift`, of many; exact, or nothing."""
    blocks = np.maximum(np.asarray(times) // span - to // span, -20)
    found: Floats = np.ldexp(values, (BLOCK * blocks).astype(np.int32))
    return found
