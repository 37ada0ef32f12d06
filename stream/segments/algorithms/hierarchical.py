"""Hierarchical: Ward's method over some 200 weighted micro-clusters. For small or nested data.

The hierarchy stays in the model, so that it can be looked at, and cut at another K without learning anew.
"""

from __future__ import annotations

import numpy as np

from stream.segments.algorithms.base import BETTER, Array, Grouping, Sample
from stream.segments.algorithms.tree import Tree, ward
from stream.segments.lloyd import lloyd, plusplus
from stream.segments.prototypes import Places, Prototypes

MICRO = 200
"""Micro-clusters at most; one customer in five at most, so that each is worth its name."""

_ITERATIONS = 10


def group(sample: Sample) -> Grouping:
    """Summarise the sample by micro-clusters, join them, and cut the tree at `segments.k`.

    Each micro-cluster is a prototype of its segment. Those of the version before are the start of the next ones. A
    greedy tree can turn over when a few customers change, so segments go on as well: their micro-clusters are joined
    first, unless (from time to time, as for k-means) a tree of nothing but the data leaves 5 % less error.

    Notes
    -----
    Micro-clusters below a hierarchy: BIRCH, Zhang, Ramakrishnan & Livny (1996).
    """
    X, k, known = sample.X, sample.settings.k, sample.known
    start = None if known is None else known.prototypes.points
    points, weights = micro_clusters(X, max(k, min(MICRO, len(X) // 5)), sample.rng, start)
    k = min(k, len(points))
    tree, renewed = None, False
    if known is not None and known.nested:
        within = known.prototypes.measure(points).argmin(axis=1)
        if len(np.unique(within)) == k:
            tree = ward(points, weights, within)
    if tree is None or sample.looks_again:
        fresh = ward(points, weights)
        renewed = tree is not None and _error(points, weights, fresh.cut(k)) < BETTER * _error(
            points, weights, tree.cut(k)
        )
        tree = fresh if renewed or tree is None else tree
    prototypes, order = cut(points, tree, k)
    return Grouping(prototypes, tree=tree.renumbered(order), fresh=renewed)


def cut(points: Array, tree: Tree, k: int) -> tuple[Prototypes, Places]:
    """The leaves as prototypes of k segments, and where each of them was."""
    owners = tree.cut(k)
    order = np.argsort(owners, kind="stable")
    return Prototypes(k, points[order], owners[order]), order


def _error(points: Array, weights: Array, owners: Places) -> float:
    """Weighted sum of squared distances to the means of the groups."""
    error = 0.0
    for place in range(int(owners.max()) + 1):
        own, w = points[owners == place], weights[owners == place][:, None]
        error += float((w * (own - (w * own).sum(axis=0) / w.sum()) ** 2).sum())
    return error


def micro_clusters(X: Array, count: int, rng: np.random.Generator, start: Array | None = None) -> tuple[Array, Array]:
    """K-means with many small clusters, in ten iterations.

    Parameters
    ----------
    X
        Rows, shape [n, d].
    count
        Clusters wanted; there are fewer where there are fewer distinct rows.
    rng
        Seeded.
    start
        Centres to begin with, shape [j, d].

    Returns
    -------
    (Array, Array)
        Centres, shape [m, d], and how many rows are nearest to each, shape [m], at least 1.
    """
    w = np.ones(len(X))
    fit = lloyd(X, w, plusplus(X, w, count, rng, start), iterations=_ITERATIONS)
    some = fit.mass > 0
    return fit.centres[some], fit.mass[some]
