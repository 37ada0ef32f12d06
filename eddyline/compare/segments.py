"""Our three ways to group rows against scikit-learn's, on the same scaled features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eddyline.compare.columns import Array
from eddyline.compare.cost import Cost, measured
from eddyline.compare.encode import Encoder
from eddyline.compare.table import Table
from stream.config import SegmentsConfig
from stream.errors import DataError
from stream.evaluate.clustering import adjusted_rand_index
from stream.preprocessing.pipeline import Preprocessing
from stream.segments.algorithms import group
from stream.segments.algorithms.base import Sample

Labels = NDArray[np.intp]

PAIRS = {"kmeans": "KMeans", "hierarchical": "AgglomerativeClustering", "density": "DBSCAN"}
"""Our algorithm -> scikit-learn's that does what it does."""

MOST_ROWS = 4_096
"""Rows that are grouped, as many as a model learns from; of more rows a uniform sample."""

_SILHOUETTE = 2_000
_NEIGHBOURS = 5
_SEED = 7


@dataclass(frozen=True, slots=True)
class Grouped:
    """One algorithm over the rows.

    Attributes
    ----------
    name
        Of the algorithm.
    kind
        `online` for ours, which learn from a mergeable sample, or `batch` for scikit-learn's.
    sizes
        Rows in each group, the largest first, without `outliers`.
    outliers
        Rows that are like no others.
    silhouette
        Of rows that are no outliers, of 2,000 at most; None with fewer than two groups.
    agreement
        Adjusted Rand index with its counterpart on the other side.
    seconds, memory_mb
        See `eddyline.compare.cost`.
    """

    name: str
    kind: str
    sizes: tuple[int, ...]
    outliers: int
    silhouette: float | None
    agreement: float
    seconds: float
    memory_mb: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self) | {"sizes": list(self.sizes)}


def group_both(table: Table, k: int) -> list[Grouped]:
    """Group the rows of a table by each algorithm, ours and scikit-learn's.

    Parameters
    ----------
    table
        Its target is not looked at.
    k
        Groups asked for; density finds its own.

    Raises
    ------
    DataError
        Where there are fewer than ten rows a group.
    """
    if len(table) < 10 * k:
        raise DataError(f"{len(table):,} rows are too few for {k} segments; at least {10 * k:,} are needed")
    rows = np.random.default_rng(_SEED).permutation(len(table))[:MOST_ROWS]
    encoder = Encoder.fit(table.columns, table.labels, rows)
    raw = encoder.encode(table.columns)[rows]
    X = Preprocessing.fit(raw, encoder.measured).transform_many(raw)
    found: list[Grouped] = []
    import_module("sklearn.cluster")  # it is no part of what a model costs
    for ours, theirs in PAIRS.items():
        sides = [(ours, "online", lambda ours=ours: _ours(ours, X, k)), (theirs, "batch", _THEIRS[ours])]
        labels, costs = [], []
        for _, kind, run in sides:
            cost = Cost()
            with measured(cost):
                labels.append(run() if kind == "online" else run(X, k))
            costs.append(cost)
        agreement = adjusted_rand_index(labels[0].tolist(), labels[1].tolist())
        for (name, kind, _), own, cost in zip(sides, labels, costs, strict=True):
            found.append(_grouped(name, kind, X, own, agreement, cost))
    return found


def _ours(algorithm: str, X: Array, k: int) -> Labels:
    """Group of each row; -1 for outliers."""
    settings = SegmentsConfig.model_validate({"algorithm": algorithm, "k": k})
    sample = Sample(X, np.arange(len(X)), settings, np.random.default_rng(_SEED))
    try:
        prototypes = group(sample).prototypes
    except DataError:  # all is noise
        return np.full(len(X), -1)
    labels: Labels = prototypes.measure(X).argmin(axis=1)
    if prototypes.outliers is not None:
        labels = np.where(labels == prototypes.outliers, -1, labels)
    return labels


def _kmeans(X: Array, k: int) -> Labels:
    from sklearn.cluster import KMeans

    labels: Labels = KMeans(k, n_init=10, random_state=_SEED).fit(X).labels_
    return labels


def _agglomerative(X: Array, k: int) -> Labels:
    from sklearn.cluster import AgglomerativeClustering

    labels: Labels = AgglomerativeClustering(k, linkage="ward").fit(X).labels_
    return labels


def _dbscan(X: Array, k: int) -> Labels:
    """With the radius at the knee of the sorted distances to the k-th neighbour, as Ester et al. (1996) say."""
    from sklearn.cluster import DBSCAN
    from sklearn.neighbors import NearestNeighbors

    least = max(_NEIGHBOURS, len(X) // 100)
    distances = np.sort(NearestNeighbors(n_neighbors=least).fit(X).kneighbors(X)[0][:, -1])
    rise = np.linspace(0.0, 1.0, len(X)) - (distances - distances[0]) / max(float(np.ptp(distances)), 1e-9)
    labels: Labels = DBSCAN(eps=max(float(distances[int(rise.argmax())]), 1e-9), min_samples=least).fit(X).labels_
    return labels


_THEIRS: dict[str, Callable[..., Labels]] = {"kmeans": _kmeans, "hierarchical": _agglomerative, "density": _dbscan}


def _grouped(name: str, kind: str, X: Array, labels: Labels, agreement: float, cost: Cost) -> Grouped:
    inside = labels >= 0
    sizes = sorted(np.unique(labels[inside], return_counts=True)[1].tolist(), reverse=True)
    silhouette = None
    if len(sizes) > 1 and inside.sum() > len(sizes):
        from sklearn.metrics import silhouette_score

        rows, own = X[inside][:_SILHOUETTE], labels[inside][:_SILHOUETTE]
        if 1 < len(np.unique(own)) < len(own):
            silhouette = float(silhouette_score(rows, own))
    outliers = int((~inside).sum())
    return Grouped(name, kind, tuple(sizes), outliers, silhouette, agreement, cost.seconds, cost.memory_mb)
