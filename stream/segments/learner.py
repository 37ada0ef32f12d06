"""Segments learnt from a sample of customers: a pure function of the sample, the settings and the version before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stream.commands import Wishes
from stream.config import EngineConfig
from stream.preprocessing.scaling import Scaling
from stream.segments.identity import match, reach
from stream.segments.lloyd import Array, Fit, best_of, lloyd, plusplus, split_worst
from stream.segments.model import SegmentsModel
from stream.segments.naming import correlations, name_segments
from stream.segments.wished import wished

FLOOR = 0.01
"""A segment is at least this share of the sample, where the data allow it."""

_BETTER = 0.95  # start over when that leaves less than this share of the error
_REPAIRS = 10
_RETIRED = 100  # names of dead segments that are remembered


def learn(
    rows: Array, config: EngineConfig, previous: SegmentsModel | None, wishes: Wishes | None = None
) -> SegmentsModel | None:
    """The next version of the segments.

    Parameters
    ----------
    rows
        Raw feature rows of a uniform sample of customers, shape [n, d], NaN where missing. Their order does not
        matter.
    config
        Engine settings.
    previous
        The version before: its centres are the start, its weights their inertia, and its ids live on. Without it,
        or where the features have changed since, segments are seeded afresh.
    wishes
        What operators have asked: how many segments, which of them end, which rest.

    Returns
    -------
    SegmentsModel or None
        None where there are too few customers. Fewer than `segments.k` segments only where there are fewer
        distinct customers.

    Notes
    -----
    Each version is one step of `StreamKMeans` whose chunk is the sample, iterated until it rests: centres carry
    the decayed weight of what they have seen, halved every `segments.half_life` samples. From time to time (at
    samples 1, 2, 4, 8, 16, 32, 48, …) ten fresh seedings compete, and win if they leave 5 % less error.
    """
    settings, wishes = config.segments, wishes or Wishes()
    if len(rows) < min(settings.rows_needed, settings.sample):
        return None
    names = tuple(feature.name for feature in config.features)
    rows = _canonical(rows)
    scaling = Scaling.fit(
        rows,
        log=tuple(feature.log for feature in config.features),
        missing=tuple(feature.missing for feature in config.features),
    )
    X = scaling.transform_many(rows)
    known = previous if previous is not None and previous.features == names else None
    known = None if known is None else wished(known, Wishes(retired=wishes.retired))
    k = wishes.learns(settings.k)
    learnt, next_id = (0, 1) if previous is None else (previous.learnt, previous.next_id)
    rng = np.random.default_rng([settings.seed, learnt])
    if known is None:
        fit, memory = _seeded(X, k, rng)
        live = np.flatnonzero(fit.mass > 0)
        live = live[np.argsort(-fit.mass[live], kind="stable")]  # ids go from large to small
        identity = match(np.empty((0, X.shape[1])), (), fit.centres[live], 0.0, next_id)
    else:
        carried = scaling.transform_many(known.scaling.inverse(known.centres))
        fit, memory, lives = _continued(X, carried, known.weights * 2.0 ** (-1.0 / settings.half_life), k, rng)
        if learnt % 16 == 0 or learnt & (learnt - 1) == 0:
            fresh, none = _seeded(X, k, rng)
            if _rank(fresh)[0] < _rank(fit)[0] or fresh.sse < _BETTER * fit.sse:
                fit, memory = fresh, none
        live = np.flatnonzero(fit.mass > 0)
        survivors = [segment for segment, lived in zip(known.ids, lives, strict=True) if lived]
        identity = match(carried[lives], survivors, fit.centres[live], reach(carried)[lives], next_id)
    order = np.argsort([int(segment[1:]) for segment in identity.ids])
    live, ids = live[order], tuple(identity.ids[place] for place in order.tolist())
    centres, sizes = np.ascontiguousarray(fit.centres[live]), fit.mass[live]
    naming = name_segments(
        ids,
        scaling.standardise_scaled(centres),
        config.features,
        correlations(scaling.standardise_many(rows)),
        {} if known is None else dict(zip(known.ids, zip(known.names, known.marks, strict=True), strict=True)),
        settings.names,
    )
    return SegmentsModel(
        features=names,
        scaling=scaling,
        centres=centres,
        points=centres,
        owners=np.arange(len(ids)),
        noise=None,
        weights=memory[live] + sizes,
        ids=ids,
        names=naming.names,
        marks=naming.marks,
        sizes=tuple(int(size) for size in sizes),
        shares=tuple(float(size) / len(rows) for size in sizes),
        sse=fit.sse,
        next_id=identity.next_id,
        learnt=learnt + 1,
        retired=_retired(previous, ids),
    )


def _canonical(rows: Array) -> Array:
    """The rows in an order of their own, so that theirs cannot matter."""
    rows = np.where(np.isinf(rows), np.nan, rows) + 0.0  # no negative zeros
    sorted_rows: Array = rows[np.lexsort(rows.T)]
    return sorted_rows


def _rank(fit: Fit) -> tuple[int, float]:
    """The fewer clusters below the floor, and then the less error, the better."""
    return int(fit.small(FLOOR).sum()), fit.sse


def _seeded(X: Array, k: int, rng: np.random.Generator) -> tuple[Fit, Array]:
    """A solution without memory."""
    fit = best_of(X, np.ones(len(X)), k, rng, floor=FLOOR)
    return _repaired(X, fit, fit.centres, np.zeros(k), rng)[:2]


def _continued(
    X: Array, carried: Array, memory: Array, k: int, rng: np.random.Generator
) -> tuple[Fit, Array, NDArray[np.bool_]]:
    """The solution that goes on from the centres before, its memory, and which of those centres it still has."""
    w = np.ones(len(X))
    lives = np.ones(len(carried), dtype=np.bool_)
    if len(carried) > k:  # fewer are wanted now
        lives[np.argsort(lloyd(X, w, carried, iterations=0).mass, kind="stable")[: len(carried) - k]] = False
    start = plusplus(X, w, k, rng, start=carried[lives])
    memory = np.append(memory[lives], np.zeros(k - int(lives.sum())))
    fit, memory, replaced = _repaired(X, lloyd(X, w, start, memory), start, memory, rng)
    lives[np.flatnonzero(lives)[replaced[: int(lives.sum())]]] = False
    return fit, memory, lives


def _repaired(
    X: Array, fit: Fit, start: Array, memory: Array, rng: np.random.Generator
) -> tuple[Fit, Array, NDArray[np.bool_]]:
    """Let centres below the floor start anew within the cluster of largest error, as long as that helps."""
    w = np.ones(len(X))
    start, memory, replaced = start.copy(), memory.copy(), np.zeros(len(start), dtype=np.bool_)
    best = fit, memory.copy(), replaced.copy()
    for _ in range(_REPAIRS):
        split = split_worst(X, w, fit, rng) if fit.small(FLOOR).any() else None
        if split is None:
            break
        smallest = int(fit.mass.argmin())
        start[smallest], memory[smallest], replaced[smallest] = split[1], 0.0, True
        fit = lloyd(X, w, start, memory)
        if _rank(fit) < _rank(best[0]):
            best = fit, memory.copy(), replaced.copy()
    return best


def _retired(previous: SegmentsModel | None, ids: tuple[str, ...]) -> dict[str, str]:
    """Names of the latest segments that are no more."""
    if previous is None:
        return {}
    dead = dict(previous.retired) | dict(zip(previous.ids, previous.names, strict=True))
    return dict([(segment, name) for segment, name in dead.items() if segment not in ids][-_RETIRED:])
