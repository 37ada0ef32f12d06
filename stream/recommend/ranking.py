"""From candidates to a list: the best of them, and what speaks for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Literal, NamedTuple

import numpy as np

from stream.recommend.blend import Blend, Candidates
from stream.recommend.component import Offers

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
    terms = terms[:, : len(blend.signals)] + terms[:, len(blend.signals) :]
    places = blend.rank(candidates, situation, count)
    lifts = terms[places] - terms.mean(axis=0)
    kinds = _kinds(blend.signals)
    sums = {reason: lifts[:, signals].sum(axis=1).tolist() for reason, signals in kinds.items()}
    found = []
    for row, place in enumerate(places.tolist()):
        item = int(candidates.items[place])
        told = {reason: sums[reason][row] for reason in sums}
        reason, seed = _reason(candidates.offers, item, told, kinds, lifts[row].tolist())
        found.append(Ranked(name(item), float(chance[place]), reason, None if seed is None else name(seed)))
    return found


@cache
def _kinds(signals: tuple[str, ...]) -> dict[Reason, list[int]]:
    """Reason -> places of its signals."""
    kinds: dict[Reason, list[int]] = {}
    for place, signal in enumerate(signals):
        kinds.setdefault(REASONS[signal], []).append(place)
    return kinds


def _reason(
    offers: Sequence[Offers],
    item: int,
    sums: Mapping[Reason, float],
    kinds: Mapping[Reason, Sequence[int]],
    lifts: Sequence[float],
) -> tuple[Reason, int | None]:
    """What lifts an item most, of all that has a seed, and the seed."""
    for reason in sorted(sums, key=lambda one: -sums[one]):
        if reason == "popular":
            break
        for signal in sorted(kinds[reason], key=lambda one: -lifts[one]):
            seed = offers[signal].because(item)
            if seed >= 0:
                return reason, seed
    return "popular", None
