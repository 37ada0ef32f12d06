"""Which algorithm, and how many segments? Evidence from the sample, and a recommendation by a plain rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from stream.config import EngineConfig, SegmentsConfig
from stream.errors import DataError
from stream.evaluate.clustering import adjusted_rand_index
from stream.preprocessing.pipeline import Preprocessing
from stream.segments.algorithms import group, hierarchical
from stream.segments.algorithms.base import Array, Sample
from stream.segments.prototypes import Places, Prototypes

LEAST = 100
"""Customers without which nothing is said."""

MOST = 2_000
"""Customers that are looked at: the first of the sample, which is in the order of hashes."""

REFITS = 5
"""Half samples that each candidate is fitted to again."""

STABLE = 0.6
"""Mean adjusted Rand index of refits that a candidate needs."""

SMALLEST = 0.02
"""Share of the smallest segment that a candidate needs."""

OUTLIERS = 0.2
"""Share of outliers that a candidate may have."""

TIE = 0.02
"""Scores less than this apart are as good as each other."""

Labels = tuple[Places, int | None]
"""Segment of each row, and which of them are outliers, if any."""

FAMILIES = ("kmeans", "hierarchical", "density")
"""The simplest first."""

_SAID = {"kmeans": "k-means", "hierarchical": "hierarchical", "density": "density"}
_STEADY = 0.8  # stability up to which more segments can be had without a second thought


@dataclass(frozen=True)
class Candidate:
    """One way to segment the customers, and what speaks for it.

    Attributes
    ----------
    algorithm, k
        `k` counts the segments, without outliers.
    silhouette
        From -1 to 1: how much nearer customers are to their own segment than to the next. Rousseeuw (1987).
    calinski_harabasz
        Variance between segments to that within; larger is better. Caliński & Harabasz (1974).
    davies_bouldin
        Mean width of a segment and its most similar one to their distance; smaller is better. Davies & Bouldin (1979).
    stability
        Mean adjusted Rand index between this and refits on half of the customers: 1 where they agree about everyone.
    smallest
        Share of the smallest segment.
    outliers
        Share of customers that are like nobody. They count as a segment of their own in the three indices.
    """

    algorithm: str
    k: int
    silhouette: float
    calinski_harabasz: float
    davies_bouldin: float
    stability: float
    smallest: float
    outliers: float

    @property
    def score(self) -> float:
        """Silhouette times stability: how far apart segments are, as far as they are there the next time."""
        return self.silhouette * max(self.stability, 0.0)

    @property
    def against(self) -> str:
        """What rules it out, in words; empty where nothing does."""
        said = [
            (self.k < 2, "a single segment"),
            (self.stability < STABLE, f"unstable ({self.stability:.2f})"),
            (self.smallest < SMALLEST, f"a tiny segment ({self.smallest:.1%})"),
            (self.outliers > OUTLIERS, f"many outliers ({self.outliers:.0%})"),
        ]
        return ", ".join(words for wrong, words in said if wrong)


@dataclass(frozen=True)
class Suggestion:
    """What to choose, and why.

    Attributes
    ----------
    customers
        Looked at.
    candidates
        In the order of `FAMILIES` and of k.
    best
        The one that is recommended.
    why
        One sentence.
    failures
        Algorithm -> why it found nothing.
    """

    customers: int
    candidates: tuple[Candidate, ...]
    best: Candidate
    why: str
    failures: dict[str, str]


def suggest(
    rows: Array,
    config: EngineConfig,
    ks: Sequence[int] = range(2, 11),
    advance: Callable[[int], None] = lambda done: None,
) -> Suggestion:
    """Compare algorithms and numbers of segments on the customers of a sample.

    Parameters
    ----------
    rows
        Raw feature rows, shape [n, d], in the order of their customers' hashes; the first 2,000 are looked at.
    config
        Engine settings; `segments.min_share` is what density goes by.
    ks
        Numbers of segments to try; density finds its own.
    advance
        Told how many fits of `steps(ks)` are done.

    Raises
    ------
    DataError
        Where there are fewer than 100 customers, or hardly any differences between them.

    Notes
    -----
    The rule. Ruled out is what is not stable (`STABLE`), has a tiny segment (`SMALLEST`) or many outliers
    (`OUTLIERS`), unless all are. Of the rest those within `TIE` of the best score (silhouette times stability) are as
    good as each other: the simplest algorithm is taken, k-means before hierarchical before density, and in it the
    number of segments with the least Davies-Bouldin index, fewer where that is the same.

    All three indices favour round segments: where odd shapes are expected, compare the pictures too.
    """
    rows = rows[:MOST]
    if len(rows) < LEAST:
        raise DataError(
            f"the sample holds {len(rows):,} customers, and {LEAST} are needed to suggest segments: "
            "let more events in, or raise segments.sample if that is what limits it"
        )
    X = Preprocessing.fit(rows, config.features, config.segments.steps).transform_many(rows)
    distinct = len(np.unique(X, axis=0))
    ks = [k for k in sorted(set(ks)) if 2 <= k < distinct]
    if not ks:
        raise DataError(
            f"customers with the same features are one: that leaves {distinct} of {len(X):,}, too few to tell segments "
            "apart; declare features in which customers differ"
        )
    judge, candidates, failures, done = _judge(X), [], {}, 0
    halves = [
        np.random.default_rng([config.segments.seed, turn]).permutation(len(X))[: len(X) // 2] for turn in range(REFITS)
    ]
    for algorithm in FAMILIES:
        settings = config.segments.model_copy(update={"algorithm": algorithm})
        for several in [ks] if algorithm == "hierarchical" else [[k] for k in ks] if algorithm == "kmeans" else [[0]]:
            try:
                whole = _labels(X, np.arange(len(X)), settings, several)
                refits = [_labels(X, np.sort(half), settings, several) for half in halves]
                candidates += [judge(algorithm, *labels) for labels in zip(whole, *refits, strict=True)]
            except DataError as error:
                failures[algorithm] = str(error)
            advance(done := done + 1 + REFITS)
    best = choose(candidates)
    return Suggestion(len(X), tuple(candidates), best, _why(best, candidates), failures)


def steps(ks: Sequence[int]) -> int:
    """Fits that `suggest` makes for these numbers of segments: k-means once for each of them."""
    return (len(set(ks)) + 2) * (1 + REFITS)


def _labels(X: Array, some: Places, settings: SegmentsConfig, ks: Sequence[int]) -> list[Labels]:
    """Fit to some rows, and label all, for each k; a hierarchy is cut at each."""
    settings = settings.model_copy(update={"k": max(ks)}) if max(ks) else settings
    found = group(Sample(X[some], np.arange(len(some)), settings, np.random.default_rng(settings.seed)))
    if found.tree is None:
        return [_labelled(found.prototypes, X)]
    return [_labelled(hierarchical.cut(found.prototypes.points, found.tree, k)[0], X) for k in ks]


def _labelled(prototypes: Prototypes, X: Array) -> Labels:
    return prototypes.measure(X).argmin(axis=1), prototypes.outliers


def _judge(X: Array) -> Callable[..., Candidate]:
    """Measures labels of the rows X, whose distances are computed once."""
    from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, pairwise_distances, silhouette_score

    far = pairwise_distances(X)

    def judge(algorithm: str, whole: Labels, *refits: Labels) -> Candidate:
        labels, outliers = whole
        sizes = {place: int((labels == place).sum()) for place in np.unique(labels).tolist()}
        strays = sizes.pop(outliers, 0) if outliers is not None else 0
        several = 2 <= len(sizes) + bool(strays) < len(X)
        indices = (
            float(silhouette_score(far, labels, metric="precomputed")) if several else 0.0,
            float(calinski_harabasz_score(X, labels)) if several else 0.0,
            float(davies_bouldin_score(X, labels)) if several else 0.0,
        )
        told = labels.tolist()
        return Candidate(
            algorithm=algorithm,
            k=len(sizes),
            silhouette=indices[0],
            calinski_harabasz=indices[1],
            davies_bouldin=indices[2],
            stability=float(np.mean([adjusted_rand_index(told, other.tolist()) for other, _ in refits])),
            smallest=min(sizes.values(), default=0) / len(X),
            outliers=strays / len(X),
        )

    return judge


def choose(candidates: Sequence[Candidate]) -> Candidate:
    """The best candidate, by the rule of `suggest`; at least one is needed."""
    allowed = [one for one in candidates if not one.against] or [one for one in candidates if one.k > 1] or candidates
    top = max(one.score for one in allowed)
    tied = [one for one in allowed if one.score >= top - TIE]
    return min(tied, key=lambda one: (FAMILIES.index(one.algorithm), one.davies_bouldin, one.k))


def _why(best: Candidate, candidates: Sequence[Candidate]) -> str:
    """One sentence."""
    name = _SAID[best.algorithm]
    said = (
        f"{name} with {best.k} segments: silhouette {best.silhouette:.2f}, and refits on half of the customers "
        f"agree about them (adjusted Rand {best.stability:.2f})"
    )
    if best.against:
        said = f"nothing fits well, and the least bad is {name} with {best.k} segments: {best.against}"
    else:
        equal = {one.algorithm for one in candidates if not one.against and one.score >= best.score - TIE}
        others = [_SAID[other] for other in FAMILIES if other in equal and other != best.algorithm]
        said += f"; {' and '.join(others)} {'is' if len(others) == 1 else 'are'} about as good" if others else ""
    more = [
        one.k
        for one in candidates
        if one.algorithm == best.algorithm and one.k > best.k and not one.against and one.stability >= _STEADY
    ]
    said += (
        f"; if {best.k} are too few to act on, up to {max(more)} are stable, though they overlap more" if more else ""
    )
    return f"{said[:1].upper()}{said[1:]}."
