"""Merging the partitions' item counts into one items model, at a bounded cost for each merge."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream.config import RecommendConfig
from stream.recommend.model import ItemsModel, Neighbours
from stream.recommend.pairs import BLOCK
from stream.recommend.popularity import HALF_LIVES
from stream.recommend.ranker import Ranker
from stream.recommend.rows import ItemRow

POPULAR = 200
"""Popular items that a model carries."""

LASTING = HALF_LIVES[-1]
"""Half-life (ms) of the popularity by which items are the heaviest."""


class Head(NamedTuple):
    """An item's own counts, in units that suit `newest`.

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


class ItemsMerger:
    """Brings the items model up to date from all partitions' counts.

    Similarity is the shrunk cosine c_ij / √(m_i m_j) · c_ij / (c_ij + shrink), with c the decayed weight of the orders
    that held both and m the items' own. Both come from the same decay, so a similarity does not change by the
    passing of time alone. At each merge at most `config.refresh` items are recomputed, those first that have grown
    most since they last were.

    What comes out is a function of the counts and the model before, whichever merger made that: what is kept between
    merges only saves work.

    Source: Sarwar et al., Item-based collaborative filtering (2001); Bell and Koren (2007) for the shrinkage.

    Parameters
    ----------
    config
        Engine settings of recommendations.
    """

    def __init__(self, config: RecommendConfig) -> None:
        self._config = config
        self._span = config.half_life * BLOCK
        self._packed: list[dict[str, bytes]] = []
        self._heads: dict[str, Head] = {}
        self._names: list[str] = []  # items by the merger's own number
        self._numbers: dict[str, int] = {}
        self._free: list[int] = []  # numbers of items that have gone, to be given out again
        self._own: list[dict[int, int]] = []  # for each partition: its numbers -> the merger's
        self._counting: list[bool] = []  # for each partition: whether it knows more than the catalogue

    def merge(
        self,
        counts: Sequence[Mapping[str, bytes]],
        previous: ItemsModel | None,
        rankers: Mapping[str, Ranker] | None = None,
    ) -> ItemsModel:
        """The next items model.

        Parameters
        ----------
        counts
            Item -> packed row, for each partition, always in the same order.
        previous
            The version before.
        rankers
            Situation -> what all partitions together have learnt of the signals.
        """
        self._take(counts)
        before = previous or ItemsModel({}, ())
        newest = max((head.newest for head in self._heads.values()), default=0)
        base = newest // self._span
        unit = 2.0 ** (newest / self._config.half_life - BLOCK * base)  # weight of an order made now
        now = 2.0 ** (newest / LASTING - BLOCK * (newest // (LASTING * BLOCK)))
        heaviest = nsmallest(
            max(self._config.max_items, POPULAR),
            (
                (-head.weight * _shift(head.newest, newest, LASTING * BLOCK) / now, item)
                for item, head in self._heads.items()
                if head.weight > 0  # the catalogue tells of items that nobody has ordered
            ),
        )
        kept = [item for _, item in heaviest[: self._config.max_items]]
        sizes = {item: self._log_mass(self._heads[item]) for item in kept if self._heads[item].mass > 0}
        growth = {item: size - before.measured.get(item, -math.inf) for item, size in sizes.items()}
        grown = (item for item, by in growth.items() if by != 0)
        chosen = nsmallest(self._config.refresh, grown, key=lambda item: (-growth[item], item))
        masses = np.zeros(len(self._names))
        for item, head in self._heads.items():
            masses[self._numbers[item]] = head.mass * _shift(head.newest, newest, self._span)
        fresh = {item: self._neighbours(item, newest, masses, self._config.shrink * unit) for item in chosen}
        neighbours = {item: near for item in kept if (near := fresh.get(item) or before.neighbours.get(item))}
        known = before.measured
        measured = {
            item: sizes[item] if item in fresh else known[item] for item in kept if item in fresh or item in known
        }
        return ItemsModel(
            neighbours,
            tuple((item, -weight) for weight, item in heaviest[:POPULAR]),
            measured,
            sum(counting and bool(given) for counting, given in zip(self._counting, counts, strict=False)) > 1,
            {name: _weights(ranker) for name, ranker in (rankers or {}).items()},
        )

    def _take(self, counts: Sequence[Mapping[str, bytes]]) -> None:
        """Add up the items whose rows differ from those at hand."""
        self._packed += [{} for _ in range(len(counts) - len(self._packed))]
        self._own += [{} for _ in range(len(counts) - len(self._own))]
        self._counting += [False] * (len(counts) - len(self._counting))
        changed: set[str] = set()
        for place, (known, given, own) in enumerate(zip(self._packed, counts, self._own, strict=False)):
            fresh = [item for item, packed in given.items() if known.get(item) != packed]
            gone = known.keys() - given.keys()
            changed.update(fresh, gone)
            for item in (*fresh, *gone):  # all of them first: a number may have come to another item
                if (packed := known.pop(item, None)) is not None:
                    own.pop(self._head(packed).id, None)
            for item in fresh:
                known[item] = given[item]
                head = self._head(given[item])
                own[head.id] = self._number(item)
                self._counting[place] |= head.weight > 0
        for item in changed:
            heads = [self._head(packed) for packed in self._parts(item)]
            if heads:
                self._heads[item] = self._merged(heads)
            else:
                del self._heads[item]
                self._free.append(self._numbers.pop(item))

    def _number(self, item: str) -> int:
        """The merger's own number of an item."""
        number = self._numbers.get(item)
        if number is None:
            if self._free:
                number = self._free.pop()
                self._names[number] = item
            else:
                number = len(self._names)
                self._names.append(item)
            self._numbers[item] = number
        return number

    def _head(self, packed: bytes) -> Head:
        row = ItemRow.unpack(packed)
        return Head(row.id, row.newest, row.popularity[-1], row.neighbours.out)

    def _merged(self, heads: Sequence[Head]) -> Head:
        """Sum of one item's own counts in several partitions, in the units of the latest."""
        if len(heads) == 1:
            return heads[0]
        newest = max(head.newest for head in heads)
        return Head(
            heads[0].id,
            newest,
            sum(head.weight * _shift(head.newest, newest, LASTING * BLOCK) for head in heads),
            sum(head.mass * _shift(head.newest, newest, self._span) for head in heads),
        )

    def _log_mass(self, head: Head) -> float:
        """log2 of an item's mass, whatever block it is counted from."""
        return math.log2(head.mass) + BLOCK * (head.newest // self._span)

    def _parts(self, item: str) -> Iterable[bytes]:
        return [known[item] for known in self._packed if item in known]

    def _neighbours(self, item: str, newest: int, masses: NDArray[np.float64], shrink: float) -> Neighbours:
        """An item's nearest items."""
        others, weights = self._pairs(item, newest)
        with np.errstate(divide="ignore", invalid="ignore"):
            similar = weights / np.sqrt(masses[self._numbers[item]] * masses[others]) * (weights / (weights + shrink))
        similar = np.where(np.isfinite(similar), np.minimum(similar, 1.0), 0.0).astype(np.float32)
        served = self._config.served
        least = np.partition(similar, -served)[-served] if len(similar) > served else 0.0
        best = [(-similar[place].item(), self._names[others[place]]) for place in np.flatnonzero(similar >= least)]
        return {other: -negated for negated, other in sorted(best)[:served] if negated}

    def _pairs(self, item: str, newest: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Sum of an item's neighbours in all partitions: the merger's numbers and weights, in units of `newest`.

        A neighbour may have begun at its row's floor: what came since is certain, and only that counts.
        Commutative and associative within 1e-6, as long as no partition has dropped neighbours.
        """
        numbers, weights = [], []
        for known, own in zip(self._packed, self._own, strict=True):
            if (packed := known.get(item)) is not None:
                pairs = ItemRow.unpack(packed).neighbours
                meant = np.array([own.get(other, -1) for other in pairs.others.tolist()], np.intp)
                there = meant >= 0  # the others are counted no more
                numbers.append(meant[there])
                weights.append(pairs.certain[there] * _shift(pairs.block * self._span, newest, self._span))
        if len(numbers) == 1:
            return numbers[0], weights[0]
        distinct, place = np.unique(np.concatenate(numbers), return_inverse=True)
        summed: NDArray[np.float64] = np.bincount(place, np.concatenate(weights), len(distinct)).astype(np.float64)
        return distinct, summed


def _weights(ranker: Ranker) -> tuple[float, ...]:
    """Rounded: the last digits of a solved system are the machine's own."""
    return tuple(round(weight, 6) for weight in ranker.merge(()).weights.tolist())


def _shift(time: int, to: int, span: int) -> float:
    """What a weight in units that suit `time` is in those that suit `to`, with blocks of `span` ms."""
    return 2.0 ** max(BLOCK * (time // span - to // span), -1074)
