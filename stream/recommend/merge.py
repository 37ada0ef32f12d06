"""Merging the partitions' item counts into one items model, at a bounded cost for each merge."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest

import numpy as np

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
        block,
        max(head.last for head in heads),
        sum(head.weight * shift for head, shift in zip(heads, shifts, strict=True)),
        sum(head.mass * shift for head, shift in zip(heads, shifts, strict=True)),
    )


def merge_neighbours(rows: Sequence[ItemRow], block: int) -> dict[str, float]:
    """Sum of one item's neighbours in several partitions, in units of `block`.

    Commutative and associative within 1e-9, as long as no partition has dropped neighbours.
    """
    if len(rows) == 1 and rows[0].block == block:
        return rows[0].neighbours
    merged: dict[str, float] = {}
    for row in rows:
        shift = _shift(row.block, block)
        for other, weight in row.neighbours.items():
            merged[other] = merged.get(other, 0.0) + weight * shift
    return merged


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
        masses = {item: head.mass * _shift(head.block, base) for item, head in self._heads.items()}
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
        changed: set[str] = set()
        for known, given in zip(self._packed, counts, strict=False):
            for item, packed in given.items():
                if known.get(item) != packed:
                    known[item] = packed
                    changed.add(item)
            for item in known.keys() - given.keys():
                del known[item]
                changed.add(item)
        for item in changed:
            heads = [ItemRow.head(packed) for packed in self._parts(item)]
            if heads:
                self._heads[item] = merge_heads(heads)
            else:
                del self._heads[item]

    def _parts(self, item: str) -> Iterable[bytes]:
        return [known[item] for known in self._packed if item in known]

    def _neighbours(self, item: str, base: int, masses: Mapping[str, float], shrink: float) -> Neighbours:
        """An item's nearest items."""
        counted = merge_neighbours([ItemRow.unpack(packed) for packed in self._parts(item)], base)
        if not counted:
            return {}
        others = list(counted)
        weights = np.array(list(counted.values()))
        beside = np.array([masses.get(other, 0.0) for other in others])
        with np.errstate(divide="ignore", invalid="ignore"):
            similar = weights / np.sqrt(masses[item] * beside) * (weights / (weights + shrink))
        similar = np.where(np.isfinite(similar), np.minimum(similar, 1.0), 0.0).astype(np.float32)
        order = np.argsort(-similar, kind="stable")[: self._config.served]
        return {
            others[place]: near for place, near in zip(order.tolist(), similar[order].tolist(), strict=True) if near > 0
        }


def _log_mass(head: Head) -> float:
    """log2 of an item's mass, whatever block it is counted from."""
    return math.log2(head.mass) + BLOCK * head.block


def _shift(block: int, to: int) -> float:
    """What a weight of `block` is in units of `to`."""
    return 2.0 ** max(BLOCK * (block - to), -1074)
