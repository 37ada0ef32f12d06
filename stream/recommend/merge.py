"""Merging the partitions' item counts into one items model, at the cost of what has changed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest

import numpy as np

from stream.config import RecommendConfig
from stream.recommend.counts import BLOCK, ItemRow
from stream.recommend.model import ItemsModel, Neighbours

POPULAR = 200
"""Popular items that a model carries."""


def merge_rows(rows: Sequence[ItemRow]) -> ItemRow:
    """Sum of one item's counts in several partitions, in the units of the latest block.

    Commutative; associative within 1e-9 (of sums, and as long as no partition has dropped neighbours).
    """
    merged = ItemRow(max(row.block for row in rows))
    for row in rows:
        shift = 2.0 ** max(BLOCK * (row.block - merged.block), -1074)
        merged.last = max(merged.last, row.last)
        merged.weight += row.weight * shift
        merged.mass += row.mass * shift
        merged.floor += row.floor * shift
        neighbours = merged.neighbours
        for other, weight in row.neighbours.items():
            neighbours[other] = neighbours.get(other, 0.0) + weight * shift
    return merged


class ItemsMerger:
    """Keeps the merged counts, and brings them up to date from the packed rows that differ.

    Similarity is the shrunk cosine c_ij / √(m_i m_j) · c_ij / (c_ij + shrink), with c the decayed weight of the orders
    that held both and m the items' own. Both come from the same decay, so a similarity does not change by the
    passing of time alone; it is recomputed when its item's counts change.

    Source: Sarwar et al., Item-based collaborative filtering (2001); Bell and Koren (2007) for the shrinkage.

    Parameters
    ----------
    config
        Engine settings of recommendations.
    """

    def __init__(self, config: RecommendConfig) -> None:
        self._config = config
        self._packed: list[dict[str, bytes]] = []
        self._parsed: list[dict[str, ItemRow]] = []
        self._rows: dict[str, ItemRow] = {}
        self._neighbours: dict[str, Neighbours] = {}

    def merge(self, counts: Sequence[Mapping[str, bytes]]) -> ItemsModel:
        """The items model of the partitions' packed counts (item -> packed row, for each partition)."""
        while len(self._packed) < len(counts):
            self._packed.append({})
            self._parsed.append({})
        changed: set[str] = set()
        for known, parsed, given in zip(self._packed, self._parsed, counts, strict=False):
            for item, packed in given.items():
                if known.get(item) != packed:
                    known[item] = packed
                    parsed[item] = ItemRow.unpack(packed)
                    changed.add(item)
        for item in changed:
            parts = [parsed[item] for parsed in self._parsed if item in parsed]
            self._rows[item] = parts[0] if len(parts) == 1 else merge_rows(parts)
        order = sorted(changed)
        newest = max((row.last for row in self._rows.values()), default=0)
        self._refresh(order, newest)
        popular = self._popular(newest)
        neighbours = self._neighbours
        if len(neighbours) > self._config.max_items:
            heavy = nsmallest(self._config.max_items, neighbours, key=lambda item: (-self._weight(item, newest), item))
            neighbours = {item: neighbours[item] for item in heavy}
        return ItemsModel(dict(neighbours), popular, frozenset(changed))

    def _refresh(self, items: Iterable[str], newest: int) -> None:
        """Recompute the neighbours of the items that changed."""
        for item in items:
            row = self._rows[item]
            if not row.neighbours:
                continue
            unit = 2.0 ** ((newest - row.block * self._config.half_life * BLOCK) / self._config.half_life)
            shrink = self._config.shrink * unit
            near: list[tuple[float, str]] = []
            for other, weight in row.neighbours.items():
                beside = self._rows.get(other)
                if beside is not None and beside.mass > 0:
                    mass = beside.mass * 2.0 ** (BLOCK * (beside.block - row.block))
                    similar = weight / math.sqrt(row.mass * mass) * weight / (weight + shrink)
                    near.append((-min(similar, 1.0), other))
            best = nsmallest(self._config.served, near)
            self._neighbours[item] = {other: float(np.float32(-negated)) for negated, other in best}

    def _popular(self, newest: int) -> tuple[tuple[str, float], ...]:
        ranked = nsmallest(POPULAR, ((-self._weight(item, newest), item) for item in self._rows))
        return tuple((item, -negated) for negated, item in ranked)

    def _weight(self, item: str, newest: int) -> float:
        """Popularity of an item in orders at time `newest`."""
        row = self._rows[item]
        age = (newest - row.block * self._config.half_life * BLOCK) / self._config.half_life
        return float(row.weight * 2.0**-age)
