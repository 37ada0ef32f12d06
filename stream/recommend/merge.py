"""Merging the partitions' item counts into one items model, at a bounded cost for each merge."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest

import numpy as np
from numpy.typing import NDArray

from stream.config import RecommendConfig
from stream.recommend.counts import BLOCK, Head, ItemRow
from stream.recommend.model import ItemsModel, Neighbours

POPULAR = 200
"""Popular items that a model carries."""


def merge_heads(heads: Sequence[Head]) -> Head:
    """Sum of one item's own counts in several partitions, in the units of the latest block."""
    if len(heads) == 1:
        return heads[0]
    block = max(head.block for head in heads)
    shifts = [_shift(head.block, block) for head in heads]
    return Head(
        heads[0].number,
        block,
        max(head.last for head in heads),
        sum(head.weight * shift for head, shift in zip(heads, shifts, strict=True)),
        sum(head.mass * shift for head, shift in zip(heads, shifts, strict=True)),
        sum(head.floor * shift for head, shift in zip(heads, shifts, strict=True)),
    )


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
        self._packed: list[dict[str, bytes]] = []
        self._heads: dict[str, Head] = {}
        self._names: list[str] = []  # items by the merger's own number
        self._numbers: dict[str, int] = {}
        self._free: list[int] = []  # numbers of items that have gone, to be given out again
        self._own: list[dict[int, int]] = []  # for each partition: its numbers -> the merger's

    def merge(self, counts: Sequence[Mapping[str, bytes]], previous: ItemsModel | None) -> ItemsModel:
        """The next items model.

        Parameters
        ----------
        counts
            Item -> packed row, for each partition, always in the same order.
        previous
            The version before.
        """
        self._take(counts)
        before = previous or ItemsModel({}, ())
        newest = max((head.last for head in self._heads.values()), default=0)
        base = max((head.block for head in self._heads.values()), default=0)
        unit = 2.0 ** (newest / self._config.half_life - BLOCK * base)  # weight of an order made now
        heaviest = nsmallest(
            max(self._config.max_items, POPULAR),
            ((-head.weight * _shift(head.block, base) / unit, item) for item, head in self._heads.items()),
        )
        kept = [item for _, item in heaviest[: self._config.max_items]]
        sizes = {item: _log_mass(self._heads[item]) for item in kept if self._heads[item].mass > 0}
        growth = {item: size - before.measured.get(item, -math.inf) for item, size in sizes.items()}
        grown = (item for item, by in growth.items() if by != 0)
        chosen = nsmallest(self._config.refresh, grown, key=lambda item: (-growth[item], item))
        masses = np.zeros(len(self._names))
        for item, head in self._heads.items():
            masses[self._numbers[item]] = head.mass * _shift(head.block, base)
        fresh = {item: self._neighbours(item, base, masses, self._config.shrink * unit) for item in chosen}
        neighbours = {item: near for item in kept if (near := fresh.get(item) or before.neighbours.get(item))}
        known = before.measured
        measured = {
            item: sizes[item] if item in fresh else known[item] for item in kept if item in fresh or item in known
        }
        return ItemsModel(neighbours, tuple((item, -weight) for weight, item in heaviest[:POPULAR]), measured)

    def _take(self, counts: Sequence[Mapping[str, bytes]]) -> None:
        """Add up the items whose rows differ from those at hand."""
        self._packed += [{} for _ in range(len(counts) - len(self._packed))]
        self._own += [{} for _ in range(len(counts) - len(self._own))]
        changed: set[str] = set()
        for known, given, own in zip(self._packed, counts, self._own, strict=False):
            fresh = [item for item, packed in given.items() if known.get(item) != packed]
            gone = known.keys() - given.keys()
            changed.update(fresh, gone)
            for item in (*fresh, *gone):  # all of them first: a number may have come to another item
                if (packed := known.pop(item, None)) is not None:
                    own.pop(ItemRow.head(packed).number, None)
            for item in fresh:
                known[item] = given[item]
                own[ItemRow.head(given[item]).number] = self._number(item)
        for item in changed:
            heads = [ItemRow.head(packed) for packed in self._parts(item)]
            if heads:
                self._heads[item] = merge_heads(heads)
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

    def _parts(self, item: str) -> Iterable[bytes]:
        return [known[item] for known in self._packed if item in known]

    def _neighbours(self, item: str, base: int, masses: NDArray[np.float64], shrink: float) -> Neighbours:
        """An item's nearest items."""
        others, weights = self._pairs(item, base)
        with np.errstate(divide="ignore", invalid="ignore"):
            similar = weights / np.sqrt(masses[self._numbers[item]] * masses[others]) * (weights / (weights + shrink))
        similar = np.where(np.isfinite(similar), np.minimum(similar, 1.0), 0.0).astype(np.float32)
        served = self._config.served
        least = np.partition(similar, -served)[-served] if len(similar) > served else 0.0
        best = [(-similar[place].item(), self._names[others[place]]) for place in np.flatnonzero(similar >= least)]
        return {other: -negated for negated, other in sorted(best)[:served] if negated}

    def _pairs(self, item: str, base: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Sum of an item's neighbours in all partitions: the merger's numbers and weights in units of `base`.

        A neighbour may have begun at its row's floor: what is above the floor is certain, and only that counts.
        Commutative and associative within 1e-9, as long as no partition has dropped neighbours.
        """
        numbers, weights = [], []
        for known, own in zip(self._packed, self._own, strict=True):
            if (packed := known.get(item)) is not None:
                head, (others, counted) = ItemRow.head(packed), ItemRow.pairs(packed)
                meant = np.array([own.get(other, -1) for other in others.tolist()], np.intp)
                there = meant >= 0  # the others are counted no more
                numbers.append(meant[there])
                weights.append((counted[there] - head.floor) * _shift(head.block, base))
        if len(numbers) == 1:
            return numbers[0], weights[0]
        distinct, place = np.unique(np.concatenate(numbers), return_inverse=True)
        summed: NDArray[np.float64] = np.bincount(place, np.concatenate(weights), len(distinct)).astype(np.float64)
        return distinct, summed


def _log_mass(head: Head) -> float:
    """log2 of an item's mass, whatever block it is counted from."""
    return math.log2(head.mass) + BLOCK * head.block


def _shift(block: int, to: int) -> float:
    """What a weight of `block` is in units of `to`."""
    return 2.0 ** max(BLOCK * (block - to), -1074)
