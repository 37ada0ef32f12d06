"""CluStream on River's micro-clusters, to compare with."""

from __future__ import annotations

import numpy as np

from stream.segments.algorithms import river
from stream.segments.algorithms.base import Grouping, Sample
from stream.segments.lloyd import best_of

_MICRO = 100
_ROWS = 1_000


def group(sample: Sample) -> Grouping:
    """One pass of `river.cluster.CluStream`, and weighted k-means over its micro-clusters, as in the paper.

    Its limits: River compares all pairs of micro-clusters for each row that fits none, in Python, some 10 ms a row:
    only 1,000 customers are learnt from. Its own macro-clusters are not used: an incremental k-means makes them in one
    pass without weights, and leaves a single one alive. There is no warm start.

    References
    ----------
    Aggarwal, Han, Wang & Yu (2003), "A Framework for Clustering Evolving Data Streams".
    """
    from river.cluster import CluStream

    rows, settings = min(_ROWS, len(sample.X)), sample.settings
    micro = min(_MICRO, max(settings.k, rows // 5))
    clusterer = CluStream(max_micro_clusters=micro, time_window=rows, time_gap=2 * rows, seed=settings.seed)
    river.taught(clusterer, sample, rows)
    found = clusterer.micro_clusters.values()
    points = river.matrix([each.center for each in found], sample.X.shape[1])
    weights = np.array([float(each.weight) for each in found])
    fit = best_of(points, weights, min(settings.k, len(points)), sample.rng)
    return river.grouping(sample, points, fit.labels)
