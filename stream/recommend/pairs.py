"""Decayed counts of what goes with or after what, each item's others bounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from stream.recommend.component import NONE, NOTHING, Floats, Numbers, Offers, Places, grown, renumbered
from stream.recommend.ragged import Ragged

BLOCK = 64
"""Half-lives after which weights are shifted down, by an exact power of two: those of two blocks fit into 32 bits."""

Width = TypeVar("Width", np.float32, np.float64)


class PairCounts:
    """Weights of ordered pairs of items, forward-decayed: they grow as 2^(t / half-life), so nothing is ever swept.

    An item keeps `cap` others. When it has twice as many the lightest go, and a newcomer starts from the weight of the
    heaviest that went, so that it can rise (plain trimming would starve it). What it started from is its error: what is
    counted for certain is the weight without it.

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
        self._rows = Ragged()
        self._out = np.zeros(64)
        self._in = np.zeros(64)
        self._floors = np.zeros(64)  # what a newcomer starts from, in units of the row's block, as its weights are
        self._blocks = np.zeros(64, np.intp)  # in which the row was last changed
        self._mark = np.full(64, -1, np.int32)

    def reserve(self, size: int) -> None:
        """Make room for items with numbers below `size`."""
        self._rows.reserve(size)
        self._out, self._in, self._floors = (grown(one, size) for one in (self._out, self._in, self._floors))
        if len(self._mark) < len(self._out):
            more = len(self._out) - len(self._mark)
            self._mark = np.full(len(self._out), -1, np.int32)
            self._blocks = np.concatenate((self._blocks, np.zeros(more, np.intp)))

    def advance(self, time: int) -> None:
        """See `Stored.advance`."""
        block = time // (self._half_life * BLOCK)
        if block > self._block:
            blocks, self._block = self._block - block, block
            self._out, self._in = shifted(self._out, blocks), shifted(self._in, blocks)
        self._newest = max(self._newest, time)

    def weight(self, time: int) -> float:
        """What an order of this time counts, beside those that were counted."""
        self.advance(time)
        return float(2.0 ** (time / self._half_life - BLOCK * self._block))

    def add(self, first: Numbers, then: Numbers, weight: float) -> None:
        """Count each pair of an item of `first` and another one of `then`; both are distinct, shape [n] and [m]."""
        self._out[first] += weight
        self._in[then] += weight
        self._bring(first)
        rows = self._rows
        lengths = rows.lengths(first)
        places = rows.places(first)
        self._mark[then] = np.arange(len(then), dtype=np.int32)
        which = self._mark[rows.others[places]]
        self._mark[then] = -1
        known = (which >= 0).nonzero()[0]
        rows.weights[places[known]] += np.float32(weight)
        new = first[:, None] != then
        new[np.searchsorted(np.cumsum(lengths), known, "right"), which[known]] = False
        row, column = new.nonzero()
        if not len(row):
            return
        counts = np.bincount(row, minlength=len(first)).astype(np.intp)
        places = rows.append(first, counts)
        floors = self._floors[first][row]
        rows.others[places] = then[column]
        rows.errors[places] = floors
        rows.weights[places] = floors + weight
        for item in first[lengths + counts > 2 * self._cap].tolist():
            self._prune(item)

    def offers(self, seeds: Numbers) -> Offers:
        """Others of the seeds, one after the other: similarity c / √(out · in) · c / (c + shrink)."""
        lengths = self._rows.lengths(seeds)
        places = self._rows.places(seeds)
        if not len(places):
            return NOTHING
        items = self._rows.others[places].astype(np.intp)
        blocks = self._blocks[seeds] - self._block
        counts = (self._rows.weights[places] - self._rows.errors[places]).astype(np.float64)
        if blocks.any():
            counts = np.ldexp(counts, (BLOCK * np.maximum(blocks, -20)).repeat(lengths))
        values = self._near(counts, self._in[items])
        values *= (1.0 / np.sqrt(np.maximum(self._out[seeds], 1e-300))).repeat(lengths)
        return Offers(items, values, seeds.repeat(lengths))

    def pack(self, item: int, ids: Numbers, time: int) -> Sequence[Any]:
        """See `Stored.pack`; 12 bytes for each other. The row is in units of its own block."""
        sums = shifted(np.array([self._out[item], self._in[item]]), self._block - time // (self._half_life * BLOCK))
        held = self._rows.slice(item)
        return (
            *sums.tolist(),
            float(self._floors[item]),
            int(self._blocks[item]),
            ids[self._rows.others[held]].astype(np.uint32).tobytes(),
            self._rows.weights[held].tobytes(),
            self._rows.errors[held].tobytes(),
        )

    def unpack(self, item: int, packed: Sequence[Any], time: int, places: Places) -> None:
        """See `Stored.unpack`; raises ValueError when a row is cut short."""
        out, in_, floor, block, others, weights, errors = packed
        sums = shifted(np.array([out, in_]), time // (self._half_life * BLOCK) - self._block)
        self._out[item], self._in[item] = sums.tolist()
        self._floors[item], self._blocks[item] = floor, block
        numbers = places(np.frombuffer(others, np.uint32)).astype(np.int32)
        there = numbers >= 0
        columns = (np.frombuffer(one, np.float32)[there] for one in (weights, errors))
        self._rows.put(item, numbers[there], *columns)

    def keep(self, kept: Numbers) -> None:
        """See `Stored.keep`."""
        self._rows.keep(kept, renumbered(kept, len(self._rows)))
        for sums in (self._out, self._in, self._floors, self._blocks):
            sums[: len(kept)] = sums[kept]
            sums[len(kept) :] = 0

    def merge(self, others: Sequence[Self], numbers: Sequence[Numbers], size: int) -> Self:
        """See `Component.merge`; exact as long as no partition has dropped any, but for the last bits of sums."""
        parts = (self, *others)
        merged = type(self)(self._half_life, self._cap, self._shrink)
        merged.reserve(size)
        merged._block = max(part._block for part in parts)
        merged._newest = max(part._newest for part in parts)
        merged._blocks[:] = merged._block
        gathered: list[list[tuple[Numbers, NDArray[np.float32]]]] = [[] for _ in range(size)]
        for part, names in zip(parts, numbers, strict=True):
            blocks, known = part._block - merged._block, len(names)
            merged._out[names] += shifted(part._out[:known], blocks)
            merged._in[names] += shifted(part._in[:known], blocks)
            for item in range(known):
                held = part._rows.slice(item)
                certain = part._rows.weights[held] - part._rows.errors[held]
                shift = int(part._blocks[item]) - merged._block
                gathered[names[item]].append((names[part._rows.others[held]], shifted(certain, shift)))
        for item, found in enumerate(gathered):
            items = np.concatenate([one for one, _ in found]) if found else NONE
            if len(items):
                distinct, place = np.unique(items, return_inverse=True)
                weights = np.bincount(place, np.concatenate([weights for _, weights in found]))
                merged._rows.put(
                    item, distinct.astype(np.int32), weights.astype(np.float32), np.zeros(len(distinct), np.float32)
                )
                if len(distinct) > merged._cap:
                    merged._prune(item)
        return merged

    def _prune(self, item: int) -> None:
        """Keep half of the others for how similar they are for certain, and of the rest the heaviest, in their order.

        By weight alone what is ordered with everything would displace what goes with this item; by similarity alone a
        newcomer could not rise.
        """
        held = self._rows.slice(item)
        others, weights, errors = self._rows.others[held], self._rows.weights[held], self._rows.errors[held]
        counts = (weights - errors).astype(np.float64)
        near = self._near(counts, self._in[others])
        ahead = np.where(near >= np.partition(near, -self._cap // 2)[-self._cap // 2], np.inf, weights)
        order = np.argsort(-ahead, kind="stable")
        self._floors[item] = max(self._floors[item], float(weights[order[self._cap :]].max()))
        kept = np.sort(order[: self._cap])
        self._rows.put(item, others[kept], weights[kept], errors[kept])

    def _near(self, counts: Floats, masses: Floats) -> Floats:
        """Similarity of others with these counts and masses, but for the factor that the item's own mass makes."""
        shrink = self._shrink * 2.0 ** (self._newest / self._half_life - BLOCK * self._block)
        found: Floats = counts / np.sqrt(np.maximum(masses, 1e-300)) * (counts / (counts + shrink))
        return found

    def _bring(self, items: Numbers) -> None:
        """Shift rows to the block of now; what is two blocks old is nothing."""
        for item in items[self._blocks[items] != self._block].tolist():
            blocks = int(self._blocks[item]) - self._block
            held = self._rows.slice(item)
            for column in (self._rows.weights, self._rows.errors):
                column[held] = shifted(column[held], blocks)
            self._floors[item] = shifted(self._floors[item : item + 1], blocks)[0]
            self._blocks[item] = self._block


def shifted(weights: NDArray[Width], blocks: int) -> NDArray[Width]:
    """Weights in units of so many blocks earlier (later ones are negative): exact, or nothing.

    The same in one step or many, and there and back again, but for what is too small for a float.

    Examples
    --------
    >>> shifted(shifted(np.array([1.5]), -2), 2), shifted(np.array([1.5]), -1_000_000)
    (array([1.5]), array([0.]))
    """
    found: NDArray[Width] = np.ldexp(weights, BLOCK * max(-40, min(40, blocks)))
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
