"""The algorithms that are compared: each learns a stream in one pass and ends with centres."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river import cluster
from sklearn.cluster import KMeans, MiniBatchKMeans

from stream.segments.kmeans import StreamKMeans
from stream.segments.lloyd import assign

Array = NDArray[np.float64]

SLOW = 1_000
"""Rows that algorithms of a millisecond a row are given."""

_CHUNK = 256
_PREDICTED = 10  # rows that a slow one predicts, to know what that costs


@dataclass(frozen=True, slots=True)
class Learnt:
    """What an algorithm came to.

    Attributes
    ----------
    centres
        Shape [k, d].
    microseconds
        To predict and learn a row.
    """

    centres: Array
    microseconds: float


@dataclass(frozen=True, slots=True)
class Rival:
    """An algorithm: how it learns rows [n, d] of which there are k kinds, and how many rows it gets at most."""

    name: str
    learn: Callable[[Array, int], Learnt]
    limit: int | None = None


def centres_of(model: Any, width: int) -> Array:
    """A model's centres by feature number, shape [k, width]."""
    centres = [[center[column] for column in range(width)] for center in model.centers.values()]
    return np.array(centres, dtype=np.float64).reshape(-1, width)


def batch(X: Array, k: int) -> KMeans:
    """What streams are measured by: all rows at once, best of ten."""
    return KMeans(k, n_init=10, random_state=0).fit(X)


def _ours(X: Array, k: int) -> Learnt:
    model = StreamKMeans(k)
    started = time.perf_counter()
    for start in range(0, len(X), _CHUNK):
        model.predict_many(X[start : start + _CHUNK])
        model.learn_many(X[start : start + _CHUNK])
    return Learnt(centres_of(model, X.shape[1]), _each(started, X))


def _minibatch(X: Array, k: int) -> Learnt:
    model = MiniBatchKMeans(k, random_state=0)
    started = time.perf_counter()
    for start in range(0, len(X), _CHUNK):
        if start:
            model.predict(X[start : start + _CHUNK])
        model.partial_fit(X[start : start + _CHUNK])
    return Learnt(model.cluster_centers_, _each(started, X))


def _river(make: Callable[[int], Any], slow: bool = False) -> Callable[[Array, int], Learnt]:
    def learn(X: Array, k: int) -> Learnt:
        model, rows = make(k), [dict(enumerate(row)) for row in X.tolist()]
        started = time.perf_counter()
        for row in rows:
            if not slow and model.centers:  # STREAMKMeans cannot predict before its first ten rows
                model.predict_one(row)
            model.learn_one(row)
        each = _each(started, X)
        if slow:
            started = time.perf_counter()
            for row in rows[-_PREDICTED:]:
                model.predict_one(row)
            each += _each(started, X[-_PREDICTED:])
        return Learnt(centres_of(model, X.shape[1]), each)

    return learn


def _denstream(X: Array, k: int) -> Learnt:
    """Its radius is what it cannot do without: here the median distance of a row to its centre in batch k-means."""
    radius = float(np.sqrt(np.median(assign(X, batch(X, k).cluster_centers_)[1])))

    def make(_: int) -> Any:
        return cluster.DenStream(epsilon=radius, decaying_factor=0.001, n_samples_init=min(500, len(X) // 2))

    return _river(make, slow=True)(X, k)


def _each(started: float, X: Array) -> float:
    return (time.perf_counter() - started) / len(X) * 1e6


RIVALS = (
    Rival("StreamKMeans", _ours),
    Rival("MiniBatchKMeans (scikit-learn)", _minibatch),
    Rival("KMeans (River)", _river(lambda k: cluster.KMeans(k, seed=0))),
    Rival("KMeans (River, tuned)", _river(lambda k: cluster.KMeans(k, halflife=0.05, mu=0.5, sigma=0.2, seed=0))),
    Rival("STREAMKMeans (River)", _river(lambda k: cluster.STREAMKMeans(n_clusters=k, seed=0))),
    Rival("CluStream (River)", _river(lambda k: cluster.CluStream(n_macro_clusters=k, seed=0), slow=True), SLOW),
    Rival("DenStream (River)", _denstream, SLOW),
)
