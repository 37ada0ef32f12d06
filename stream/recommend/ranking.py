"""From a customer's own items to a list: what goes with them, what comes again, what is popular."""

from __future__ import annotations

from collections.abc import Container, Sequence
from heapq import nsmallest
from typing import Literal, NamedTuple

from stream.config import RecommendConfig
from stream.recommend.model import ItemsModel


class Ranked(NamedTuple):
    """One item of a list, with its reason; `because` is the customer's own item that counted most."""

    item: str
    score: float
    reason: Literal["similar", "again", "popular"]
    because: str | None


def recommend(
    history: Sequence[tuple[str, int]],
    exclude: Container[str],
    model: ItemsModel,
    count: int,
    config: RecommendConfig,
) -> list[Ranked]:
    """The `count` best items for a customer.

    Parameters
    ----------
    history
        The customer's items with their times, latest first.
    exclude
        Items never to show.
    model
        Nearest and popular items.
    count
        Length of the list; it is shorter only when the catalogue is.
    config
        How many items are seeds, and how much an own item counts when it comes again.

    Notes
    -----
    A seed counts 1/√rank by how lately it was bought or added. An item's score is the sum of its similarities to the
    seeds, each times the seed's weight; an own item also has `config.again` times its weight. What is missing to a
    full list is filled with popular items, their scores behind all others. Ties go by name.
    """
    scores: dict[str, float] = {}
    strongest: dict[str, tuple[float, str]] = {}
    again: dict[str, float] = {}
    for rank, (seed, _) in enumerate(history):
        weight = 1.0 / (1.0 + rank) ** 0.5
        if seed not in exclude:
            again[seed] = max(again.get(seed, 0.0), config.again * weight)
        if rank < config.seeds:
            for other, similar in model.neighbours.get(seed, ()):
                part = weight * similar
                scores[other] = scores.get(other, 0.0) + part
                if other not in strongest or part > strongest[other][0]:
                    strongest[other] = (part, seed)
    for item, part in again.items():
        scores[item] = scores.get(item, 0.0) + part
    best = nsmallest(count, ((-score, item) for item, score in scores.items() if item not in exclude))
    ranked = []
    for negated, item in best:
        part, seed = strongest.get(item, (0.0, ""))
        if item in again and again[item] >= part:
            ranked.append(Ranked(item, -negated, "again", item))
        else:
            ranked.append(Ranked(item, -negated, "similar", seed))
    if len(ranked) < count:
        chosen = {one.item for one in ranked}
        ceiling = min(ranked[-1].score if ranked else 1.0, 1e-3)
        top = model.popular[0][1] if model.popular else 1.0
        for item, weight in model.popular:
            if len(ranked) == count:
                break
            if item not in chosen and item not in exclude:
                ranked.append(Ranked(item, ceiling * weight / top if top > 0 else 0.0, "popular", None))
    return ranked
