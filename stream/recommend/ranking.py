"""From candidates to a list: the best of them, and what speaks for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from stream.recommend.blend import Blend, Candidates
from stream.recommend.component import Floats

Reason = Literal["similar", "after", "again", "popular"]

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


def ranked(
    blend: Blend, candidates: Candidates, situation: str, count: int, name: Callable[[int], str]
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

    Notes
    -----
    A reason's weight is the sum of its signals' terms in the score, less what it is on average over all candidates. So
    the reason is what tells the item from the others, and not what all of them have.
    """
    if not len(candidates.items):
        return []
    weights = blend.rankers[situation].weights
    terms = candidates.features * weights
    scores = terms.sum(axis=1)
    chance = np.exp(scores - scores.max())
    chance /= chance.sum()
    signals = len(blend.signals)
    terms = terms[:, :signals] + terms[:, signals:]
    means = terms.mean(axis=0)
    found = []
    for place in blend.rank(candidates, situation, count).tolist():
        reason, seed = _reason(blend, candidates, place, terms[place] - means)
        because = None if seed is None else name(seed)
        found.append(Ranked(name(int(candidates.items[place])), float(chance[place]), reason, because))
    return found


def _reason(blend: Blend, candidates: Candidates, place: int, lifts: Floats) -> tuple[Reason, int | None]:
    """What lifts an item most, of all that has a seed, and the seed."""
    item = int(candidates.items[place])
    sums: dict[Reason, float] = {}
    for signal, lift in zip(blend.signals, lifts.tolist(), strict=True):
        reason = REASONS[signal]
        sums[reason] = sums.get(reason, 0.0) + lift
    for reason in sorted(sums, key=lambda one: -sums[one]):
        if reason == "popular":
            break
        places = [one for one, signal in enumerate(blend.signals) if REASONS[signal] == reason]
        for one in sorted(places, key=lambda one: -lifts[one]):
            seed = candidates.offers[one].because(item)
            if seed >= 0:
                return reason, seed
    return "popular", None
