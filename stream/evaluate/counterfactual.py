"""What another ranking would have got of clicks, from the log of what was shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from stream.evaluate.ranking import Floats

LEAST_CLICKS = 10
"""Clicks on which an estimate rests without which it is given no interval: a normal one would be too narrow."""

_Z = 1.959964  # 97.5 % of a normal distribution
_LEAST = 1e-6


class Shown(NamedTuple):
    """A logged list: its distinct items, the first on top, and those clicked (or ordered, if that is judged)."""

    items: Sequence[str]
    clicked: frozenset[str]


class Rate(NamedTuple):
    """Clicks ÷ items shown, and the bounds of its 95 % interval; None with fewer clicks than `LEAST_CLICKS`."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Estimate:
    """How a ranking would have done.

    Attributes
    ----------
    lists, items
        Judged, and items in them.
    observed
        Of what was shown: clicks ÷ items.
    ips
        Of the new ranking; what was never shown counts as never clicked. None without any items.
    snips
        The same, with what was never shown taken to be clicked like the rest; None when nothing was shown.
    unsupported
        Share of the new ranking's examination that falls to items that the list in the log did not show.
    clipped
        Share of the shown items' weights that were cut.
    effective
        Shown items that weigh the same and would give as exact an estimate: (Σ w)² / Σ w².
    clicks
        On which the estimate rests.
    """

    lists: int
    items: int
    observed: Rate | None
    ips: Rate | None
    snips: Rate | None
    unsupported: float
    clipped: float
    effective: float
    clicks: int


def estimate(
    logged: Sequence[Shown], rankings: Sequence[Sequence[str]], examination: Floats, clip: float = 10.0
) -> Estimate:
    """Inverse propensity scoring with clipped weights under a position-based model of clicks.

    The log's lists were chosen without chance, so what is random is only whether a place is looked at. An item that was
    shown at place k, and would be at place j, weighs w = θ_j / θ_k (at most `clip`): with e the clicks of a list,
    `ips` is Σ w e / items. `snips` divides by the examination that is accounted for, Σ w θ_k, rather than by all of the
    new ranking's, Σ θ_j; with weights that are not cut and support for all items both are the same.

    Parameters
    ----------
    logged
        Lists as they were shown.
    rankings
        What would have been shown instead, for each of them, best first; as many count as the log's list has.
    examination
        Chance θ that somebody looks at a place, above 0, relative to any place; at least as long as the longest list.
    clip
        The most that a weight may be. Clipping makes the estimate too low rather than erratic.

    Notes
    -----
    Sources: Joachims, Swaminathan and Schnabel, Unbiased learning-to-rank with biased feedback (2017), for examination
    as propensity; Li et al., Offline evaluation of ranking policies with click models (2018), for the estimator; Bottou
    et al., Counterfactual reasoning and learning systems (2013), and Strehl et al., Learning from logged implicit
    exploration data (2010), for clipping; Swaminathan and Joachims, The self-normalized estimator for counterfactual
    learning (2015). Intervals are those of a ratio of sums over lists (delta method): lists are taken as independent,
    and θ as known.

    Examples
    --------
    >>> log = [Shown(("a", "b"), frozenset({"b"}))] * 100
    >>> found = estimate(log, [("b", "a")] * 100, np.array([1.0, 0.5]))
    >>> found.observed.value, found.ips.value, found.unsupported
    (0.5, 1.0, 0.0)
    >>> found = estimate(log, [("b", "c")] * 100, np.array([1.0, 0.5]))
    >>> found.ips.value, round(found.snips.value, 3), round(found.unsupported, 3)
    (1.0, 1.5, 0.333)
    """
    lists = [_parts(*pair, examination, clip) for pair in zip(logged, rankings, strict=True)]
    of = _Parts(*np.array(lists, np.float64).reshape(len(lists), len(_Parts._fields)).T)
    total = _Parts(*(float(np.sum(one)) for one in of))
    clicks = int(total.hits)
    return Estimate(
        lists=len(lists),
        items=int(total.shown),
        observed=_rate([of.clicked], [of.shown], int(total.clicked)),
        ips=_rate([of.gained], [of.ranked], clicks),
        snips=_rate([of.gained, of.looked], [of.accounted, of.ranked], clicks),
        unsupported=max(total.missing / max(total.looked, _LEAST), 0.0),
        clipped=total.cut / max(total.supported, 1.0),
        effective=total.weights**2 / max(total.squares, _LEAST),
        clicks=clicks,
    )


class _Parts(NamedTuple):
    """Sums of one list: of items shown and in the new ranking (`ranked`), and of the latter's that were shown."""

    shown: float
    clicked: float
    ranked: float
    looked: float  # Σ θ_j of the new ranking
    missing: float  # of that, what was not shown
    gained: float  # Σ w e
    accounted: float  # Σ w θ_k
    hits: float
    supported: float
    weights: float
    squares: float
    cut: float


def _parts(shown: Shown, ranking: Sequence[str], examination: Floats, clip: float) -> _Parts:
    place = {item: at for at, item in enumerate(shown.items)}
    ranked = list(dict.fromkeys(ranking))[: len(place)]
    there = [at for at, item in enumerate(ranked) if item in place]
    now, before = examination[there], examination[[place[ranked[at]] for at in there]]
    weights = np.minimum(now / before, clip)
    hits = np.array([ranked[at] in shown.clicked for at in there], np.float64)
    looked = float(examination[: len(ranked)].sum())
    return _Parts(
        shown=len(place),
        clicked=len(shown.clicked),
        ranked=len(ranked),
        looked=looked,
        missing=looked - float(now.sum()),
        gained=float((weights * hits).sum()),
        accounted=float((weights * before).sum()),
        hits=float(hits.sum()),
        supported=len(there),
        weights=float(weights.sum()),
        squares=float((weights**2).sum()),
        cut=float((now / before > clip).sum()),
    )


def _rate(above: Sequence[Any], below: Sequence[Any], clicks: int) -> Rate | None:
    """A product of sums over lists ÷ another one, with an interval by linearisation."""
    if any(part.sum() <= 0 for part in below):
        return None
    value = float(np.prod([part.sum() for part in above]) / np.prod([part.sum() for part in below]))
    count = len(below[0])
    if clicks < LEAST_CLICKS or count < 2:
        return Rate(value, None, None)
    pull = sum(part / part.sum() for part in above) - sum(part / part.sum() for part in below)
    error = _Z * value * float(np.sqrt((pull**2).sum() * count / (count - 1)))
    return Rate(value, max(value - error, 0.0), value + error)
