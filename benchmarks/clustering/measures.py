"""What is measured: error and agreement of one pass, a drifting stream, partitions, stable names, and cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from statistics import median

import numpy as np
from clustering.rivals import RIVALS, batch, centres_of
from clustering.streams import Stream, customers, drifting
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans

from stream.config import EngineConfig, Feature
from stream.contribution import Contribution, merge
from stream.evaluate.clustering import adjusted_rand_index
from stream.evaluate.tally import Tally
from stream.profiles.sample import priority
from stream.segments.kmeans import StreamKMeans
from stream.segments.learner import learn
from stream.segments.lloyd import assign

Array = NDArray[np.float64]

_WINDOW = 2_048
_CHUNK = 256
_FEATURES = (
    Feature(name="recency", aggregate="recency", log=True),
    Feature(name="frequency", aggregate="count", log=True, missing=0),
    Feature(name="monetary", aggregate="sum", value="revenue", log=True),
    Feature(name="order_gap", aggregate="mean_gap", log=True),
    Feature(name="refund_share", aggregate="mean", value="refund", missing=0),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One algorithm over one stream.

    Attributes
    ----------
    ratio
        Its sum of squared errors over that of batch k-means on the same rows.
    ari, batch_ari
        Adjusted Rand index against the truth, its own and that of batch k-means; None where there is no truth.
    clusters, dead
        How many it ended with, and how many of them have no row.
    microseconds
        To predict and learn a row.
    """

    stream: str
    algorithm: str
    rows: int
    ratio: float
    bar: float
    ari: float | None
    batch_ari: float | None
    clusters: int
    dead: int
    microseconds: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, and the bar it is held to, if any."""

    what: str
    algorithm: str
    value: float
    bar: float | None = None


def runs(stream: Stream, quick: bool) -> Iterator[Run]:
    """Every algorithm over a stream; the slow ones over its first rows, or not at all if it has to be quick."""
    for rival in RIVALS:
        if quick and rival.limit is not None:
            continue
        X = stream.X[: rival.limit]
        best, learnt = batch(X, stream.k), rival.learn(X, stream.k)
        labels, d2 = assign(X, learnt.centres)
        ari = batch_ari = None
        if stream.truth is not None:
            truth = stream.truth[: rival.limit].tolist()
            ari, batch_ari = (adjusted_rand_index(truth, found.tolist()) for found in (labels, best.labels_))
        yield Run(
            stream=stream.name,
            algorithm=rival.name,
            rows=len(X),
            ratio=float(d2.sum() / best.inertia_),
            bar=stream.bar,
            ari=ari,
            batch_ari=batch_ari,
            clusters=len(learnt.centres),
            dead=len(learnt.centres) - len(set(labels.tolist())),
            microseconds=learnt.microseconds,
        )


def drift(rows: int) -> Iterator[Figure]:
    """Error of rows predicted before they are learnt, over that of batch k-means in a sliding window.

    The window ends with the very rows it is measured on: batch k-means has seen what the stream has to predict.
    """
    X, truth = drifting(rows)
    ours, theirs = StreamKMeans(5, half_life=1_000.0), MiniBatchKMeans(5, random_state=0)
    first = min(_WINDOW, len(X) // 2)
    ours.learn_many(X[:first])
    theirs.partial_fit(X[:first])
    errors: dict[str, list[float]] = {"StreamKMeans": [], "MiniBatchKMeans (scikit-learn)": [], "batch": []}
    found: dict[str, list[int]] = {name: [] for name in errors}
    for start in range(first, len(X), _CHUNK):
        now = X[start : start + _CHUNK]
        window = batch(X[start + len(now) - first : start + len(now)], 5)
        for name, centres in (
            ("StreamKMeans", centres_of(ours, X.shape[1])),
            ("MiniBatchKMeans (scikit-learn)", theirs.cluster_centers_),
            ("batch", window.cluster_centers_),
        ):
            labels, d2 = assign(now, np.ascontiguousarray(centres, dtype=np.float64))
            errors[name].append(float(d2.sum()))
            found[name].extend(labels.tolist())
        ours.learn_many(now)
        theirs.partial_fit(now)
    for name in list(errors)[:2]:
        bar = 1.08 if name == "StreamKMeans" else None
        yield Figure("drift: prequential SSE / batch in a window", name, sum(errors[name]) / sum(errors["batch"]), bar)
    half = int(0.8 * len(found["StreamKMeans"]))  # the births and deaths are over
    known = truth[first:].tolist()[half:]
    yield Figure(
        "drift: ARI of the last fifth", "StreamKMeans", adjusted_rand_index(known, found["StreamKMeans"][half:])
    )


def partitions(stream: Stream) -> Iterator[Figure]:
    """Error of models of 2, 4 and 16 partitions merged, over that of one partition."""

    def merged(parts: int) -> float:
        models = [StreamKMeans(stream.k) for _ in range(parts)]
        for part, model in enumerate(models):
            model.learn_many(stream.X[part::parts])
        whole = reduce(StreamKMeans.merge, models)
        return float(assign(stream.X, centres_of(whole, stream.X.shape[1]))[1].sum())

    one = merged(1)
    for parts in (2, 4, 16):
        yield Figure(f"{parts} partitions merged, SSE / one: {stream.name}", "StreamKMeans", merged(parts) / one, 1.01)


def learner_partitions(rows: int) -> Iterator[Figure]:
    """The same for the product's own learner, which merges samples of customers."""
    raw, config = customers(rows), _config()

    def learnt(parts: int) -> float:
        whole = merge([_contribution(raw, range(part, rows, parts), config.segments.sample) for part in range(parts)])
        model = learn(whole.rows, config, None)
        assert model is not None, "too few customers"
        return float(model.predict_many(raw)[1].min(axis=1).sum())

    one = learnt(1)
    for parts in (2, 4, 16):
        yield Figure(f"{parts} partitions merged, SSE / one: RFM-like, sampled", "learner", learnt(parts) / one, 1.01)


