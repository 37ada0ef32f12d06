"""A list for an open basket, merged of what the cache has: nearest items, the customer's list, and popular items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

RANKED = 60
"""An item at place r of a source scores weight / (60 + r): reciprocal-rank fusion (Cormack, Clarke, Buettcher 2009)."""

WEIGHTS = {"similar": 3.0, "list": 2.0, "popular": 1.0}
"""What lies in the basket says most about what belongs to it, and what everybody orders least."""


class Part(NamedTuple):
    """One term of an item's score.

    Attributes
    ----------
    source
        `similar` (to items of the basket), `list` (the customer's), or `popular`.
    place
        The item's in that source, from 1 on.
    score
        The term.
    value
        By what the source ranks: summed similarity, the list's score, or weight.
    because
        The item of the basket, or of the customer, that counted most; None where none did.
    """

    source: str
    place: int
    score: float
    value: float
    because: str | None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One item to show, and why.

    Attributes
    ----------
    item
        Its id.
    score
        By which a list is ordered; of two lists, scores do not compare.
    reason
        `similar`, `after`, `again`, `popular`, `content` or `pinned`.
    because
        The customer's own item that counted most, if one did.
    sentence
        The reason in words.
    parts
        What its score is the sum of, where the list was merged for a basket.
    """

    item: str
    score: float
    reason: str
    because: str | None
    sentence: str
    parts: tuple[Part, ...] = field(default=())


def merged(
    near: Mapping[str, Sequence[tuple[str, float]]],
    listed: Iterable[Recommendation],
    popular: Sequence[tuple[str, float]],
    count: int,
) -> tuple[Recommendation, ...]:
    """The best items for a basket, best first, ties by item; none of the basket itself.

    Parameters
    ----------
    near
        Item of the basket -> its nearest items with their similarity.
    listed
        The customer's list, best first.
    popular
        Popular items with their weight, heaviest first.
    count
        Items at most.

    >>> near, popular = {"tea": [("cup", 0.5), ("pot", 0.2)]}, [("pot", 9.0), ("tea", 8.0), ("jam", 7.0)]
    >>> [(one.item, one.reason, one.because) for one in merged(near, (), popular, 3)]
    [('pot', 'similar', 'tea'), ('cup', 'similar', 'tea'), ('jam', 'popular', None)]
    """
    similar: dict[str, list[tuple[float, str]]] = {}
    for seed, others in near.items():
        for item, similarity in others:
            similar.setdefault(item, []).append((similarity, seed))
    found: dict[str, list[tuple[Part, str, str]]] = {}  # item -> parts, each with reason and sentence

    def add(source: str, ranked: Iterable[tuple[str, float, str | None, str, str]]) -> None:
        there = (one for one in ranked if one[0] not in near)
        for place, (item, value, because, reason, sentence) in enumerate(there, 1):
            part = Part(source, place, WEIGHTS[source] / (RANKED + place), value, because)
            found.setdefault(item, []).append((part, reason, sentence))

    sums = sorted((-sum(similarity for similarity, _ in parts), item) for item, parts in similar.items())
    seeds = {item: max(parts, key=lambda one: (one[0], one[1]))[1] for item, parts in similar.items()}
    together = "Often ordered together with {}.".format
    add("similar", ((item, -value, seeds[item], "similar", together(seeds[item])) for value, item in sums))
    add("list", ((one.item, one.score, one.because, one.reason, one.sentence) for one in listed))
    add("popular", ((item, weight, None, "popular", "Popular now.") for item, weight in popular))
    made = []
    for item, parts in found.items():
        best, reason, sentence = max(parts, key=lambda one: one[0].score)
        score = sum(part.score for part, _, _ in parts)
        made.append(Recommendation(item, score, reason, best.because, sentence, tuple(part for part, _, _ in parts)))
    return tuple(sorted(made, key=lambda one: (-one.score, one.item))[:count])
