"""K-means on a stream: one pass, bounded memory, forgetting, no dead clusters, and mergeable."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river import base

from stream.rows import Array, Name, Rows, aligned, as_matrix, as_weights, from_plain, is_dicts, plain
from stream.segments.online import Clusters
from stream.segments.reservoir import Reservoir
from stream.segments.times import seconds

_SAMPLE = 2_000
_ROWS_EACH = 50


class StreamKMeans(base.Clusterer):  # type: ignore[misc]
    """Streaming k-means that stays within a few per cent of batch k-means.

    Rows are kept until `warm_up` of them have come: they are clustered by k-means++, best of ten, and Lloyd's
    iterations. From then on every `chunk` rows move the centres: each cluster's weight n is decayed, its new
    rows of weight m have the mean x, and c <- (1 - λ) c + λ x with λ = m / (n + m).

    A sample of at least 2,000 rows that forgets at the same rate judges the clusters: now and then, and whenever
    a chunk has surprised, a centre that is hardly missed may go to where the error is. So no cluster stays dead
    (below 1 % of the mean weight), and what is born is found. At chunks 4, 16, 64, … fresh seedings compete.

    Chunks are counted in rows, so that `learn_many` over any cut of the rows equals `learn_one` row by row, to
    the last bit. Nothing depends on the order in which a row's features were inserted. Features may be missing
    (the running mean stands in) and new ones may appear. Scale features to a common range first.

    Parameters
    ----------
    n_clusters
        Number of clusters.
    half_life
        Age at which a row's influence has halved: a number of rows, or a timedelta, and then each row needs its
        time `t`. Late rows count at their own time. None: nothing is forgotten.
    warm_up
        Rows before there are clusters; None: 50 * n_clusters.
    chunk
        Rows that are learnt together; up to chunk - 1 of the latest have no influence yet.
    seed
        Seed of all that is drawn.

    Examples
    --------
    >>> model = StreamKMeans(n_clusters=2, half_life=None, warm_up=4)
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
    k-means clustering". The forgetful update is that of Spark's StreamingKMeans. Lattanzi & Sohler (2019), "A
    Better k-means++ Algorithm via Local Search". Efraimidis & Spirakis (2006), "Weighted random sampling with a
    reservoir".
    """

    def __init__(
        self,
        n_clusters: int = 5,
        half_life: float | timedelta | None = 10_000.0,
        warm_up: int | None = None,
        chunk: int = 256,
        seed: int = 7,
    ) -> None:
        if n_clusters < 1 or chunk < 1 or (warm_up is not None and warm_up < 1):
            raise ValueError("n_clusters, chunk and warm_up must be at least 1")
        self._timed = isinstance(half_life, timedelta)
        age = half_life.total_seconds() if isinstance(half_life, timedelta) else half_life
        if age is not None and not 0 < age < math.inf:
            raise ValueError("half_life must be positive, or None to forget nothing")
        self.n_clusters = n_clusters
        self.half_life = half_life
        self.warm_up = warm_up
        self.chunk = chunk
        self.seed = seed
        self._seen = 0
        self._rows = Rows()
        self._draws: tuple[int, Array] = (-1, np.empty(0))
        sample = Reservoir.empty(max(_SAMPLE, _ROWS_EACH * n_clusters))
        self._clusters = Clusters(seed, 0.0 if age is None else 1.0 / age, sample)

    @property
    def centers(self) -> dict[int, dict[Name, float]]:
        """Cluster -> feature -> value; empty before there are clusters."""
        centres = self._clusters.filled(self._clusters.centres).tolist()
        return {place: dict(zip(self._rows.names, centre, strict=True)) for place, centre in enumerate(centres)}

    @property
    def weights(self) -> dict[int, float]:
        """Cluster -> decayed weight of its rows."""
        return dict(enumerate(self._clusters.weights.tolist()))

    def learn_one(self, x: Mapping[Any, Any], w: float = 1.0, t: Any = None) -> None:
        """Learn from one row; one of weight 0, or in which nothing is known, is ignored.

        Parameters
        ----------
        x
            Feature -> value.
        w
            Weight.
        t
            Time, a datetime (UTC where it has no zone) or seconds since the epoch; only read, and then needed, where
            the half-life is a timedelta. (River's `Pipeline` hands a clusterer nothing but x.)

        Raises
        ------
        ValueError
            Where the weight is negative or not finite, or the time is missing or not finite.
        """
        names, values = as_matrix([list(x.values())], list(x))
        self._learn(names, values, as_weights([w], 1), self._times(None if t is None else [t], 1))

    def learn_many(self, X: Any, w: Sequence[float] | Array | None = None, t: Any = None) -> None:
        """Learn from rows, exactly as one by one.

        Parameters
        ----------
        X
            A matrix [n, d] (its features are named 0 … d - 1), anything like a DataFrame (with `columns` and
            `to_numpy()`), or a sequence of dictionaries.
        w
            Weights, shape [n]; default 1.
        t
            Times as for `learn_one`, shape [n]; also datetime64.

        Raises
        ------
        ValueError
            Where X is no matrix, or weights or times do not fit or are not as they must be; nothing is learnt then.
        """
        weights, times = as_weights(w, len(X)), self._times(t, len(X))
        if is_dicts(X):
            for place, x in enumerate(X):
                here = slice(place, place + 1)
                self._learn(*as_matrix([list(x.values())], list(x)), weights[here], times[here])
        elif len(X):
            self._learn(*as_matrix(X), weights, times)

    def predict_one(self, x: Mapping[Any, Any]) -> int:
        """The nearest cluster's number, or -1 before there are clusters."""
        return int(self._clusters.predict(self._rows.row(x)[None])[0])

    def predict_many(self, X: Any) -> NDArray[np.intp]:
        """The nearest cluster of each row (X as for `learn_many`), shape [n]; -1 before there are clusters."""
        if not len(X):
            return np.empty(0, dtype=np.intp)
        if is_dicts(X):
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
        sides = [model._at_home_in(merged) for model in (self, other)]
        if merged._seen < merged._warm_up:
            merged._rows.take([rows for rows, _ in sides])
            return merged
        merged._clusters = Clusters.merged([clusters.having_seen(rows) for rows, clusters in sides], self.n_clusters)
        return merged

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON or msgpack, floats exact; feature names must be texts or integers."""
        return {
            "params": self._get_params() | {"half_life": _to_plain(self.half_life)},
            "seen": self._seen,
            "names": list(self._rows.names),
            "rows": plain(self._rows.values),
            "row_weights": self._rows.weights.tolist(),
            "row_times": self._rows.times.tolist(),
            "row_draws": self._rows.draws.tolist(),
            "clusters": self._clusters.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> StreamKMeans:
        """Reverse of `to_dict`: a model that goes on exactly as the first one would."""
        params = values["params"]
        model = cls(**(params | {"half_life": _from_plain(params["half_life"])}))
        model._seen = values["seen"]
        model._rows.widen(values["names"])
        rows, notes = values["rows"], (values["row_weights"], values["row_times"], values["row_draws"])
        model._rows.extend(from_plain(rows, len(values["names"])), *(np.array(column) for column in notes))
        model._clusters = model._clusters.restored(values["clusters"], values["names"])
        return model

    @property
    def _warm_up(self) -> int:
        return _ROWS_EACH * self.n_clusters if self.warm_up is None else self.warm_up

    @property
    def _goal(self) -> int:
        """Rows to hold before the next update."""
        return self.chunk if len(self._clusters.centres) else self._warm_up

    def _widen(self, names: Iterable[Name]) -> None:
        if self._rows.widen(names):
            self._clusters = self._clusters.widened(self._rows.names)

    def _learn(self, names: Sequence[Name], values: Array, w: Array, t: Array) -> None:
        use = (w > 0) & ~np.isnan(values).all(axis=1)
        if not use.any():
            return
        values, w, t = values[use], w[use], t[use]
        self._widen(names)
        values = aligned(values, names, self._rows.names)
        if not self._timed:
            t = self._seen + np.arange(1.0, len(values) + 1)
        while len(values):
            held = self._rows.count
            room = max(self._goal - held, 1)
            now = slice(held, held + min(room, len(values)))
            self._rows.extend(values[:room], w[:room], t[:room], self._next_draws[now])
            self._grown(now.stop - held)
            values, w, t = values[room:], w[room:], t[room:]

    @property
    def _next_draws(self) -> Array:
        """What is drawn for each row until the next update."""
        updates = self._clusters.updates
        if self._draws[0] != updates:
            self._draws = updates, self._clusters.draws(max(self._goal, self._rows.count + 1))
        return self._draws[1]

    def _grown(self, count: int) -> None:
        """Rows have been added: learn them when there are enough."""
        self._seen += count
        self._clusters.pool = None
        if self._rows.count < self._goal:
            return
        if len(self._clusters.centres):
            self._clusters.update(self._rows)
        else:
            self._clusters.start(self._rows, self.n_clusters)
        self._rows.clear()

    def _times(self, t: Any, count: int) -> Array:
        if not self._timed:
            return np.empty(count)  # the number of the row will do
        if t is None:
            raise ValueError("the half-life is a timedelta, so each row needs its time t")
        times = seconds(t)
        if times.shape != (count,):
            raise ValueError(f"{count} rows, but times of shape {times.shape}")
        return times

    def _at_home_in(self, merged: StreamKMeans) -> tuple[Rows, Clusters]:
        """Rows and clusters over the columns of a merged model, and by its clock."""
        by = 0.0 if self._timed else float(merged._seen - self._seen)  # rows count from the last one
        names = merged._rows.names
        return self._rows.moved(names, by), self._clusters.widened(names).delayed(by)


def _to_plain(half_life: float | timedelta | None) -> Any:
    return {"seconds": half_life.total_seconds()} if isinstance(half_life, timedelta) else half_life


def _from_plain(half_life: Any) -> float | timedelta | None:
    return timedelta(**half_life) if isinstance(half_life, Mapping) else half_life
