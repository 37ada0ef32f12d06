"""River's DenStream, to compare with."""

from __future__ import annotations

from stream.segments.algorithms import river
from stream.segments.algorithms.base import Grouping, Sample


def group(sample: Sample) -> Grouping:
    """One pass of `river.cluster.DenStream` over the sample, with `segments.radius` as its epsilon.

    Its limits: it starts with a DBSCAN of its own over 1,000 rows (half the sample if that is smaller), in Python,
    which takes seconds; `segments.k` is not looked at; rows that no dense micro-cluster took in are forgotten as
    noise, but every customer is given to the nearest cluster, so that there is no segment of outliers; and
    micro-clusters are hardly joined, so that there may be dozens of clusters (a larger `segments.radius` gives fewer).
    Those below 1 % of the customers are left out. There is no warm start.

    Raises
    ------
    DataError
        Where no cluster is left.
    """
    from river.cluster import DenStream

    first = sample.X[sample.arrival[:1]]
    start = min(1_000, max(1, len(sample.X) // 2))
    clusterer = DenStream(epsilon=river.radius(sample), n_samples_init=start, decaying_factor=0.01)
    river.taught(clusterer, sample)
    clusterer.predict_one(dict(enumerate(first[0].tolist())))  # clusters are made when they are asked for
    return river.grouping(sample, river.matrix(clusterer.centers.values(), sample.X.shape[1]))
