"""What the simulated shop sells: groups of items that are bought together, some far more popular than others."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from producers.simulator.kinds import KINDS

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]

_THINGS = tuple(
    """lantern teapot cushion notebook candle mug basket vase clock frame
    apron kettle lamp puzzle scarf planter bowl blanket garland toy""".split()  # noqa: SIM905
)
_LOOKS = tuple(
    "Red Blue Oak Glass Striped Vintage Little Large Woven Enamel Dotted Ivory Copper Folding".split()  # noqa: SIM905
)
_IN_THEME = 0.9  # of what is looked at belongs to the visit's group; the rest is what is popular anyway


class Catalog(NamedTuple):
    """Items and how they attract.

    `groups`, `prices` are by item; `popularity` is by group, and `attraction` holds log-weights by kind, group that
    the visit is about, and item.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    categories: tuple[str, ...]
    groups: Ints
    prices: Floats
    popularity: Floats
    attraction: Floats


def make_catalog(rng: np.random.Generator, items: int) -> Catalog:
    """A catalogue of `items` items in 3 to 20 groups; popularity falls with the rank as in Zipf's law."""
    count = max(3, min(len(_THINGS), items // 8))
    groups = np.arange(items) % count
    rank = np.arange(items) // count
    popularity = _shares((1.0 + np.arange(count)) ** -0.45)
    within: Floats = (1.0 + rank) ** -0.65
    level = rng.normal(2.4, 0.2, count)
    spread = rng.normal(0.0, 1.0, items)
    prices: Floats = np.round(np.exp(level[groups] + 0.35 * spread), 1) + 0.05

    overall = _shares(popularity[groups] * within)
    attraction = np.empty((len(KINDS), count, items))
    for number, kind in enumerate(KINDS):
        liked = within * np.exp(kind.taste * np.clip(spread, -2.0, 2.0))
        for group in range(count):
            theme = _shares(np.where(groups == group, liked, 0.0))
            attraction[number, group] = np.log(_IN_THEME * theme + (1.0 - _IN_THEME) * overall)
    things = [_THINGS[group] for group in groups.tolist()]
    looks = [f"{_LOOKS[n % len(_LOOKS)]} {'' if n < len(_LOOKS) else n // len(_LOOKS) + 1}" for n in rank.tolist()]
    return Catalog(
        tuple(f"{thing}-{n + 1:02d}" for thing, n in zip(things, rank.tolist(), strict=True)),
        tuple(f"{look.strip()} {thing}" for look, thing in zip(looks, things, strict=True)),
        tuple(f"{thing}s" for thing in things),
        groups,
        prices,
        popularity,
        attraction,
    )


def _shares(weights: Floats) -> Floats:
    return np.asarray(weights / weights.sum(), dtype=np.float64)
