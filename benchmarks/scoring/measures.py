"""What is measured: online beside batch on the same rows, partitions merged, and what a row costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scoring.streams import Stream

from eddyline.compare import batch, online
from eddyline.compare.batch import Batch
from eddyline.compare.metrics import calibration_error, quality
from stream.propensity.learner import PropensityLearner
from stream.propensity.online import OnlineClassifier

Array = NDArray[np.float64]

BATCH = ("logistic", "forest", "network")
"""What online models are held against."""

_SAME_AS_FOREST = 0.015
_CALIBRATED = 0.02
_MERGED = 0.005
_PARTS = 4
_DRAWS = 200
_SEED = 11


@dataclass(frozen=True, slots=True)
class Run:
    """One model over one stream.

    Attributes
    ----------
    learnt
        When: `before each row` (prequential), `once`, or `monthly`.
    auc, log_loss
        On the rows that are measured.
    within
        Mean AUC of single months, by their rows: how well a model ranks those of one time; None without months.
    ece
        Calibration error of the same rows; for online models of the second half of all rows, each scored before it
        was learnt.
    microseconds
        To learn and score a row, of those that are scored.
    pooled, frozen, chance
        Calibration error on the rows that are measured, of online models: of all versions together, each of which
        scored some rows; of one, the version before those rows; and what perfect scores would have of so many rows, if
        outcomes were drawn from the frozen version's scores. None for batch models.
    """

    stream: str
    model: str
    kind: str
    learnt: str
    rows: int
    auc: float
    within: float | None
    log_loss: float
    ece: float
    microseconds: float
    pooled: float | None = None
    frozen: float | None = None
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, and the bar it is held to, if any: `least` or `most`."""

    what: str
    of: str
    value: float
    most: float | None = None
    least: float | None = None

    @property
    def bar(self) -> str:
        """In words; empty without one."""
        if self.most is not None:
            return f"≤ {self.most:g}"
        return "" if self.least is None else f"≥ {self.least:g}"

    @property
    def met(self) -> bool | None:
        """Whether it is as good as it must be; None without a bar."""
        if self.most is not None:
            return self.value <= self.most
        return None if self.least is None else self.value >= self.least


def runs(stream: Stream, models: tuple[str, ...] = online.MODELS) -> Iterator[Run]:
    """Online models, and batch ones, on the same rows; the batch network is learnt once only, since it takes long."""
    for name in models:
        model = OnlineClassifier(name, features=stream.features, block=stream.block)
        began = time.process_time()
        said = online.one_pass(model, stream.raw, stream.labels, stream.start, block=stream.block)
        seconds, test = time.process_time() - began, stream.labels[stream.start :]
        yield replace(
            _run(stream, name, "online", "before each row", said.prequential, seconds),
            pooled=calibration_error(test, said.prequential[stream.start :]),
            frozen=calibration_error(test, said.frozen),
            chance=by_chance(said.frozen),
        )
    for name in BATCH:
        for monthly in (False, True) if stream.periods is not None and name != "network" else (False,):
            began = time.process_time()
            said = np.full(len(stream.raw), np.nan)
            said[stream.start :] = _batch(stream, name, monthly)
            learnt = "monthly" if monthly else "once"
            yield _run(stream, name, "batch", learnt, said, time.process_time() - began)


def by_chance(scores: Array) -> float:
    """Calibration error that perfect scores would have: the mean over outcomes drawn from them, seeded.

    >>> 0.005 < by_chance(np.linspace(0.01, 0.99, 2_000)) < 0.04
    True
    """
    rng = np.random.default_rng(_SEED)
    return float(np.mean([calibration_error(rng.random(len(scores)) < scores, scores) for _ in range(_DRAWS)]))


def _batch(stream: Stream, name: str, monthly: bool) -> Array:
    model, start = Batch(name, stream.features), stream.start
    if monthly:
        assert stream.periods is not None
        return batch.retrained(model, stream.raw, stream.labels, stream.periods, start)
    return model.learn_many(stream.raw[:start], stream.labels[:start]).predict_proba_many(stream.raw[start:])


def _run(stream: Stream, model: str, kind: str, learnt: str, said: Array, seconds: float) -> Run:
    found = quality(stream.labels[stream.start :], said[stream.start :], 0.5)
    half = len(said) // 2 if kind == "online" else stream.start
    ece = calibration_error(stream.labels[half:], said[half:])
    rows = len(said) - stream.start
    each = seconds * 1e6 / (len(said) if kind == "online" else rows)
    return Run(stream.name, model, kind, learnt, rows, found.auc, _within(stream, said), found.log_loss, ece, each)


