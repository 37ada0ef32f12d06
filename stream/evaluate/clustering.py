"""How far two clusterings of the same customers agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence


def adjusted_rand_index(truth: Sequence[Hashable], found: Sequence[Hashable]) -> float:
    """Adjusted Rand index of two labellings.

    The share of pairs on which both agree (together in both, or apart in both), corrected for chance: 1 when they are
    equal up to the labels' names, about 0 when they have nothing to do with each other, and it can be negative.
    Computed in exact integers until the last division.

    Source: L. Hubert, P. Arabie, Comparing partitions, Journal of Classification 2 (1985).

    Parameters
    ----------
    truth, found
        One label a customer, in the same order.

    Returns
    -------
    float
        In [-0.5, 1]; 1.0 when there are no pairs to disagree on.

    Raises
    ------
    ValueError
        When the lengths differ.

    >>> adjusted_rand_index([0, 0, 1, 1], ["b", "b", "a", "a"])
    1.0
    >>> round(adjusted_rand_index([0, 0, 1, 2], [0, 0, 1, 1]), 4)
    0.5714
    """
    if len(truth) != len(found):
        raise ValueError(f"there are {len(truth)} labels on one side and {len(found)} on the other")
    both = _pairs(Counter(zip(truth, found, strict=True)))
    in_truth, in_found = _pairs(Counter(truth)), _pairs(Counter(found))
    total = len(truth) * (len(truth) - 1) // 2
    # (both - expected) / (mean - expected), with expected = in_truth * in_found / total, times 2 * total
    above = 2 * (both * total - in_truth * in_found)
    below = (in_truth + in_found) * total - 2 * in_truth * in_found
    return above / below if below else 1.0


def _pairs(sizes: Counter[Hashable]) -> int:
    """Pairs within groups of these sizes."""
    return sum(size * (size - 1) // 2 for size in sizes.values())
