"""The items model: learnt from the merged counts and the model before, at a bounded cost for each merge."""

from __future__ import annotations

import math
from collections.abc import Mapping
from heapq import nsmallest

from stream.config import RecommendConfig
from stream.recommend.merged import POPULAR, MergedCounts
from stream.recommend.model import ItemsModel
from stream.recommend.ranker import Ranker


def merge_items(
    counts: MergedCounts,
    previous: ItemsModel | None,
    rankers: Mapping[str, Ranker] | None = None,
    *,
    config: RecommendConfig,
) -> ItemsModel:
    """The next items model, a function of the counts and the model before.

    At most `config.refresh` items are computed anew, those first that have grown most since they last were.

    Parameters
    ----------
    counts
        Of all partitions.
    previous
        The version before.
    rankers
        Situation -> what all partitions together have learnt of the signals.
    config
        Engine settings of recommendations.
    """
    before = previous or ItemsModel({}, ())
    heaviest = counts.heaviest(max(config.max_items, POPULAR))
    kept = [item for item, _ in heaviest[: config.max_items]]
    sizes = {item: size for item in kept if (size := counts.size(item)) is not None}
    growth = {item: size - before.measured.get(item, -math.inf) for item, size in sizes.items()}
    grown = (item for item, by in growth.items() if by != 0)
    fresh = counts.nearest(nsmallest(config.refresh, grown, key=lambda item: (-growth[item], item)))
    neighbours = {item: near for item in kept if (near := fresh.get(item) or before.neighbours.get(item))}
    known = before.measured
    measured = {item: sizes[item] if item in fresh else known[item] for item in kept if item in fresh or item in known}
    return ItemsModel(
        neighbours,
        tuple(heaviest[:POPULAR]),
        measured,
        counts.shared,
        {name: _weights(ranker) for name, ranker in (rankers or {}).items()},
    )


def _weights(ranker: Ranker) -> tuple[float, ...]:
    """Rounded: the last digits of a solved system are the machine's own."""
    return tuple(round(weight, 6) for weight in ranker.merge(()).weights.tolist())
