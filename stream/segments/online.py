"""The state of a streaming k-means and its update by whole chunks of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from stream.segments.lloyd import Labels, assign, best_of, lloyd, means, split_worst
from stream.segments.rows import Array, Name, aligned, from_plain, plain

UNASSIGNED = -1
"""The label of a row before there are clusters."""

_DEAD = 0.01  # of the mean weight


def _none() -> Array:
    return np.empty(0)


@dataclass(slots=True)
class Clusters:
    """Weighted centres over named columns, and the running means that stand in for missing values.

    Attributes
    ----------
    names
        Columns.
    centres
        Shape [k, d], or [0, d] before there are clusters; NaN where a column is newer than the centre.
    weights
        Decayed weight of each cluster, shape [k].
    known, total
        Of each column: decayed weight of the values seen, and their weighted sum, shape [d].
    updates
        Chunks learnt; with `seed` it decides what is drawn.
    pool
        Weighted points that a merged model was made of, if it has not learnt since.
    """

    seed: int
    names: list[Name] = field(default_factory=list)
    centres: Array = field(default_factory=lambda: np.empty((0, 0)))
    weights: Array = field(default_factory=_none)
    known: Array = field(default_factory=_none)
    total: Array = field(default_factory=_none)
    updates: int = 0
    pool: tuple[Array, Array] | None = None

    def widened(self, names: Sequence[Name]) -> Clusters:
        """The same clusters over these columns, which include the present ones."""
        sums = np.nan_to_num(aligned(np.array([self.known, self.total]), self.names, names))
        pool = None if self.pool is None else (aligned(self.pool[0], self.names, names), self.pool[1])
        centres = aligned(self.centres, self.names, names)
        return replace(self, names=list(names), centres=centres, known=sums[0], total=sums[1], pool=pool)

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

    def start(self, X: Array, w: Array, k: int) -> None:
        """First clusters, of weighted rows [n, d] whose values have been noted."""
        fit = best_of(self.filled(X), w, k, self._generator())
        self.centres, self.weights = fit.centres, fit.mass
        self.updates += 1

    def update(self, X: Array, w: Array, decay: float) -> None:
        """Learn one chunk of weighted rows [n, d]; what was before counts `decay` times."""
        self.note(X, w, decay)
        X, before, memory = self.filled(X), self.filled(self.centres), decay * self.weights
        labels = assign(X, before)[0]
        mass = np.bincount(labels, w, len(before))
        self.centres = means(np.ascontiguousarray(X.T), w, labels, before, before, memory)
        self.weights = memory + mass
        dead = np.flatnonzero(self.weights < _DEAD * self.weights.mean()).tolist()
        if dead:
            rng = self._generator()
            for place in dead:
                self._restart(place, X, w, rng)
        self.updates += 1

    def note(self, X: Array, w: Array, decay: float = 1.0) -> None:
        """Add rows [n, d] to the running means."""
        there = ~np.isnan(X)
        self.known = decay * self.known + (w[:, None] * there).sum(axis=0)
        self.total = decay * self.total + (w[:, None] * np.where(there, X, 0.0)).sum(axis=0)

    def _restart(self, dead: int, X: Array, w: Array, rng: np.random.Generator) -> None:
        """Put a dead cluster into the cluster of largest error, and share that one's weight by their rows."""
        fit = lloyd(X, w, self.centres, iterations=0)
        split = split_worst(X, w, fit, rng)
        if split is None:
            return
        worst, point = split
        self.centres[dead] = point
        if worst != dead:
            nearer = assign(X, self.centres)[0][fit.labels == worst] == dead
            share = float(w[fit.labels == worst][nearer].sum()) / float(fit.mass[worst])
            self.weights[dead] = share * self.weights[worst]
            self.weights[worst] -= self.weights[dead]

    def _generator(self) -> np.random.Generator:
        return np.random.default_rng([self.seed, self.updates])

    def to_dict(self) -> dict[str, Any]:
        """Plain values; floats exact, NaN as None."""
        return {
            "centres": plain(self.centres),
            "weights": self.weights.tolist(),
            "known": self.known.tolist(),
            "total": self.total.tolist(),
            "updates": self.updates,
            "pool": None if self.pool is None else [plain(self.pool[0]), self.pool[1].tolist()],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], seed: int, names: Sequence[Name]) -> Clusters:
        """Reverse of `to_dict`."""
        pool = values["pool"]
        return cls(
            seed=seed,
            names=list(names),
            centres=from_plain(values["centres"], len(names)),
            weights=np.array(values["weights"]),
            known=np.array(values["known"]),
            total=np.array(values["total"]),
            updates=values["updates"],
            pool=None if pool is None else (from_plain(pool[0], len(names)), np.array(pool[1])),
        )
