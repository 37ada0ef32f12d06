"""Items models of whole counts, as a merger makes them that has been told of every row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stream.config import RecommendConfig
from stream.recommend.merge import merge_items
from stream.recommend.merged import MergedCounts
from stream.recommend.model import ItemsModel
from stream.recommend.ranker import Ranker


class ItemsMerger:
    """Keeps what it was told from one merge to the next."""

    def __init__(self, config: RecommendConfig) -> None:
        self.config = config
        self.counts = MergedCounts(config)

    def merge(
        self,
        counts: Sequence[Mapping[str, bytes]],
        previous: ItemsModel | None,
        rankers: Mapping[str, Ranker] | None = None,
    ) -> ItemsModel:
        """The next model; `counts` are item -> packed row of each partition."""
        for partition, rows in enumerate(counts):
            self.counts.replace(partition, rows)
        return merge_items(self.counts, previous, rankers, config=self.config)
