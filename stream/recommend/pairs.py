"""Decayed counts of what goes with or after what, each item's others bounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from stream.recommend.component import NONE, NOTHING, Floats, Numbers, Offers, Places, grown, renumbered

BLOCK = 256
"""Half-lives after which weights are shifted down, by an exact power of two."""

_NO_WEIGHTS: Floats = np.zeros(0)


class Row:
    """One item's others: their numbers and weights, in the order they came, shape [n]; weights start at `floor`."""

    __slots__ = ("floor", "others", "weights")

    def __init__(self, others: Numbers = NONE, weights: Floats = _NO_WEIGHTS, floor: float = 0.0) -> None:
        self.others = others
        self.weights = weights
        self.floor = floor


class PairCounts:
    """Weights of ordered pairs of items, forward-decayed: they grow as 2^(t / half-life), so nothing is ever swept.

    An item keeps `cap` others. When it has twice as many the lightest go, and a newcomer starts from the weight of the
    heaviest that went, so that it can rise (plain trimming would starve it); what lies above that floor is certain, and
    only that counts.

    Parameters
    ----------
    half_life
        In ms.
    cap
        Others kept of an item.
    shrink
        Weight, of orders made now, at which a similarity counts half.

    Notes
    -----
    Sources: Cormode et al., Forward Decay (2009); Metwally et al., Space-Saving (2005).
    """

    def __init__(self, half_life: int, cap: int, shrink: float) -> None:
        self._half_life = half_life
        self._cap = cap
        self._shrink = shrink
        self._block = 0
        self._newest = 0
        self._rows: list[Row] = []
        self._out = np.zeros(64)
        self._in = np.zeros(64)
        self._place = np.full(64, -1, np.int32)

    def reserve(self, size: int) -> None:
        """Make room for items with numbers below `size`."""
        self._rows.extend(Row() for _ in range(size - len(self._rows)))
        self._out, self._in = grown(self._out, size), grown(self._in, size)
        if len(self._place) < len(self._out):
            self._place = np.full(len(self._out), -1, np.int32)

    def advance(self, time: int) -> None:
        """See `Stored.advance`."""
        self._advance(time // (self._half_life * BLOCK))
        self._newest = max(self._newest, time)

    def weight(self, time: int) -> float:
        """What an order of this time counts, beside those that were counted."""
        self.advance(time)
        return float(2.0 ** (time / self._half_life - BLOCK * self._block))

    def add(self, first: Numbers, then: Numbers, weight: float) -> None:
        """Count each pair of an item of `first` and another one of `then`; both are distinct, shape [n] and [m]."""
        self._out[first] += weight
        self._in[then] += weight
        place = self._place
        for item in first.tolist():
            row = self._rows[item]
            place[row.others] = np.arange(len(row.others), dtype=np.int32)
            at = place[then]
            place[row.others] = -1
            known = at >= 0
            row.weights[at[known]] += weight
            new = then[~known & (then != item)]
            if len(new):
                row.others = np.concatenate((row.others, new))
                row.weights = np.concatenate((row.weights, np.full(len(new), row.floor + weight)))
                if len(row.others) > 2 * self._cap:
                    self._prune(row)

    def offers(self, seeds: Numbers) -> Offers:
        """Others of the seeds, one after the other: similarity c / √(out · in) · c / (c + shrink)."""
        rows = [self._rows[seed] for seed in seeds.tolist()]
        lengths = [len(row.others) for row in rows]
        if not any(lengths):
            return NOTHING
        items = np.concatenate([row.others for row in rows])
        counts = np.concatenate([row.weights for row in rows])
        counts -= np.array([row.floor for row in rows]).repeat(lengths)
        shrink = self._shrink * 2.0 ** (self._newest / self._half_life - BLOCK * self._block)
        scale = (1.0 / np.sqrt(np.maximum(self._out[seeds], 1e-300))).repeat(lengths)
        values = scale * counts / np.sqrt(np.maximum(self._in[items], 1e-300)) * (counts / (counts + shrink))
        return Offers(items, values, seeds.repeat(lengths))

    def pack(self, item: int, ids: Numbers, time: int) -> Sequence[Any]:
        """See `Stored.pack`; 12 bytes for each other."""
        row = self._rows[item]
        others = ids[row.others].astype(np.uint32)
        blocks = self._block - time // (self._half_life * BLOCK)
        sums = shifted(np.array([self._out[item], self._in[item], row.floor]), blocks).tolist()
        return (*sums, others.tobytes(), shifted(row.weights, blocks).tobytes())

    def unpack(self, item: int, packed: Sequence[Any], time: int, places: Places) -> None:
        """See `Stored.unpack`; raises ValueError when a row is cut short."""
        blocks = time // (self._half_life * BLOCK) - self._block
        *sums, others, weights = packed
        numbers = places(np.frombuffer(others, np.uint32))
        there = numbers >= 0
        self._out[item], self._in[item], floor = shifted(np.array(sums), blocks).tolist()
        self._rows[item] = Row(numbers[there], shifted(np.frombuffer(weights)[there], blocks), floor)

    def keep(self, kept: Numbers) -> None:
        """See `Stored.keep`."""
        numbers = renumbered(kept, len(self._rows))
        self._rows = [self._rows[item] for item in kept.tolist()]
        for row in self._rows:
            others = numbers[row.others]
            there = others >= 0
            row.others, row.weights = others[there], row.weights[there]
        for sums in (self._out, self._in):
            sums[: len(kept)] = sums[kept]
            sums[len(kept) :] = 0.0

    def merge(self, others: Sequence[Self], numbers: Sequence[Numbers], size: int) -> Self:
        """See `Component.merge`; exact as long as no partition has dropped any, but for the last bits of sums."""
        parts = (self, *others)
        merged = type(self)(self._half_life, self._cap, self._shrink)
        merged.reserve(size)
        merged._block = max(part._block for part in parts)
        merged._newest = max(part._newest for part in parts)
        gathered: list[list[tuple[Numbers, Floats]]] = [[] for _ in range(size)]
        for part, names in zip(parts, numbers, strict=True):
            blocks, known = part._block - merged._block, len(names)
            merged._out[names] += shifted(part._out[:known], blocks)
            merged._in[names] += shifted(part._in[:known], blocks)
            for item, row in enumerate(part._rows[:known]):
                if len(row.others):
                    gathered[names[item]].append((names[row.others], shifted(row.weights - row.floor, blocks)))
        for item, found in enumerate(gathered):
            if found:
                items = np.concatenate([one for one, _ in found])
                distinct, place = np.unique(items, return_inverse=True)
                weights = np.bincount(place, np.concatenate([weights for _, weights in found])).astype(np.float64)
                row = merged._rows[item]
                row.others, row.weights = distinct.astype(np.intp), weights
                if len(distinct) > merged._cap:
                    merged._keep(row)
        return merged

    def _prune(self, row: Row) -> None:
        dropped = self._keep(row)
        row.floor = dropped

    def _keep(self, row: Row) -> float:
        """Keep the heaviest, of equal ones the earlier comer, in the order they came; the heaviest that went."""
        order = np.argsort(-row.weights, kind="stable")
        floor = float(row.weights[order[self._cap]])
        kept = np.sort(order[: self._cap])
        row.others, row.weights = row.others[kept], row.weights[kept]
        return floor

    def _advance(self, block: int) -> None:
        if block <= self._block:
            return
        blocks, self._block = self._block - block, block
        self._out, self._in = shifted(self._out, blocks), shifted(self._in, blocks)
        for row in self._rows:
            row.weights = shifted(row.weights, blocks)
            row.floor = float(shifted(np.array(row.floor), blocks))


def shifted(weights: Floats, blocks: int) -> Floats:
    """Weights in units of so many blocks earlier (later ones are negative): exact, or nothing.

    The same in one step or many, and there and back again, but for what is too small for a float.

    Examples
    --------
    >>> shifted(shifted(np.array([1.5]), -2), 2), shifted(np.array([1.5]), -1_000_000)
    (array([1.5]), array([0.]))
    """
    found: Floats = np.ldexp(weights, BLOCK * max(-20, min(20, blocks)))
    return found


def sampled(items: Numbers, most: int, seed: int) -> NDArray[np.intp]:
    """At most so many of the items, drawn by a hash of number and seed, in their order."""
    if len(items) <= most:
        return items
    mixed = (items.astype(np.uint64) + np.uint64(seed % 2**63)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    return items[np.sort(np.argsort(mixed, kind="stable")[:most])]
