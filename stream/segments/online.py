"""The state of a streaming k-means and its update by whole chunks of rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from stream.rows import Array, Name, Rows, aligned, from_plain, plain
from stream.segments.assignment import assign_pairs
from stream.segments.distance import squared_distances
from stream.segments.lloyd import Fit, Labels, assign, best_of, lloyd, means, swapped
from stream.segments.reservoir import Reservoir

UNASSIGNED = -1
"""The label of a row before there are clusters."""

_DEAD = 0.01  # of the mean weight
_BETTER = 0.95  # a centre goes elsewhere when that leaves less than this share of the sample's error,
_ANEW = 0.98  # and all of them when it leaves less than this
_LOOK = 16  # chunks between two looks at the sample
_SURPRISE = 1.5  # times the usual error is a reason to look at once
_ROUNDS = 10  # Lloyd's, over the sample


def _none() -> Array:
    return np.empty(0)


@dataclass(slots=True)
class Clusters:
    """Weighted centres over named columns, and the running means that stand in for missing values.

    Attributes
    ----------
    seed
        With `updates` it decides what is drawn.
    rate
        Halvings a unit of time: 1 / half-life, or 0 where nothing is forgotten.
    names
        Columns.
    centres
        Shape [k, d], or [0, d] before there are clusters; NaN where a column is newer than the centre.
    weights
        Decayed weight of each cluster, shape [k].
    known, total
        Of each column: decayed weight of the values seen, and their weighted sum, shape [d].
    error
        Decayed sum of squared errors, each measured before its row was learnt.
    clock
        Time at which all this is decayed.
    updates
        Chunks learnt.
    sample
        Rows to judge by.
    pool
        Weighted points that a merged model was made of, if it has not learnt since.
    """

    seed: int
    rate: float
    sample: Reservoir
    names: list[Name] = field(default_factory=list)
    centres: Array = field(default_factory=lambda: np.empty((0, 0)))
    weights: Array = field(default_factory=_none)
    known: Array = field(default_factory=_none)
    total: Array = field(default_factory=_none)
    error: float = 0.0
    clock: float = -math.inf
    updates: int = 0
    pool: tuple[Array, Array] | None = None

    def widened(self, names: Sequence[Name]) -> Clusters:
        """The same clusters over these columns, which include the present ones."""
        sums = np.nan_to_num(aligned(np.array([self.known, self.total]), self.names, names))
        return replace(
            self,
            names=list(names),
            centres=aligned(self.centres, self.names, names),
            known=sums[0],
            total=sums[1],
            sample=self.sample.widened(self.names, names),
            pool=None if self.pool is None else (aligned(self.pool[0], self.names, names), self.pool[1]),
        )

    def filled(self, X: Array) -> Array:
        """Rows [n, d] with the running mean where a value is missing."""
        missing = np.isnan(X)
        if not missing.any():
            return X
        seen = self.known > 0
        return np.where(missing, np.where(seen, self.total / np.where(seen, self.known, 1.0), 0.0), X)

    def predict(self, X: Array) -> Labels:
        """Nearest cluster of rows [n, d]; `UNASSIGNED` before there are clusters."""
        if not len(self.centres):
            return np.full(len(X), UNASSIGNED, dtype=np.intp)
        return assign(self.filled(X), self.filled(self.centres))[0]

    def start(self, rows: Rows, k: int) -> None:
        """First clusters, of these rows."""
        w = self.note(rows)
        self._take(best_of(self.filled(rows.values), w, k, self._generator()))
        self.updates += 1

    def update(self, rows: Rows) -> None:
        """Learn one chunk of rows."""
        w = self.note(rows)
        X, before, memory = self.filled(rows.values), self.filled(self.centres), self.weights
        labels, d2 = assign(X, before)
        mass, error, usual = float(w.sum()), float((w * d2).sum()), self.error / max(float(memory.sum()), 1e-300)
        self.weights = memory + np.bincount(labels, w, len(before))
        self.centres = self._known(means(np.ascontiguousarray(X.T), w, labels, before, before, memory))
        self.error += error
        self.updates += 1
        if self.updates.bit_count() == 1 and self.updates.bit_length() % 2:  # 4, 16, 64, …
            self._begin_anew()
        if self.updates % _LOOK == 0 or error > _SURPRISE * usual * mass:
            self._swap()

    def note(self, rows: Rows) -> Array:
        """Add rows to the running means and to the sample; their weights by now, shape [n]."""
        X, w, t = rows.values, rows.weights, rows.times
        self.advance(float(t.max(initial=self.clock)))
        self.sample = self.sample.add(X, rows.draws + np.log(w) + math.log(2.0) * self.rate * t)
        w = w * np.exp2(self.rate * (t - self.clock))
        columns = np.ascontiguousarray(X.T)
        there = ~np.isnan(columns)
        self.known = self.known + (w * there).sum(axis=1)
        self.total = self.total + (w * np.where(there, columns, 0.0)).sum(axis=1)
        return w

    def advance(self, clock: float) -> None:
        """Let time pass: all that was learnt counts less."""
        if clock > self.clock > -math.inf:
            decay = float(2.0 ** (self.rate * (self.clock - clock)))
            self.weights, self.known, self.total = decay * self.weights, decay * self.known, decay * self.total
            self.error *= decay
            self.pool = None if self.pool is None else (self.pool[0], decay * self.pool[1])
        self.clock = clock

    def delayed(self, by: float) -> Clusters:
        """The same, had everything happened so much later."""
        return replace(self, clock=self.clock + by, sample=self.sample.shifted(math.log(2.0) * self.rate * by))

    def having_seen(self, rows: Rows) -> Clusters:
        """These clusters and rows that they have not learnt, as a pool of points."""
        clusters = replace(self)
        w = clusters.note(rows)
        points, weights = (clusters.centres, clusters.weights) if clusters.pool is None else clusters.pool
        clusters.pool = np.concatenate([points, rows.values]), np.concatenate([weights, w])
        return clusters

    @classmethod
    def merged(cls, sides: Sequence[Clusters], k: int) -> Clusters:
        """Clusters of two pools: these and the sample find them, and the sample, which is not biased, centres them."""
        one, two = (replace(side) for side in sides)
        clock = max(one.clock, two.clock)
        one.advance(clock)
        two.advance(clock)
        points, weights = (np.concatenate(part) for part in zip(*(side.pool for side in (one, two)), strict=True))
        order = np.lexsort((weights, *points.T))
        merged = replace(
            one,
            known=one.known + two.known,
            total=one.total + two.total,
            sample=one.sample.merge(two.sample),
            updates=one.updates + two.updates,
            pool=(points[order], weights[order]),
        )
        X, points, weights = merged.filled(merged.sample.rows), merged.filled(points[order]), weights[order]
        each, ones = float(weights.sum()) / len(X), np.ones(len(X))  # a row of the sample stands for so much
        both, halves = np.concatenate([points, X]), np.concatenate([weights, each * ones]) / 2
        start = best_of(both, halves, k, merged._generator())
        fit = lloyd(X, ones, start.centres)
        merged._take(replace(fit, mass=each * fit.mass, sse=each * fit.sse))
        merged.updates += 1
        return merged

    def _take(self, fit: Fit) -> None:
        self.centres, self.weights, self.error = self._known(fit.centres), fit.mass, fit.sse

    def _known(self, centres: Array) -> Array:
        """Without what stood in for a column of which no value has been seen yet."""
        return np.where(self.known > 0, centres, np.nan)

    def _dead(self) -> Array:
        dead: Array = self.weights < _DEAD * self.weights.mean()
        return dead

    def _swap(self) -> None:
        """One step of local search over the sample: a centre that is hardly missed goes where the error is.

        Lattanzi & Sohler (2019), "A Better k-means++ Algorithm via Local Search". Thus a cluster that nobody joins
        any more starts anew, two that have become one let one of them go, and what has been born gets its own.
        """
        X = self.filled(self.sample.rows)
        w, dead = np.ones(len(X)), self._dead()
        now = lloyd(X, w, self.filled(self.centres), iterations=0)
        if now.sse <= 0 or len(now.centres) < 2:
            return
        weakest = int(self.weights.argmin()) if dead.any() else None
        trial, place, error = swapped(X, w, now, self._generator(), weakest)
        if error < now.sse * (1.0 if dead[place] else _BETTER):
            self._adopt(lloyd(X, w, trial, iterations=_ROUNDS))

    def _begin_anew(self) -> None:
        """A few fresh seedings over the sample compete with the clusters that there are."""
        X = self.filled(self.sample.rows)
        w = np.ones(len(X))
        now, fresh = (
            lloyd(X, w, self.filled(self.centres)),
            best_of(X, w, len(self.centres), self._generator(), tries=4),
        )
        if fresh.sse < _ANEW * now.sse:
            order = assign_pairs(squared_distances(now.centres, fresh.centres))[1]  # numbers stay
            self._adopt(replace(fresh, centres=fresh.centres[order], mass=fresh.mass[order]))

    def _adopt(self, fit: Fit) -> None:
        """Take clusters of the sample, whose rows stand for all the weight there is."""
        scale = float(self.weights.sum()) / len(self.sample.rows)
        self._take(replace(fit, mass=scale * fit.mass, sse=scale * fit.sse))

    def draws(self, count: int) -> Array:
        """What decides which of the next `count` rows the sample takes."""
        return np.random.default_rng([self.seed, self.updates, 1]).gumbel(size=count)

    def _generator(self) -> np.random.Generator:
        return np.random.default_rng([self.seed, self.updates])

    def to_dict(self) -> dict[str, Any]:
        """Plain values; floats exact, NaN as None."""
        return {
            "centres": plain(self.centres),
            "weights": self.weights.tolist(),
            "known": self.known.tolist(),
            "total": self.total.tolist(),
            "error": self.error,
            "clock": None if self.clock == -math.inf else self.clock,
            "updates": self.updates,
            "sample": self.sample.to_dict(),
            "pool": None if self.pool is None else [plain(self.pool[0]), self.pool[1].tolist()],
        }

    def restored(self, values: Mapping[str, Any], names: Sequence[Name]) -> Clusters:
        """Reverse of `to_dict`, for clusters of the same parameters as these."""
        pool, width = values["pool"], len(names)
        return replace(
            self,
            names=list(names),
            centres=from_plain(values["centres"], width),
            weights=np.array(values["weights"]),
            known=np.array(values["known"]),
            total=np.array(values["total"]),
            error=values["error"],
            clock=-math.inf if values["clock"] is None else values["clock"],
            updates=values["updates"],
            sample=Reservoir.from_dict(values["sample"], self.sample.size, width),
            pool=None if pool is None else (from_plain(pool[0], width), np.array(pool[1])),
        )
