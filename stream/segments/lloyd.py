"""Weighted k-means in plain numpy: seeding, Lloyd's iterations, and reseeding of dead clusters.

The same input in the same order gives the same bits; nothing here uses BLAS or an unseeded generator.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream.segments.distance import BLOCK, block_distances, column_distances

Array = NDArray[np.float64]
Labels = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Fit:
    """A clustering of weighted rows.

    Attributes
    ----------
    centres
        Shape [k, d].
    labels
        Nearest centre of each row, shape [n].
    d2
        Squared distance to it, shape [n].
    mass
        Weight of the rows of each centre, shape [k].
    sse
        Weighted sum of `d2`.
    """

    centres: Array
    labels: Labels
    d2: Array
    mass: Array
    sse: float

    def small(self, floor: float) -> NDArray[np.bool_]:
        """Clusters with less than the share `floor` of the weight, or with none, shape [k]."""
        return (self.mass < floor * float(self.mass.sum())) | (self.mass <= 0)


def assign(X: Array, C: Array) -> tuple[Labels, Array]:
    """Nearest centre of each row of X [n, d], and the squared distance to it; the first one wins a tie.

    >>> import numpy as np
    >>> assign(np.array([[0.0], [3.0]]), np.array([[1.0], [4.0]]))[0].tolist()
    [0, 1]
    """
    labels, d2 = np.empty(len(X), dtype=np.intp), np.empty(len(X))
    for start in range(0, len(X), BLOCK):
        block = slice(start, start + BLOCK)
        labels[block], d2[block] = _nearest(block_distances(X[block], C))
    return labels, d2


def plusplus(X: Array, w: Array, k: int, rng: np.random.Generator, start: Array | None = None) -> Array:
    """Seed k centres, each drawn with a chance proportional to its weighted squared distance from those before.

    Parameters
    ----------
    X, w
        Rows, shape [n, d], and their weights, shape [n].
    k
        Centres wanted; where there are fewer distinct rows, some are the same.
    rng
        Seeded generator.
    start
        Centres that are there already, shape [j, d].

    Returns
    -------
    Array
        Shape [k, d], those of `start` first.

    Notes
    -----
    Of 2 + log k drawn rows the one that helps most is taken: "greedy" k-means++, Arthur & Vassilvitskii (2007),
    "k-means++: The Advantages of Careful Seeding".
    """
    columns = np.ascontiguousarray(X.T)
    if start is None or not len(start):
        start = X[_draw(w, rng, 1)]
    centres = [*start]
    nearest = column_distances(columns, start).min(axis=0)
    trials = _trials(k)
    while len(centres) < k:
        drawn = _draw(w * nearest, rng, trials)
        reached = np.minimum(column_distances(columns, X[drawn]), nearest)
        choice = int((w * reached).sum(axis=1).argmin())
        nearest = reached[choice]
        centres.append(X[drawn[choice]])
    return np.array(centres[:k])


def lloyd(X: Array, w: Array, C: Array, memory: Array | None = None, iterations: int = 100) -> Fit:
    """Move centres to the means of their rows until they rest.

    Parameters
    ----------
    X, w
        Rows, shape [n, d], and their weights, shape [n].
    C
        Centres to start from, shape [k, d].
    memory
        Weight with which each starting centre counts among its rows, shape [k]; default 0.
    iterations
        At most so many; by default it stops when the centres move by less than 1e-4 of the spread.
    """
    columns = np.ascontiguousarray(X.T)
    memory, start = np.zeros(len(C)) if memory is None else memory, C
    still = 1e-4 * float(columns.var(axis=1).mean())
    labels, d2 = _nearest(column_distances(columns, C))
    for _ in range(iterations):
        before, C = C, means(columns, w, labels, C, start, memory)
        labels, d2 = _nearest(column_distances(columns, C))
        if float(((C - before) ** 2).sum()) <= still:
            break
    mass = np.bincount(labels, w, len(C)).astype(np.float64)
    return Fit(np.ascontiguousarray(C), labels, d2, mass, float((w * d2).sum()))


def means(columns: Array, w: Array, labels: Labels, C: Array, start: Array, memory: Array) -> Array:
    """Centres (1 - λ) start + λ mean of the labelled rows, λ = m / (memory + m) with m the rows' weight.

    Rows are given as columns [d, n]. A centre without rows and memory stays where it is in C [k, d].
    """
    mass = memory + np.bincount(labels, w, len(C))
    width, k = len(columns), len(C)
    cells = labels + k * np.arange(width)[:, None]
    sums = np.bincount(cells.ravel(), (w * columns).ravel(), k * width).reshape(width, k).T
    moved: Array = (memory[:, None] * start + sums) / np.maximum(mass, 1e-300)[:, None]
    return np.where(mass[:, None] > 0, moved, C)


def best_of(X: Array, w: Array, k: int, rng: np.random.Generator, tries: int = 10, floor: float = 0.0) -> Fit:
    """Seed and iterate `tries` times, then try `tries` / 2 swaps of a centre with a row far from its own.

    The fewest clusters below the share `floor` win, then the least error.

    Notes
    -----
    Swaps lead out of local optima that ten seedings may all share (a small, far cluster that none has found):
    Fränti (2018), "Efficiency of random swap clustering".
    """

    def rank(fit: Fit) -> tuple[int, float]:
        return int(fit.small(floor).sum()), fit.sse

    best = min((lloyd(X, w, plusplus(X, w, k, rng)) for _ in range(tries)), key=rank)
    for _ in range(tries // 2 if k > 1 else 0):
        best = min(best, lloyd(X, w, swapped(X, w, best, rng)[0]), key=rank)
    return best


def swapped(
    X: Array, w: Array, fit: Fit, rng: np.random.Generator, place: int | None = None
) -> tuple[Array, int, float]:
    """Centres with a row in the place of one of them: the best of 2 + log k rows drawn by their squared distance.

    Parameters
    ----------
    X, w
        Rows, shape [n, d], and their weights, shape [n].
    fit
        Of these rows; at least two centres.
    rng
        Seeded generator.
    place
        Of the centre that goes; by default the one that is missed least.

    Returns
    -------
    (Array, int, float)
        The centres, shape [k, d], the place that changed, and the error before anything has moved.
    """
    columns, k = np.ascontiguousarray(X.T), len(fit.centres)
    others = column_distances(columns, fit.centres)
    others[fit.labels, np.arange(len(X))] = np.inf
    second = others.min(axis=0)
    drawn = X[_draw(w * fit.d2, rng, _trials(k))]
    errors = np.empty((len(drawn), k))
    for trial, reached in enumerate(column_distances(columns, drawn)):
        kept = np.minimum(fit.d2, reached)
        missed = np.bincount(fit.labels, w * (np.minimum(second, reached) - kept), k)
        errors[trial] = float((w * kept).sum()) + missed
    places = errors.argmin(axis=1) if place is None else np.full(len(drawn), place)
    left = errors[np.arange(len(drawn)), places]
    best = int(left.argmin())
    centres = fit.centres.copy()
    centres[places[best]] = drawn[best]
    return centres, int(places[best]), float(left[best])


def split_worst(X: Array, w: Array, fit: Fit, rng: np.random.Generator) -> tuple[int, Array] | None:
    """Where a dead cluster starts anew: a row of the cluster of largest error, by its squared distance.

    Returns
    -------
    (int, Array) or None
        The cluster that is split and the new centre, shape [d]; None where all rows sit on their centres.
    """
    errors = np.bincount(fit.labels, w * fit.d2, len(fit.centres))
    worst = int(errors.argmax())
    if errors[worst] <= 0:
        return None
    pull = np.where(fit.labels == worst, w * fit.d2, 0.0)
    return worst, X[_draw(pull, rng, 1)[0]]


def _nearest(distances: Array) -> tuple[Labels, Array]:
    """Of distances [k, n]; the first one wins a tie."""
    return distances.argmin(axis=0), distances.min(axis=0)


def _trials(k: int) -> int:
    return 2 + int(math.log(k))


def _draw(weights: Array, rng: np.random.Generator, count: int) -> Labels:
    """Row numbers, each with a chance proportional to its weight; alike where there is none."""
    running = np.cumsum(weights)
    if running[-1] <= 0:
        running = np.arange(1.0, len(weights) + 1)
    drawn = np.searchsorted(running, rng.random(count) * running[-1], side="right")
    last: Labels = np.minimum(drawn, len(weights) - 1)
    return last