def renamed(rows: int, refits: int = 5) -> Iterator[Figure]:
    """Share of customers in another segment after a re-fit on another sample of the same population."""
    raw, config = customers(rows), _config()
    rng, size = np.random.default_rng(4), min(config.segments.sample, rows // 2)
    ids, names, nightly = [], [], []
    previous, before = None, None
    for _ in range(refits + 1):
        sample = raw[rng.permutation(rows)[:size]]
        model = learn(sample, config, previous)
        assert model is not None, "too few customers"
        places = model.predict_many(raw)[0]
        scaled = model.scaling.transform_many(sample)
        labels = batch(scaled, config.segments.k).predict(model.scaling.transform_many(raw))
        if previous is not None and before is not None:
            then, were = before
            ids.append(np.mean(np.array(model.ids)[places] != np.array(previous.ids)[then]))
            names.append(np.mean(np.array(model.names)[places] != np.array(previous.names)[then]))
            nightly.append(np.mean(labels != were))
        previous, before = model, (places, labels)
    yield Figure("customers with another segment id after a re-fit", "learner", float(np.mean(ids)), 0.10)
    yield Figure("customers with another segment name after a re-fit", "learner", float(np.mean(names)), 0.10)
    yield Figure("customers with another label after a re-fit", "nightly KMeans", float(np.mean(nightly)))


def cost(repeats: int) -> Iterator[Figure]:
    """Median of so many times 5,000 rows of 10 features, K = 8, after the warm-up."""
    rng = np.random.default_rng(5)
    kinds, size = rng.random((8, 10)), 5_000

    def rows() -> Array:
        return kinds[rng.integers(0, 8, size)] + rng.normal(0, 0.1, (size, 10))

    model = StreamKMeans(8)
    for _ in range(4):
        model.learn_many(rows())
    predict, train, both = [], [], []
    for _ in range(repeats):
        X = rows()
        predict.append(_microseconds(lambda X=X: model.predict_many(X)) / size)
        train.append(_microseconds(lambda X=X: model.learn_many(X)) / size)
        both.append(predict[-1] + train[-1])
    yield Figure("µs a row to predict", "StreamKMeans", median(predict))
    yield Figure("µs a row to learn", "StreamKMeans", median(train))
    yield Figure("µs a row to predict and learn", "StreamKMeans", median(both), 2.0)


def _microseconds(do: Callable[[], object]) -> float:
    """Of this process's own time: what else the machine does should not count."""
    started = time.process_time()
    do()
    return (time.process_time() - started) * 1e6


def _config() -> EngineConfig:
    return EngineConfig(features=_FEATURES)


def _contribution(raw: Array, places: range, limit: int) -> Contribution:
    """What a partition that has these customers would contribute."""
    hashes = {place: priority(str(place)) for place in places}
    chosen = sorted(hashes, key=hashes.__getitem__)[:limit]
    return Contribution(
        clock=0,
        entries=len(places),
        customers=len(places),
        priorities=np.array([hashes[place] for place in chosen], dtype=np.uint64),
        ids=tuple(str(place) for place in chosen),
        rows=raw[chosen],
        limit=limit,
        propensity={},
        tally=Tally(),
    )
