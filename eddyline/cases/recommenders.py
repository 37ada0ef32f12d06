"""Recommenders as one would fit them at night, over whole histories: beside them the stream's own is measured.

Each takes `weights`, how much each viewer has to do with each title [n, m], 0 where nothing, and gives scores [n, m].
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NEIGHBOURS = 30
"""Viewers who are asked."""

FACTORS = 8
_ROUNDS = 8
_CONFIDENCE = 5.0  # of a title watched, beside 1 of one that was not
_REGULAR = 30.0


def popular(weights: Array) -> Array:
    """The same for everybody: what most have watched."""
    return np.broadcast_to((weights > 0).sum(axis=0).astype(np.float64), weights.shape)


def item_neighbours(weights: Array) -> Array:
    """Sum of a title's similarities to those of the viewer: cosine of who watched them. Sarwar et al. (2001)."""
    similar = _cosines(weights.T)
    np.fill_diagonal(similar, 0.0)
    return np.asarray(weights @ similar)


def user_neighbours(weights: Array) -> Array:
    """What the most similar viewers watched: cosine of histories. Resnick et al., GroupLens (1994)."""
    return np.asarray(nearest_viewers(weights) @ weights)


def nearest_viewers(weights: Array) -> Array:
    """Similarity to each viewer's `NEIGHBOURS` nearest ones, 0 to all others, shape [n, n]."""
    similar = _cosines(weights)
    np.fill_diagonal(similar, -1.0)
    count = min(NEIGHBOURS, len(similar) - 1)
    kept = np.argsort(-similar, axis=1, kind="stable")[:, :count]
    chosen = np.zeros_like(similar)
    np.put_along_axis(chosen, kept, np.maximum(np.take_along_axis(similar, kept, axis=1), 0.0), axis=1)
    return chosen


def content(weights: Array, features: Array) -> Array:
    """How far a title's description, shape [m, f], is what the viewer has watched; of equal ones the more popular."""
    taste = weights @ features
    taste /= np.maximum(taste.sum(axis=1, keepdims=True), 1e-12)
    watched = (weights > 0).sum(axis=0)
    return np.asarray(taste @ features.T + 1e-3 * watched / max(int(watched.max()), 1))


def factors(weights: Array, seed: int = 7) -> tuple[Array, Array]:
    """Factors of viewers [n, f] and titles [m, f], whose products are the scores.

    Notes
    -----
    Alternating least squares for implicit feedback: Hu, Koren & Volinsky, "Collaborative Filtering for Implicit
    Feedback Datasets" (2008). What was watched counts with confidence 1 + 5 · weight, all else with 1.
    """
    rng = np.random.default_rng(seed)
    viewers, titles = (rng.normal(0, 0.1, (count, FACTORS)) for count in weights.shape)
    for _ in range(_ROUNDS):
        viewers = _solved(weights, titles)
        titles = _solved(weights.T, viewers)
    return viewers, titles


def _solved(weights: Array, other: Array) -> Array:
    """The best factors of the rows, given those of the columns."""
    gram = other.T @ other + _REGULAR * np.eye(FACTORS)
    found = np.empty((len(weights), FACTORS))
    for row, given in enumerate(weights):
        places = np.flatnonzero(given)
        own, confidence = other[places], _CONFIDENCE * given[places]
        found[row] = np.linalg.solve(gram + (own.T * confidence) @ own, own.T @ (1.0 + confidence))
    return found


def _cosines(rows: Array) -> Array:
    length = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    unit = rows / np.where(length > 0, length, 1.0)
    return np.asarray(unit @ unit.T)
