"""Merging the partitions' item counts into one items model, at a bounded cost for each merge."""

from __future__ import annotations

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
    """Keeps the merged counts, and brings the model up to date from the packed rows that differ.

    Similarity is the shrunk cosine c_ij / √(m_i m_j) · c_ij / (c_ij + shrink), with c the decayed weight of the orders
    that held both and m the items' own. Both come from the same decay, so a similarity does not change by the
    passing of time alone. At each merge at most `config.refresh` items are recomputed, those first that have grown
    most since they last were.

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
        self._stale: dict[str, Head | None] = {}  # changed since the last refresh -> as it was then
        self._fresh: dict[str, Head] = {}  # as at the last refresh
        self._neighbours: dict[str, Neighbours] = {}

    def merge(self, counts: Sequence[Mapping[str, bytes]]) -> ItemsModel:
        """The items model of the partitions' packed counts (item -> packed row, for each partition)."""
        self._take(counts)
        newest = max((head.last for head in self._heads.values()), default=0)
        base = max((head.block for head in self._heads.values()), default=0)
        masses = {item: head.mass * _shift(head.block, base) for item, head in self._heads.items()}
        unit = 2.0 ** (newest / self._config.half_life - BLOCK * base)  # weight of an order made now
        chosen = nsmallest(self._config.refresh, self._stale, key=lambda item: (-self._growth(item), item))
        for item in chosen:
            self._refresh(item, base, masses, self._config.shrink * unit)
        heaviest = nsmallest(
            max(self._config.max_items, POPULAR),
            ((-head.weight * _shift(head.block, base) / unit, item) for item, head in self._heads.items()),
        )
        kept = (item for _, item in heaviest[: self._config.max_items])
        return ItemsModel(
            {item: self._neighbours[item] for item in kept if item in self._neighbours},
            tuple((item, -weight) for weight, item in heaviest[:POPULAR]),
        )

    def _take(self, counts: Sequence[Mapping[str, bytes]]) -> None:
        """Note which items' counts differ from the last merge."""
        self._packed += [{} for _ in range(len(counts) - len(self._packed))]
        changed: set[str] = set()
        for known, given in zip(self._packed, counts, strict=False):
            for item, packed in given.items():
                if known.get(item) != packed:
                    known[item] = packed
                    changed.add(item)
        for item in sorted(changed):
            self._heads[item] = merge_heads([ItemRow.head(packed) for packed in self._parts(item)])
            self._stale.setdefault(item, self._fresh.get(item))

    def _parts(self, item: str) -> Iterable[bytes]:
        return [known[item] for known in self._packed if item in known]

    def _growth(self, item: str) -> float:
        """How many times heavier the item is than when its neighbours were last computed."""
        before, now = self._stale[item], self._heads[item]
        if before is None or before.mass <= 0:
            return float("inf") if now.mass > 0 else 0.0
        return now.mass / max(before.mass * _shift(before.block, now.block), 1e-300)

    def _refresh(self, item: str, base: int, masses: Mapping[str, float], shrink: float) -> None:
        """Recompute an item's nearest items."""
        del self._stale[item]
        self._fresh[item] = self._heads[item]
        counted = merge_neighbours([ItemRow.unpack(packed) for packed in self._parts(item)], base)
        if not counted:
            return
        others = list(counted)
        weights = np.array(list(counted.values()))
        beside = np.array([masses.get(other, 0.0) for other in others])
        with np.errstate(divide="ignore", invalid="ignore"):
            similar = weights / np.sqrt(masses[item] * beside) * (weights / (weights + shrink))
        similar = np.where(np.isfinite(similar), np.minimum(similar, 1.0), 0.0).astype(np.float32)
        order = np.argsort(-similar, kind="stable")[: self._config.served]
        self._neighbours[item] = {
            others[place]: near for place, near in zip(order.tolist(), similar[order].tolist(), strict=True) if near > 0
        }


def _shift(block: int, to: int) -> float:
    """What a weight of `block` is in units of `to`."""
    return 2.0 ** max(BLOCK * (block - to), -1074)
