"""River's STREAMKMeans as shipped, to compare with."""

from __future__ import annotations

from stream.segments.algorithms import river
from stream.segments.algorithms.base import Grouping, Sample


def group(sample: Sample) -> Grouping:
    """One pass of `river.cluster.STREAMKMeans` over the sample.

    Its limits: River draws the first centres at random around 0, without looking at the rows. A centre that is no
    row's nearest never moves, so that most are dead; and each chunk starts with centres at random again. Dead ones
    are left out here, and fewer than `segments.k` segments are the rule, often a single one. There is no warm start.

    Raises
    ------
    DataError
        Where no centre is left.
    """
    from river.cluster import STREAMKMeans

    settings = sample.settings
    clusterer = river.taught(STREAMKMeans(n_clusters=settings.k, seed=settings.seed), sample)
    return river.grouping(sample, river.matrix(clusterer.centers.values(), sample.X.shape[1]))
