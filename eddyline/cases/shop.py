"""The shop: customers into segments by three algorithms, the guide's choice among them, and who they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eddyline.cases.fairness import Association, association, of_people
from eddyline.cases.shop_data import Shoppers
from stream.config import EngineConfig, Feature, parse_config
from stream.contribution import Contribution
from stream.engine import Engine
from stream.entries import Event
from stream.errors import DataError
from stream.evaluate.clustering import adjusted_rand_index
from stream.model import Model, learn
from stream.products import LARGEST
from stream.segments.cards import Card, make_cards
from stream.segments.model import SegmentsModel
from stream.segments.suggest import FAMILIES, Suggestion, suggest

ASKED = 5
"""Segments that are looked for in the made-up customers; for a file the guide says how many."""

KS = range(2, 9)
"""Numbers of segments that the guide tries."""

MOST_GROUPS = 4
"""Groups that are looked at: those of people first."""

_AT = 1_700_000_000_000  # ms: when customers say who they are
_MIN_SHARE = 0.05  # density: five of a hundred customers are a group


@dataclass(frozen=True)
class Segmented:
    """Customers in segments, by one algorithm.

    Attributes
    ----------
    algorithm
        One of k-means, hierarchical and density.
    config, merged, model, segments
        The engine's, with its sample of the customers: all of them up to 4,096.
    of
        Customer -> segment id.
    silhouette
        Mean over the sample, in the space in which distances are measured.
    ari
        Adjusted Rand index with the truth; None where nobody knows it.
    """

    algorithm: str
    config: EngineConfig
    merged: Contribution
    model: Model
    segments: SegmentsModel
    of: Mapping[str, str]
    silhouette: float
    ari: float | None

    @property
    def outliers(self) -> int | None:
        """Customers who are like nobody; None where the algorithm sets nobody aside."""
        place = self.segments.outliers
        return None if place is None else sum(label == self.segments.ids[place] for label in self.of.values())

    @property
    def count(self) -> int:
        """Segments that have customers, without outliers."""
        return len(self.cards) - bool(self.outliers)

    @property
    def cards(self) -> tuple[Card, ...]:
        """Of each segment that has customers."""
        return tuple(card for card in make_cards(self.merged, self.model, self.config) if card.size)


@dataclass(frozen=True)
class Follows:
    """How far segments follow a group of people, and what the group changes where it is a feature.

    Attributes
    ----------
    group
        Such as gender.
    association
        Of the segments that are shown, which are made without the group.
    shares
        Segment id -> group -> share of the segment's customers.
    overall
        Group -> share of all.
    with_it
        The same segments made with the group as a feature: how far those follow it, and their agreement with the
        segments without it and with the truth.
    """

    group: str
    association: Association
    shares: Mapping[str, Mapping[str, float]]
    overall: Mapping[str, float]
    with_it: Association
    agreement: float
    ari: float | None


@dataclass(frozen=True)
class Shop:
    """What has come of it.

    Attributes
    ----------
    found
        By each algorithm that found segments.
    failures
        Algorithm -> why it found none.
    guide
        What is recommended; None where there are too few customers to recommend anything.
    k
        Segments that were asked for.
    chosen
        The algorithm that the guide recommends, with `k` segments.
    follows
        Each group of people.
    without_age
        Agreement of the segments with those made without age; None where age is no feature.
    """

    shoppers: Shoppers
    found: tuple[Segmented, ...]
    failures: Mapping[str, str]
    guide: Suggestion | None
    k: int
    chosen: Segmented
    follows: tuple[Follows, ...]
    without_age: float | None


def run(shoppers: Shoppers, k: int | None, seed: int = 7, advance: Callable[[int], None] = lambda done: None) -> Shop:
    """Segment the customers, and look at what came of it.

    Parameters
    ----------
    shoppers
        Who they are.
    k
        Segments to look for; None: as many as the guide recommends.
    seed
        Of the algorithms.
    advance
        Told how many of four steps are done.

    Raises
    ------
    DataError
        Where there are too few customers, or none of the algorithms finds segments.
    """
    least = 10 if k is None else max(10, 2 * k)
    if len(shoppers.ids) < least:
        raise DataError(f"{len(shoppers.ids)} customers are too few to segment: give {least} or more")
    guide = _guide(shoppers, seed)
    advance(1)
    k = k or (guide.best.k if guide is not None else ASKED)
    found, failures = [], {}
    for algorithm in FAMILIES:
        try:
            found.append(segmented(shoppers, shoppers.features, shoppers.rows, algorithm, k, seed))
        except DataError as error:
            failures[algorithm] = str(error)
    if not found:
        raise DataError("; ".join(f"{algorithm}: {why}" for algorithm, why in failures.items()))
    advance(2)
    by_name = {one.algorithm: one for one in found}
    chosen = by_name.get(guide.best.algorithm, found[0]) if guide is not None else found[0]
    looked_at = sorted(shoppers.groups, key=lambda group: not of_people(group))[:MOST_GROUPS]
    follows = tuple(_follows(shoppers, chosen, group, k, seed) for group in looked_at)
    advance(3)
    kept = [place for place, feature in enumerate(shoppers.features) if feature.name != "age"]
    without_age = None
    if 1 < len(kept) < len(shoppers.features):
        features = tuple(shoppers.features[place] for place in kept)
        other = segmented(shoppers, features, shoppers.rows[:, kept], chosen.algorithm, k, seed)
        without_age = _agreement(shoppers, chosen.of, other.of)
    advance(4)
    return Shop(shoppers, tuple(found), failures, guide, k, chosen, follows, without_age)


def segmented(
    shoppers: Shoppers, features: Sequence[Feature], rows: NDArray[np.float64], algorithm: str, k: int, seed: int
) -> Segmented:
    """Customers through the engine, which learns their segments.

    Raises
    ------
    DataError
        Where the algorithm finds none.
    """
    config = _config(features, algorithm, k, seed)
    engine = Engine(config)
    engine.apply(
        Event(place, _AT, customer, True, f"m-{customer}", "identify", {}, _traits(features, row))
        for place, (customer, row) in enumerate(zip(shoppers.ids, rows.tolist(), strict=True))
    )
    merged = engine.contribution()
    model = learn(merged, None, Model(), config)
    segments = model.segments
    if segments is None:
        raise DataError(model.failure or "there are too few customers")
    known = np.where(np.abs(rows) <= LARGEST, rows, np.nan)  # as the engine takes traits
    of = {
        customer: segments.ids[place]
        for customer, place in zip(shoppers.ids, segments.predict_many(known)[0].tolist(), strict=True)
    }
    truth = dict(zip(shoppers.ids, shoppers.truth, strict=False))
    return Segmented(
        algorithm,
        config,
        merged,
        model,
        segments,
        of,
        _silhouette(segments, merged.rows),
        _agreement(shoppers, truth, of) if truth else None,
    )


def _config(features: Sequence[Feature], algorithm: str, k: int, seed: int) -> EngineConfig:
    segments: dict[str, Any] = {"algorithm": algorithm, "k": k, "warm_up": 2, "min_share": _MIN_SHARE, "seed": seed}
    return parse_config({"features": [feature.model_dump() for feature in features], "segments": segments})


def _traits(features: Sequence[Feature], row: Sequence[float]) -> dict[str, float]:
    return {feature.value or feature.name: value for feature, value in zip(features, row, strict=True)}


def _guide(shoppers: Shoppers, seed: int) -> Suggestion | None:
    """The recommendation, for enough customers."""
    try:
        return suggest(shoppers.rows, _config(shoppers.features, "kmeans", 2, seed), KS)
    except DataError:
        return None


def _silhouette(segments: SegmentsModel, rows: NDArray[np.float64]) -> float:
    from sklearn.metrics import silhouette_score

    places, _ = segments.predict_many(rows)
    several = 1 < len(np.unique(places)) < len(places)
    return float(silhouette_score(segments.scaling.transform_many(rows), places)) if several else 0.0


def _agreement(shoppers: Shoppers, one: Mapping[str, str], other: Mapping[str, str]) -> float:
    return adjusted_rand_index([one[each] for each in shoppers.ids], [other[each] for each in shoppers.ids])


def _follows(shoppers: Shoppers, chosen: Segmented, group: str, k: int, seed: int) -> Follows:
    """Look at a group of people, and make the segments with it."""
    members = shoppers.groups[group]
    labels = [chosen.of[customer] for customer in shoppers.ids]
    shares = {}
    for card in chosen.cards:
        own = Counter(member for member, label in zip(members, labels, strict=True) if label == card.id)
        shares[card.id] = {name: own[name] / max(own.total(), 1) for name in sorted(set(members))}
    names = sorted(set(members))
    told = names[:-1] if len(names) == 2 else names  # of two, the one says the other
    columns = np.array([[float(member == name) for name in told] for member in members])
    more = [
        Feature(name=f"group_{place}", aggregate="trait", value=f"group_{place}") for place in range(columns.shape[1])
    ]
    other = segmented(
        shoppers, (*shoppers.features, *more), np.hstack([shoppers.rows, columns]), chosen.algorithm, k, seed
    )
    return Follows(
        group,
        association(members, labels, seed),
        shares,
        {name: count / len(members) for name, count in sorted(Counter(members).items())},
        association(members, [other.of[customer] for customer in shoppers.ids], seed),
        _agreement(shoppers, chosen.of, other.of),
        other.ari,
    )