def _within(stream: Stream, said: Array) -> float | None:
    if stream.periods is None:
        return None
    aucs, weights = [], []
    for period in np.unique(stream.periods[stream.start :]).tolist():
        own = np.flatnonzero(stream.periods == period)
        own = own[own >= stream.start]
        if len(np.unique(stream.labels[own])) == 2:
            aucs.append(quality(stream.labels[own], said[own], 0.5).auc)
            weights.append(len(own))
    return float(np.average(aucs, weights=weights))


def summary(stream: Stream, runs: list[Run]) -> Iterator[Figure]:
    """The bars of one stream; batch models count as they would be kept: retrained monthly where there are months."""
    learnt = "once" if stream.periods is None else "monthly"
    rivals = {run.model: run for run in runs if run.kind == "batch" and run.learnt == learnt}
    own = {run.model: run for run in runs if run.kind == "online"}
    logistic = own["logistic"]
    below = rivals["logistic"].auc - logistic.auc
    yield Figure(f"AUC below batch logistic regression ({learnt})", stream.name, below, most=stream.linear)
    best = max(own.values(), key=lambda run: run.auc)
    forest = rivals["forest"].auc - best.auc
    yield Figure(f"AUC of the best, {best.model}, below batch forest ({learnt})", stream.name, forest, _SAME_AS_FOREST)
    for run in {logistic.model: logistic, best.model: best}.values():
        yield Figure(f"calibration error, {run.model}, second half", stream.name, run.ece, most=_CALIBRATED)


def partitions(stream: Stream, models: tuple[str, ...]) -> Iterator[Figure]:
    """AUC that four partitions merged lose against one, on rows that neither has learnt."""
    past, test = slice(0, stream.start), slice(stream.start, None)
    if stream.periods is not None:  # a frozen model is no measure where all changes
        return
    for name in (name for name in ("logistic", "naive_bayes") if name in models):
        one = OnlineClassifier(name, features=stream.features).learn_many(stream.raw[past], stream.labels[past])
        parts = [
            OnlineClassifier(name, features=stream.features).learn_many(
                stream.raw[past][part::_PARTS], stream.labels[past][part::_PARTS]
            )
            for part in range(_PARTS)
        ]
        found = [
            quality(stream.labels[test], model.predict_proba_many(stream.raw[test]), 0.5).auc
            for model in (one, reduce(OnlineClassifier.merge, parts))
        ]
        yield Figure(f"AUC of {_PARTS} partitions merged below one, {name}", stream.name, found[0] - found[1], _MERGED)


def cost(repeats: int) -> Iterator[Figure]:
    """Median of so many times 5,000 rows of 15 features, logistic regression.

    To learn is what the engine does with an example; a model is made of it when partitions are merged. Alone, a model
    is made each 500 rows.
    """
    rng = np.random.default_rng(5)
    size, width = 5_000, 15
    weights = rng.normal(size=width)
    alone = OnlineClassifier("logistic", features=width)
    learner: PropensityLearner | None = None
    score, learn, both = [], [], []
    for _ in range(repeats + 1):
        rows = rng.normal(size=(size, width))
        labels = rng.random(size) < 1.0 / (1.0 + np.exp(-(rows @ weights)))
        both.append(_microseconds(lambda r=rows, y=labels: alone.learn_many(r, y)) / size)
        score.append(_microseconds(lambda r=rows: alone.predict_proba_many(r)) / size)
        if learner is None:
            assert alone.scaling is not None
            learner = PropensityLearner(alone.target, alone.scaling.inputs, alone.scaling)
        learn.append(_microseconds(lambda r=rows, y=labels, one=learner: one.learn_many(r, y)) / size)
    yield Figure("µs to score a row, 5,000 x 15", "logistic", median(score[1:]), most=2.0)
    yield Figure("µs to learn a row, 5,000 x 15", "logistic", median(learn[1:]), most=10.0)
    yield Figure("µs to learn a row, and a model made each 500", "logistic", median(both[1:]))


def _microseconds(do: Callable[[], object]) -> float:
    """Of this process's own time: what else the machine does should not count."""
    started = time.process_time()
    do()
    return (time.process_time() - started) * 1e6
