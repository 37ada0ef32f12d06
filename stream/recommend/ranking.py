"""From candidates to a list: the best of them, and what speaks for each."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream.recommend.blend import Blend, Candidates, best
from stream.recommend.component import Floats, Numbers

Reason = Literal["similar", "after", "again", "popular", "content", "pinned"]

REASONS: dict[str, Reason] = {
    "pop2": "popular",
    "pop7": "popular",
    "pop30": "popular",
    "often": "again",
    "rhythm": "again",
    "lately": "again",
    "many": "again",
    "own": "again",
    "with_basket": "similar",
    "with_last": "similar",
    "with_own": "similar",
    "after": "after",
    "like_own": "content",
    "like_basket": "content",
    "shared_basket": "similar",
    "shared_last": "similar",
    "shared_own": "similar",
    "shared_popular": "popular",
}
"""Signal -> what it is for a customer."""


class Ranked(NamedTuple):
    """One item of a list.

    Attributes
    ----------
    item
        Its name.
    score
        Share that the ranker gives it among all candidates, in (0, 1).
    reason
        What lifts it most above the other candidates.
    because
        The customer's own item that counted most for that; None when the reason is that it is popular.
    """

    item: str
    score: float
    reason: Reason
    because: str | None


Choice = Callable[[Numbers, Floats, int], NDArray[np.intp]]
"""Items and their scores, and how many are wanted -> places of the chosen, best first."""


def ranked(
    blend: Blend,
    candidates: Candidates,
    situation: str,
    count: int,
    name: Callable[[int], str],
    factors: Floats | None = None,
    choose: Choice | None = None,
) -> list[Ranked]:
    """The `count` best candidates, best first; of equal ones the earlier item.

    Parameters
    ----------
    blend
        Whose ranker decides.
    candidates
        Of a customer.
    situation
        One of `SITUATIONS`.
    count
        Length of the list; it is shorter only when there are fewer candidates.
    name
        Names of items by number.
    factors
        On what the ranker gives to each candidate, shape [n].
    choose
        Instead of the best.

    Notes
    -----
    A reason's weight is the sum of its signals' terms in the score, less what it is on average over all candidates. So
    the reason is what tells the item from the others, and not what all of them have. What nobody has ordered is not
    popular, though that be what tells it from the others.
    """
    if not len(candidates.items):
        return []
    weights = blend.rankers[situation].weights
    terms = candidates.features * weights
    scores = terms.sum(axis=1)
    if factors is not None:
        scores = scores + np.log(factors)
    chance = np.exp(scores - scores.max())
    chance /= chance.sum()
    terms = terms[:, : len(blend.signals)] + terms[:, len(blend.signals) :]
    places = best(scores, count) if choose is None else choose(candidates.items, scores, count)
    lifts = terms[places] - terms.mean(axis=0)
    reasons, kinds, members = _kinds(blend.signals)
    popular = [REASONS[signal] == "popular" for signal in blend.signals]
    sold = candidates.features[:, : len(blend.signals)][:, popular].max(axis=1, initial=0.0) > 0
    sums = (lifts[:, None, :] * members).sum(axis=2)
    found = []
    for place, by_reason, by_signal in zip(
        places.tolist(), (-sums).argsort(axis=1).tolist(), (-lifts).argsort(axis=1).tolist(), strict=True
    ):
        item = int(candidates.items[place])
        reason: Reason = "popular"
        because = None
        for kind in by_reason:
            if reasons[kind] == "popular":
                if sold[place]:
                    break
                continue
            seeds = (candidates.offers[signal].because(item) for signal in by_signal if kinds[signal] == kind)
            seed = next((seed for seed in seeds if seed >= 0), -1)
            if seed >= 0:
                reason, because = reasons[kind], name(seed)
                break
        found.append(Ranked(name(item), float(chance[place]), reason, because))
    return found


@cache
def _kinds(signals: tuple[str, ...]) -> tuple[tuple[Reason, ...], tuple[int, ...], Floats]:
    """All reasons; of each signal the place of its reason; and which signals each has, shape [reasons, signals]."""
    reasons = tuple(dict.fromkeys(REASONS[signal] for signal in signals))
    kinds = tuple(reasons.index(REASONS[signal]) for signal in signals)
    return reasons, kinds, np.equal.outer(np.arange(len(reasons)), kinds).astype(np.float64)
