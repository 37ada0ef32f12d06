"""K-means on a stream: one pass, bounded memory, forgetting, no dead clusters, and mergeable."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river import base

from stream.segments.online import Clusters
from stream.segments.rows import Array, Name, Rows, aligned, as_matrix, from_plain, plain

_BAD_WEIGHT = "weights must be finite and not negative"


class StreamKMeans(base.Clusterer):  # type: ignore[misc]
    """Streaming k-means that stays within a few per cent of batch k-means.

    Rows are kept until `warm_up` of them have come: they are clustered by k-means++, best of ten, and Lloyd's
    iterations. From then on every `chunk` rows move the centres: each cluster's weight n is decayed, its new
    rows of weight m have the mean x, and c <- (1 - λ) c + λ x with λ = m / (n + m). A cluster below 1 % of the
    mean weight is dead: it starts anew within the cluster of largest error.

    Chunks are counted in rows, so that `learn_many` over any cut of the rows equals `learn_one` row by row, to
    the last bit. Nothing depends on the order in which a row's features were inserted. Features may be missing
    (the running mean stands in) and new ones may appear. Scale features to a common range first.

    Parameters
    ----------
    n_clusters
        Number of clusters.
    half_life
        Rows after which a row's influence has halved; None: nothing is forgotten.
    warm_up
        Rows before there are clusters; None: 50 * n_clusters.
    chunk
        Rows that are learnt together; up to chunk - 1 of the latest have no influence yet.
    seed
        Seed of all that is drawn.

    Examples
    --------
    >>> model = StreamKMeans(n_clusters=2, warm_up=4)
    >>> rows = [{"x": 0.0, "y": 0.1}, {"x": 1.0, "y": 0.9}, {"x": 0.1, "y": 0.0}, {"x": 0.9, "y": 1.0}]
    >>> model.predict_one(rows[0])
    -1
    >>> model.learn_many(rows)
    >>> model.predict_one({"x": 0.05, "y": 0.05}) == model.predict_one({"x": 0.2})
    True
    >>> sorted(center["x"] for center in model.centers.values())
    [0.05, 0.95]

    References
    ----------
    Arthur & Vassilvitskii (2007), "k-means++: The Advantages of Careful Seeding". Sculley (2010), "Web-scale
    k-means clustering". The forgetful update is that of Spark's StreamingKMeans.
    """

    def __init__(
        self,
        n_clusters: int = 5,
        half_life: float | None = 10_000.0,
        warm_up: int | None = None,
        chunk: int = 256,
        seed: int = 7,
    ) -> None:
        if n_clusters < 1 or chunk < 1 or (warm_up is not None and warm_up < 1):
            raise ValueError("n_clusters, chunk and warm_up must be at least 1")
        if half_life is not None and not 0 < half_life < math.inf:
            raise ValueError("half_life must be positive, or None to forget nothing")
        self.n_clusters = n_clusters
        self.half_life = half_life
        self.warm_up = warm_up
        self.chunk = chunk
        self.seed = seed
        self._seen = 0
        self._rows = Rows()
        self._clusters = Clusters(seed)

    @property
    def centers(self) -> dict[int, dict[Name, float]]:
        """Cluster -> feature -> value; empty before there are clusters."""
        centres = self._clusters.filled(self._clusters.centres).tolist()
        return {place: dict(zip(self._rows.names, centre, strict=True)) for place, centre in enumerate(centres)}

    @property
    def weights(self) -> dict[int, float]:
        """Cluster -> decayed weight of its rows."""
        return dict(enumerate(self._clusters.weights.tolist()))

    def learn_one(self, x: Mapping[Any, Any], w: float = 1.0) -> None:
        """Learn from one row of weight `w`; a row of weight 0 is ignored.

        Raises
        ------
        ValueError
            Where the weight is negative or not finite.
        """
        if not 0 <= w < math.inf:
            raise ValueError(_BAD_WEIGHT)
        if w > 0:
            self._widen(x)
            self._rows.push(x, w)
            self._grown(1)

    def learn_many(self, X: Any, w: Sequence[float] | Array | None = None) -> None:
        """Learn from rows, exactly as one by one.

        Parameters
        ----------
        X
            A matrix [n, d] (its features are named 0 … d - 1), anything like a DataFrame (with `columns` and
            `to_numpy()`), or a sequence of dictionaries.
        w
            Weights, shape [n]; default 1.

        Raises
        ------
        ValueError
            Where X is no matrix, or the weights do not fit or are negative or not finite.
        """
        weights = _weights(np.ones(len(X)) if w is None else w)
        if len(weights) != len(X):
            raise ValueError(f"{len(X)} rows, but {len(weights)} weights")
        if not len(X):
            return
        if _is_dicts(X):
            for x, weight in zip(X, weights.tolist(), strict=True):
                self.learn_one(x, weight)
            return
        names, values = as_matrix(X)
        values, weights = values[weights > 0], weights[weights > 0]
        if len(values):
            self._widen(names)
            values = aligned(values, names, self._rows.names)
        while len(values):
            room = self._goal - self._rows.count
            self._rows.extend(values[:room], weights[:room])
            self._grown(len(values[:room]))
            values, weights = values[room:], weights[room:]

    def predict_one(self, x: Mapping[Any, Any]) -> int:
        """The nearest cluster's number, or -1 before there are clusters."""
        return int(self._clusters.predict(self._rows.row(x)[None])[0])

    def predict_many(self, X: Any) -> NDArray[np.intp]:
        """The nearest cluster of each row (X as for `learn_many`), shape [n]; -1 before there are clusters."""
        if not len(X):
            return np.empty(0, dtype=np.intp)
        if _is_dicts(X):
            return self._clusters.predict(np.array([self._rows.row(x) for x in X]))
        names, values = as_matrix(X)
        return self._clusters.predict(aligned(values, names, self._rows.names))

    def merge(self, other: StreamKMeans) -> StreamKMeans:
        """A model of what both have seen; neither is changed.

        It keeps the weighted centres of both as they are beside clusters made of them anew, so that merging is
        associative and commutative (to 1e-9) among models that have not learnt since they were merged.

        Raises
        ------
        ValueError
            Where the parameters differ.
        """
        if self._get_params() != other._get_params():
            raise ValueError("only models of the same parameters merge")
        merged: StreamKMeans = self.clone()
        merged._widen([*self._rows.names, *other._rows.names])
        merged._seen = self._seen + other._seen
        (points, weights, one), (more, more_weights, two) = (
            model._parts(merged._rows.names) for model in (self, other)
        )
        points, weights = np.concatenate([points, more]), np.concatenate([weights, more_weights])
        order = np.lexsort((weights, *points.T))
        points, weights = points[order], weights[order]
        if merged._seen < merged._warm_up:
            merged._rows.extend(points, weights)
            return merged
        clusters = merged._clusters
        clusters.updates = one.updates + two.updates
        clusters.known, clusters.total = one.known + two.known, one.total + two.total
        clusters.start(points, weights, self.n_clusters)
        clusters.pool = points, weights
        return merged

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON or msgpack, floats exact; feature names must be texts or integers."""
        return {
            "params": dict(self._get_params()),
            "seen": self._seen,
            "names": list(self._rows.names),
            "rows": plain(self._rows.values),
            "row_weights": self._rows.weights.tolist(),
            "clusters": self._clusters.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> StreamKMeans:
        """Reverse of `to_dict`: a model that goes on exactly as the first one would."""
        model = cls(**values["params"])
        model._seen = values["seen"]
        model._rows.widen(values["names"])
        model._rows.extend(from_plain(values["rows"], len(values["names"])), np.array(values["row_weights"]))
        model._clusters = Clusters.from_dict(values["clusters"], model.seed, values["names"])
        return model

    @property
    def _warm_up(self) -> int:
        return 50 * self.n_clusters if self.warm_up is None else self.warm_up

    @property
    def _goal(self) -> int:
        """Rows to hold before the next update."""
        return self.chunk if len(self._clusters.centres) else self._warm_up

    def _widen(self, names: Iterable[Name]) -> None:
        if self._rows.widen(names):
            self._clusters = self._clusters.widened(self._rows.names)

    def _grown(self, count: int) -> None:
        """Rows have been added: learn them when there are enough."""
        self._seen += count
        self._clusters.pool = None
        if self._rows.count < self._goal:
            return
        rows, weights = self._rows.values, self._rows.weights
        if len(self._clusters.centres):
            decay = 1.0 if self.half_life is None else float(2.0 ** (-len(rows) / self.half_life))
            self._clusters.update(rows, weights, decay)
        else:
            self._clusters.note(rows, weights)
            self._clusters.start(rows, weights, self.n_clusters)
        self._rows.clear()

    def _parts(self, names: Sequence[Name]) -> tuple[Array, Array, Clusters]:
        """Weighted points this model is made of, over `names`, and its state with all rows noted."""
        clusters, rows = self._clusters.widened(names), aligned(self._rows.values, self._rows.names, names)
        clusters.note(rows, self._rows.weights)
        points, weights = (clusters.centres, clusters.weights) if clusters.pool is None else clusters.pool
        return np.concatenate([points, rows]), np.concatenate([weights, self._rows.weights]), clusters


def _is_dicts(X: Any) -> bool:
    return isinstance(X, Sequence) and isinstance(X[0], Mapping)


def _weights(w: Any) -> Array:
    weights = np.asarray(w, dtype=np.float64)
    if not np.all((weights >= 0) & (weights < math.inf)):
        raise ValueError(_BAD_WEIGHT)
    return weights
