"""The comparison: the same rows and features, through all models, with one measure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eddyline.compare import batch, online
from eddyline.compare.columns import Array
from eddyline.compare.cost import Cost, measured
from eddyline.compare.encode import Encoder
from eddyline.compare.leaks import leaks
from eddyline.compare.metrics import Quality, best_threshold, quality
from eddyline.compare.split import split
from eddyline.compare.table import Table
from stream.errors import InputError
from stream.propensity.online import OnlineClassifier

RETRAIN = {"once": "test", "daily": "day", "monthly": "month"}
"""How batch models may be kept -> before what they are learnt."""

_TRIAL = 2 * online.BLOCK


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old a model is when it scores, on average over the test.

    Attributes
    ----------
    rows
        That had come since the last one it learnt.
    days
        Since then; None where rows have no dates.
    """

    rows: float
    days: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """One model on the test rows.

    Attributes
    ----------
    name
        The model's; those of frozen online models end in "(frozen)".
    kind
        `online` or `batch`.
    learnt
        What it had learnt when it scored a row: `before the row` (prequential: all rows that came earlier, up to a
        block), or `before the test`. The latter can be compared between online and batch like for like.
    quality
        On the test.
    cost
        Of learning and scoring.
    freshness
        At the moment of scoring.
    """

    name: str
    kind: str
    learnt: str
    quality: Quality
    cost: Cost
    freshness: Freshness

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        told = {"name": self.name, "kind": self.kind, "learnt": self.learnt} | asdict(self.quality)
        told |= {"seconds": self.cost.seconds, "memory_mb": self.cost.memory_mb}
        return told | {"freshness": asdict(self.freshness)}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it.

    Attributes
    ----------
    rows
        Of the table.
    target, positive
        What was predicted: that this column has this value.
    features
        How many.
    parts
        Rows trained on, used for the threshold, and tested on.
    share
        Of the test rows in which it happened.
    models
        The results, online ones first.
    warnings
        Notes of the table, and probable leaks, a sentence each.
    """

    rows: int
    target: str
    positive: str
    features: int
    parts: tuple[int, int, int]
    ordered: bool
    share: float
    models: tuple[Result, ...]
    warnings: tuple[str, ...]


def steps(table: Table, models: Sequence[str]) -> int:
    """Rows that `compare` goes through, to show how far it is."""
    return len(table) * sum((name in online.MODELS) + (name in batch.MODELS) for name in models)


def compare(
    table: Table,
    models: Sequence[str] = online.MODELS,
    *,
    retrain: str = "once",
    seed: int = 7,
    advance: Callable[[int, str], None] = lambda rows, model: None,
) -> Comparison:
    """Run models over a table.

    Online models see training and validation rows once, in order, and are then measured on the test twice: as they
    go on learning, and frozen. Batch models are fitted to the training rows for the threshold (the one of the best F1
    in the validation part, as for online models), and to training and validation rows for the test.

    Parameters
    ----------
    models
        Names; `logistic`, `tree`, `forest` and `network` are run on both sides, `naive_bayes` online only.
    retrain
        How batch models are kept: `once`, or, where rows have dates, `daily` or `monthly`, on all rows before.
    seed
        Of the random split.
    advance
        Told how many rows have been gone through, and by which model.

    Raises
    ------
    DataError
        Where there are too few rows of a class.
    InputError
        Where rows have no dates to retrain by.
    """
    if retrain != "once" and not table.dated:
        raise InputError(f"to retrain {retrain} rows need dates: name their column with --time")
    parts = split(table.labels, ordered=table.ordered, times=table.times, seed=seed)
    encoder = Encoder.fit(table.columns, table.labels, parts.train)
    order = np.concatenate([parts.past, parts.test])
    rows = _Rows(
        encoder.encode(table.columns)[order],
        table.labels[order],
        None if table.times is None else table.times[order],
        table.dated,
        encoder,
        len(parts.train),
        len(parts.past),
    )
    results: list[Result] = []
    done = 0
    for name in (one for one in online.MODELS if one in models):
        results += _online(name, rows, lambda count, name=name, done=done: advance(done + count, f"online {name}"))
        done += len(order)
    for name in (one for one in batch.MODELS if one in models):
        advance(done, f"batch {name}")
        results.append(_batch(name, rows, retrain))
        done += len(order)
    advance(done, "done")
    return Comparison(
        rows=len(table),
        target=table.target,
        positive=table.positive,
        features=len(encoder.features),
        parts=(len(parts.train), len(parts.validation), len(parts.test)),
        ordered=table.ordered,
        share=float(table.labels[parts.test].mean()),
        models=tuple(results),
        warnings=(*table.notes, *encoder.notes, *leaks(table.columns, table.labels, parts.train)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """In the order of the split; `trained` of them are for training, `past` come before the test."""

    raw: Array
    labels: Any
    times: Array | None
    dated: bool
    encoder: Encoder
    trained: int
    past: int

    def freshness(self, age: Array) -> Freshness:
        """Of the test rows, by how many rows before each the model had learnt its last one."""
        if self.times is None or not self.dated:
            return Freshness(float(age.mean()), None)
        places = np.arange(self.past, len(self.raw))
        learnt = np.maximum(places - age.astype(np.intp) - 1, 0)
        return Freshness(float(age.mean()), float((self.times[places] - self.times[learnt]).mean()))


def _online(name: str, rows: _Rows, advance: Callable[[int], None]) -> list[Result]:
    cost = Cost()
    features = rows.encoder.measured
    model = OnlineClassifier(name, features=features)
    OnlineClassifier(name, features=features).learn_many(rows.raw[:_TRIAL], rows.labels[:_TRIAL])  # imports are no cost
    with measured(cost):
        said = online.one_pass(model, rows.raw, rows.labels, rows.past, advance=advance)
    validation = slice(rows.trained, rows.past)
    threshold = best_threshold(rows.labels[validation], said.prequential[validation])
    test = rows.labels[rows.past :]
    return [
        Result(
            name,
            "online",
            "before the row",
            quality(test, said.prequential[rows.past :], threshold),
            cost,
            rows.freshness(said.age[rows.past :]),
        ),
        Result(
            f"{name} (frozen)",
            "online",
            "before the test",
            quality(test, said.frozen, threshold),
            cost,
            rows.freshness(np.arange(len(test)) + rows.past % online.BLOCK),
        ),
    ]


def _batch(name: str, rows: _Rows, retrain: str) -> Result:
    cost = Cost()
    model = batch.Batch(name, rows.encoder.measured)
    with measured(cost):
        model.learn_many(rows.raw[: rows.trained], rows.labels[: rows.trained])
        validation = model.predict_proba_many(rows.raw[rows.trained : rows.past])
        if retrain == "once":
            model.learn_many(rows.raw[: rows.past], rows.labels[: rows.past])
            said, age = model.predict_proba_many(rows.raw[rows.past :]), np.arange(len(rows.raw) - rows.past)
        else:
            assert rows.times is not None
            number = periods(rows.times, retrain)
            said = batch.retrained(model, rows.raw, rows.labels, number, rows.past)
            age = (np.arange(len(number)) - np.searchsorted(number, number))[rows.past :]
    threshold = best_threshold(rows.labels[rows.trained : rows.past], validation)
    found = quality(rows.labels[rows.past :], said, threshold)
    learnt = "before the test" if retrain == "once" else f"before the {RETRAIN[retrain]}"
    return Result(name, "batch", learnt, found, cost, rows.freshness(age))


def periods(times: Array, retrain: str) -> NDArray[np.intp]:
    """Number of the day or month of times in days since 1970, shape [n].

    >>> periods(np.array([0.0, 30.5, 31.0, 400.0]), "monthly").tolist()
    [0, 0, 1, 13]
    """
    days = np.floor(times).astype("datetime64[D]")
    unit = {"daily": "datetime64[D]", "monthly": "datetime64[M]"}[retrain]
    return days.astype(unit).astype(np.intp)
