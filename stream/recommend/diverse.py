"""Diversity: a list whose items are not all alike."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from stream.recommend.blend import best
from stream.recommend.component import Floats

CONSIDERED = 5
"""Items that are considered for each place of a list, the best."""


def diverse(scores: Floats, count: int, weight: float, similar: Callable[[int], Floats]) -> NDArray[np.intp]:
    """Places of items that score high and are unlike those before them, in the order chosen.

    Maximal marginal relevance: each next one has the highest (1 - w) r - w s, with r its chance relative to that of the
    best, and s its similarity to the most similar one that is chosen already. So the best comes first.

    Parameters
    ----------
    scores
        Log-odds of the items, shape [n].
    count
        How many are wanted.
    weight
        w, in [0, 1).
    similar
        The similarity of each item to the one at a place, in [0, 1]; shape [n].

    Notes
    -----
    Source: Carbonell and Goldstein, The use of MMR, diversity-based reranking for reordering documents and producing
    summaries (1998).

    Examples
    --------
    >>> near = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> diverse(np.array([2.0, 1.9, 1.5]), 2, 0.5, lambda place: near[place]).tolist()
    [0, 2]
    """
    places = best(scores, CONSIDERED * count)
    relevance = (1.0 - weight) * np.exp(scores[places] - scores.max(initial=-np.inf))
    most = np.zeros(len(places))
    chosen: list[int] = []
    while len(chosen) < min(count, len(places)):
        gain = relevance - weight * most
        gain[chosen] = -np.inf
        at = int(gain.argmax())
        chosen.append(at)
        most = np.maximum(most, similar(int(places[at]))[places])
    found: NDArray[np.intp] = places[chosen]
    return found
