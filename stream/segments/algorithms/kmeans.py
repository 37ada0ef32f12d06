"""K-means: warm start, memory, and no dead clusters. For large and even data, and the default."""

from __future__ import annotations

import numpy as np

from stream.segments.algorithms.base import BETTER, FLOOR, Array, Grouping, Sample
from stream.segments.lloyd import Fit, best_of, lloyd, plusplus, split_worst
from stream.segments.prototypes import Prototypes

_REPAIRS = 10
_RESTS = 1e15
"""Memory of a locked centre: beside it no sample weighs anything."""


def group(sample: Sample) -> Grouping:
    """Go on from the centres before, or seed afresh.

    Notes
    -----
    Each version is one step of `StreamKMeans` whose chunk is the sample, iterated until it rests: centres carry
    the decayed weight of what they have seen, halved every `segments.half_life` samples. From time to time (at
    samples 1, 2, 4, 8, 16, 32, 48, …, and when customers have changed) ten fresh seedings compete, and win if they
    leave 5 % less error. A locked centre rests where it is; as long as there is one, nothing is seeded afresh.

    Fewer than `segments.k` clusters have rows only where there are fewer distinct customers.
    """
    X, k, rng, known = sample.X, sample.settings.k, sample.rng, sample.known
    if known is None:
        fit, memory = _seeded(X, k, rng)
        return Grouping(Prototypes.single(fit.centres), fit.centres, memory)
    decayed = known.weights * 2.0 ** (-1.0 / sample.settings.half_life)
    decayed[list(known.locked)] = _RESTS
    fit, memory, start = _continued(X, known.centres, decayed, k, rng)
    locked = tuple(start.index(place) for place in known.locked)
    if sample.looks_again and not locked:
        fresh, none = _seeded(X, k, rng)
        if _rank(fresh)[0] < _rank(fit)[0] or fresh.sse < BETTER * fit.sse:
            return Grouping(Prototypes.single(fresh.centres), fresh.centres, none, fresh=True)
    centres = fit.centres.copy()
    centres[list(locked)] = known.centres[list(known.locked)]
    memory[list(locked)] = known.weights[list(known.locked)]
    return Grouping(Prototypes.single(centres), centres, memory, locked)


def _rank(fit: Fit) -> tuple[int, float]:
    """The fewer clusters below the floor, and then the less error, the better."""
    return int(fit.small(FLOOR).sum()), fit.sse


def _seeded(X: Array, k: int, rng: np.random.Generator) -> tuple[Fit, Array]:
    """A solution without memory."""
    fit = best_of(X, np.ones(len(X)), k, rng, floor=FLOOR)
    return _repaired(X, fit, fit.centres, np.zeros(k), rng)


def _continued(
    X: Array, carried: Array, memory: Array, k: int, rng: np.random.Generator
) -> tuple[Fit, Array, list[int]]:
    """The solution that goes on from the centres before, its memory, and which of those centres it went on from."""
    w, places = np.ones(len(X)), np.arange(len(carried))
    if len(carried) > k:  # fewer are wanted now
        mass = np.where(memory == _RESTS, np.inf, lloyd(X, w, carried, iterations=0).mass)
        places = np.sort(np.argsort(-mass, kind="stable")[: max(k, int(np.isinf(mass).sum()))])
    start = plusplus(X, w, max(k, len(places)), rng, start=carried[places])
    memory = np.append(memory[places], np.zeros(len(start) - len(places)))
    fit, memory = _repaired(X, lloyd(X, w, start, memory), start, memory, rng)
    return fit, memory, places.tolist()


def _repaired(X: Array, fit: Fit, start: Array, memory: Array, rng: np.random.Generator) -> tuple[Fit, Array]:
    """Let centres below the floor start anew within the cluster of largest error, as long as that helps."""
    w = np.ones(len(X))
    start, memory = start.copy(), memory.copy()
    best = fit, memory.copy()
    for _ in range(_REPAIRS):
        free = memory != _RESTS
        split = split_worst(X, w, fit, rng) if (fit.small(FLOOR) & free).any() else None
        if split is None:
            break
        smallest = int(np.where(free, fit.mass, np.inf).argmin())
        start[smallest], memory[smallest] = split[1], 0.0
        fit = lloyd(X, w, start, memory)
        if _rank(fit) < _rank(best[0]):
            best = fit, memory.copy()
    return best
