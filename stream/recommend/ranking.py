"""From a customer's own items to a list: what goes with them, what comes again, what is popular."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Literal, NamedTuple

from stream.config import RecommendConfig
from stream.recommend.model import ItemsModel

AGAIN = 3
"""Half-life, in those of the counts, of an own item's chance to be bought again."""

Seed = tuple[str, float, Mapping[str, float]]  # item, weight, what it offers


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
        The customer's items with their times, the last to arrive first: that need not be the latest.
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
    An item's score is the sum of its similarities to the seeds, which count 4 / (4 + rank) by how lately they were
    bought or added; an own item also has `config.again`, less with age. All of it is taken times the item's pull (see
    `ItemsModel.pull`): what many buy, this customer too is more likely to buy next. What is missing to a full list is
    filled with popular items, their scores behind all others. Of equal scores, the one that came up first wins: the
    order of the history and of the neighbours decides.
    """
    offers, pull = model.offers, model.pull
    lasts = AGAIN * config.half_life
    latest = max((time for _, time in history), default=0)
    first = enumerate(history[: config.seeds])
    seeds = [(seed, 4.0 / (4.0 + rank), offers[seed]) for rank, (seed, _) in first if seed in offers]
    scores: dict[str, float] = {}
    get = scores.get
    for _, weight, others in seeds:
        for other, offer in others.items():
            scores[other] = get(other, 0.0) + weight * offer
    again: dict[str, float] = {}
    for item, time in history:
        if item in pull and item not in again:
            again[item] = config.again * 2.0 ** ((time - latest) / lasts) * pull[item]
            scores[item] = get(item, 0.0) + again[item]
    ranked: list[Ranked] = []
    for item in sorted(scores, key=scores.__getitem__, reverse=True):
        if item not in exclude:
            ranked.append(_explained(item, scores[item], seeds, again))
            if len(ranked) == count:
                return ranked
    chosen = {one.item for one in ranked}
    ceiling = min(ranked[-1].score if ranked else 1.0, 1e-3)
    for item, weight in model.popular:
        if item not in chosen and item not in exclude:
            ranked.append(Ranked(item, ceiling * weight / model.popular[0][1], "popular", None))
            if len(ranked) == count:
                break
    return ranked


def _explained(item: str, score: float, seeds: Sequence[Seed], again: Mapping[str, float]) -> Ranked:
    """The item with what counted most for it."""
    most, because = again.get(item, 0.0), item
    for seed, weight, others in seeds:
        if item in others and weight * others[item] > most:
            most, because = weight * others[item], seed
    return Ranked(item, score, "again" if because == item else "similar", because)
