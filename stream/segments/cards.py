"""A segment's card: what sets it apart, who is typical of it, how likely they are to act, what they buy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream.config import EngineConfig
from stream.contribution import Contribution
from stream.model import Model
from stream.updates import rounded

Array = NDArray[np.float64]


class Difference(NamedTuple):
    """One feature in which a segment differs from all customers.

    `z` is the distance of the two means in standard deviations of all customers, both measured as segments are
    (shortened by log where declared so, winsorised). `value` and `overall` are those means in the feature's own unit.
    """

    feature: str
    unit: str
    value: float
    overall: float
    z: float


class Typical(NamedTuple):
    """A medoid: a sampled customer as near to the segment as anybody, with the values of its `differences`."""

    customer: str
    values: dict[str, float | None]


class Bought(NamedTuple):
    """An item that customers of a segment have bought: the share who did, and that share among all customers."""

    item: str
    share: float
    overall: float


class Card(NamedTuple):
    """What there is to know of a segment from the merged sample.

    Attributes
    ----------
    size, share
        Sampled customers who are nearest to it, and their share of the sample.
    customers
        Its customers in all, estimated: the share of all that are known.
    differences
        Features by |z|, the largest first.
    typical
        The nearest first; none of outliers.
    propensity
        Target -> mean probability; of those only whose scores are published.
    """

    id: str
    name: str
    size: int
    share: float
    customers: int
    differences: tuple[Difference, ...]
    typical: tuple[Typical, ...]
    propensity: dict[str, float]


def make_cards(sample: Contribution, model: Model, config: EngineConfig, typical: int = 3) -> tuple[Card, ...]:
    """Cards of all segments of a model, by id.

    Parameters
    ----------
    sample
        All partitions' contributions, merged.
    model
        A model that has segments.
    config
        Engine settings: the features' units.
    typical
        Customers that are listed for a segment.

    Raises
    ------
    ValueError
        Where the model has no segments.
    """
    segments = model.segments
    if segments is None:
        raise ValueError("the model has no segments")
    best, d2 = segments.predict_many(sample.rows)
    scaled = segments.scaling.transform_many(sample.rows)
    standard = segments.scaling.standardise_many(sample.rows)
    spread = standard.std(axis=0)
    spread[spread == 0] = 1.0
    chances = _chances(model, config, standard)
    units = {feature.name: feature.unit for feature in config.features}
    cards = []
    for place, segment in enumerate(segments.ids):
        here = np.flatnonzero(best == place)
        differences: tuple[Difference, ...] = ()
        if len(here):
            z = (standard[here].mean(axis=0) - standard.mean(axis=0)) / spread
            means = np.stack([scaled[here].mean(axis=0), scaled.mean(axis=0)])
            value, overall = segments.scaling.inverse(means).tolist()
            differences = tuple(
                Difference(
                    segments.features[at],
                    units[segments.features[at]],
                    rounded(value[at]),
                    rounded(overall[at]),
                    rounded(float(z[at])),
                )
                for at in np.argsort(-np.abs(z), kind="stable").tolist()
            )
        nearest = sorted(here.tolist(), key=lambda row: (d2[row, place], sample.ids[row]))
        if place == segments.outliers:
            nearest = []  # they have nothing in common but to be far from all
        share = len(here) / max(len(best), 1)
        cards.append(
            Card(
                segment,
                segments.names[place],
                len(here),
                rounded(share),
                round(share * sample.customers),
                differences,
                tuple(
                    Typical(sample.ids[row], _values(segments.features, sample.rows[row])) for row in nearest[:typical]
                ),
                {target: rounded(float(scores[here].mean())) for target, scores in chances.items() if len(here)},
            )
        )
    return tuple(cards)


def popular_items(bought: Mapping[str, Iterable[Sequence[str]]], count: int = 5) -> dict[str, tuple[Bought, ...]]:
    """What each segment's customers buy, by the share of them who did.

    Parameters
    ----------
    bought
        Segment -> the items of each of some of its customers; they should be a uniform draw.
    count
        Items that are listed for a segment.

    Notes
    -----
    `overall` weighs every customer who is given alike: draw from each segment in proportion to its size.

    Examples
    --------
    >>> popular_items({"s1": [["tea", "jam"], ["tea"]], "s2": [["jam"], []]}, count=1)
    {'s1': (Bought(item='tea', share=1.0, overall=0.5),), 's2': (Bought(item='jam', share=0.5, overall=0.5),)}
    """
    counts: dict[str, Counter[str]] = {}
    sizes: dict[str, int] = {}
    for segment, baskets in bought.items():
        listed = [set(items) for items in baskets]
        sizes[segment] = len(listed)
        counts[segment] = Counter(item for items in listed for item in sorted(items))
    total, everyone = sum(counts.values(), Counter()), max(sum(sizes.values()), 1)
    return {
        segment: tuple(
            Bought(item, rounded(number / sizes[segment]), rounded(total[item] / everyone))
            for item, number in sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:count]
        )
        for segment, found in counts.items()
    }


def _chances(model: Model, config: EngineConfig, standard: Array) -> dict[str, Array]:
    """Probabilities of each target whose scores are published, shape [n]."""
    names = tuple(feature.name for feature in config.features)
    return {
        target.name: found.predict_proba_many(standard)
        for target in config.targets
        if (found := model.scoring(target, names)) is not None
    }


def _values(features: Sequence[str], row: Array) -> dict[str, float | None]:
    return {
        name: rounded(value) if np.isfinite(value) else None for name, value in zip(features, row.tolist(), strict=True)
    }
