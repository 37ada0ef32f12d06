"""Density: HDBSCAN, with those who are like nobody as a segment of their own. For noise and odd shapes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stream.errors import DataError
from stream.segments.algorithms.base import Array, Grouping, Sample
from stream.segments.algorithms.hierarchical import MICRO, micro_clusters
from stream.segments.prototypes import Places, Prototypes

_NEIGHBOURS = 5  # that a row counts to tell how dense it is where it lies


def group(sample: Sample) -> Grouping:
    """Find dense groups of any shape, and stand up to 200 prototypes for them.

    It runs over the sample's rows. scikit-learn's HDBSCAN takes no weights, and micro-clusters without them say little
    of density: k-means puts more of them where there are more rows, which evens out what HDBSCAN looks for. 4,096 rows
    take it less than a second.

    The distance at which a row is an outlier is the one that best tells the sample's noise from its groups. It is the
    same everywhere, so a row on the rim of a thin group can be an outlier. There is a segment of outliers also where
    nobody in the sample is one, so that its id stays.

    Raises
    ------
    DataError
        Where all is noise.

    References
    ----------
    Campello, Moulavi & Sander (2013), "Density-Based Clustering Based on Hierarchical Density Estimates".
    """
    X, share = sample.X, sample.settings.min_share
    labels = _labels(X, max(2, round(share * len(X))))
    count = int(labels.max()) + 1
    if not count:
        raise DataError(
            f"density found only noise among {len(X):,} customers: lower segments.min_share, which is {share:g}, or "
            "choose another segments.algorithm; `eddyline segments suggest` compares them"
        )
    budget = min(MICRO, len(X) // 5)  # with a prototype for every row, each would be far from all others
    points, owners = [], []
    for place in range(count):
        own = X[labels == place]
        found, _ = micro_clusters(own, max(1, budget * len(own) // len(X)), sample.rng)
        points.append(found)
        owners.append(np.full(len(found), place))
    prototypes = Prototypes(count, np.concatenate(points), np.concatenate(owners))
    border = _border(prototypes.measure(X).min(axis=1), labels < 0)
    return Grouping(Prototypes(count + 1, prototypes.points, prototypes.owners, border))


def _labels(X: Array, smallest: int) -> Places:
    """Group of each row, -1 for noise, shape [n]."""
    from sklearn.cluster import HDBSCAN

    if not np.ptp(X, axis=0).any():  # no density to compare: HDBSCAN would call all of it noise
        return np.zeros(len(X), dtype=np.intp)
    clusters = HDBSCAN(min_cluster_size=smallest, min_samples=_NEIGHBOURS, n_jobs=1, copy=True).fit(X)
    labels: Places = clusters.labels_.astype(np.intp)
    return labels


def _border(d2: Array, noise: NDArray[np.bool_]) -> float:
    """The squared distance to the nearest prototype that tells noise from the rest with the fewest errors."""
    order = np.argsort(d2, kind="stable")
    sorted_d2, outside = d2[order], noise[order].astype(np.float64)
    wrong = np.cumsum(outside) + (1 - outside).sum() - np.cumsum(1 - outside)  # with the border after each row
    best = int(wrong[::-1].argmin())  # the widest of the best: in doubt a customer belongs somewhere
    last = len(d2) - 1 - best
    upper = sorted_d2[last + 1] if last + 1 < len(d2) else 2 * sorted_d2[last]
    return max(float(sorted_d2[last] + upper) / 2, 1e-9)
