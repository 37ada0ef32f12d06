"""Whether a table's rows seem to be in an order: then a random split tells the past from the future."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eddyline.compare.split import Labels

_BLOCKS = 10
_CHANCE = 27.88  # chi-square of 9 degrees of freedom that one file in a thousand in a random order exceeds
_FEWEST = 5  # of each class expected in a block, for the statistic to be near a chi-square


def drifts(labels: Labels) -> Iterator[str]:
    """A warning where the share of positives differs over ten blocks of rows by more than chance.

    Source: Pearson's chi-square test of homogeneity.

    Parameters
    ----------
    labels
        Whether it happened, in the order of the file, shape [n].

    >>> list(drifts(np.arange(1_000) % 4 == 0))
    []
    >>> [told] = drifts(np.arange(1_000) % 10 < np.arange(1_000) // 100)
    >>> told[:82]
    'The share of positives goes from 0.0% to 90.0% over tenths of the rows, more than '
    """
    blocks = np.array_split(labels, _BLOCKS)
    sizes, share = np.array([len(one) for one in blocks]), float(labels.mean())
    if sizes.min() * min(share, 1.0 - share) < _FEWEST:
        return
    shares = np.array([one.mean() for one in blocks])
    if float((sizes * (shares - share) ** 2).sum()) / (share * (1.0 - share)) > _CHANCE:
        yield (
            f"The share of positives goes from {shares.min():.1%} to {shares.max():.1%} over tenths of the rows, more "
            "than chance would have it: rows seem to be in an order, but are split at random. If it is that of time, "
            "say --ordered, or --time COLUMN: at random, models are tested on times that they have learnt from."
        )
