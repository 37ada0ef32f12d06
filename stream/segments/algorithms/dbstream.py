"""River's DBSTREAM, to compare with."""

from __future__ import annotations

from stream.segments.algorithms import river
from stream.segments.algorithms.base import Grouping, Sample


def group(sample: Sample) -> Grouping:
    """One pass of `river.cluster.DBSTREAM` over the sample, with `segments.radius` as its clustering threshold.

    What it has seen fades by half over the sample; as shipped it remembers some hundred rows. Its limits: `segments.k`
    is not looked at; micro-clusters that share too few rows with others are clusters of their own, so that there may
    be dozens (a larger `segments.radius` gives fewer); every customer is given to the nearest cluster. Clusters below
    1 % of the customers are left out. There is no warm start.

    Raises
    ------
    DataError
        Where no cluster is left.
    """
    from river.cluster import DBSTREAM

    rows = len(sample.X)
    clusterer = DBSTREAM(
        clustering_threshold=2 * river.radius(sample),
        fading_factor=1 / rows,
        cleanup_interval=max(1, rows // 10),
        minimum_weight=max(1.0, rows / 500),
    )
    river.taught(clusterer, sample)
    return river.grouping(sample, river.matrix(clusterer.centers.values(), sample.X.shape[1]))
