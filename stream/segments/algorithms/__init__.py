"""How customers are grouped: one file an algorithm, each with a function `group(sample) -> Grouping`.

All of them work on the merged uniform sample of customers, so that any number of partitions learns what one would.
Scaling, identity and names are none of their business: see `stream.segments.learner`.
"""

from __future__ import annotations

from importlib import import_module

from stream.segments.algorithms.base import Grouping, Sample


def group(sample: Sample) -> Grouping:
    """Group a sample by the algorithm that its settings choose, which is imported only now.

    Raises
    ------
    DataError
        Where the algorithm finds no segments in these rows; the message says what to do.
    """
    found: Grouping = import_module(f"{__name__}.{sample.settings.algorithm}").group(sample)
    return found
