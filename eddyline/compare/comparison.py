"""The comparison: the same rows and features, through all models, with one measure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from eddyline.compare import batch, online
from eddyline.compare.cost import Cost, measured
from eddyline.compare.drift import drifts
from eddyline.compare.leaks import leaks
from eddyline.compare.metrics import Quality, best_threshold, quality
from eddyline.compare.rows import Freshness, Rows, periods
from eddyline.compare.table import Table
from stream.errors import InputError
from stream.propensity.online import OnlineClassifier

RETRAIN = {"once": "test", "daily": "day", "monthly": "month"}
"""How batch models may be kept -> before what they are learnt."""


@dataclass(frozen=True, slots=True)
class Result:
    """One model on the test rows.

    Attributes
    ----------
    name
        The model's; those of frozen online models end in "(frozen)". `published` is what the engine said itself.
    kind
        `online` or `batch`.
    learnt
        What it had learnt when it scored a row: `before the row` (prequential: all rows that came earlier, up to a
        block), or `before the test`. The latter can be compared between online and batch like for like.
    quality
        On the test.
    cost
        Of learning and scoring; None for what the engine published.
    freshness
        At the moment of scoring; None likewise.
    """

    name: str
    kind: str
    learnt: str
    quality: Quality
    cost: Cost | None = None
    freshness: Freshness | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        told = {"name": self.name, "kind": self.kind, "learnt": self.learnt} | asdict(self.quality)
        cost = {"seconds": None, "memory_mb": None} if self.cost is None else asdict(self.cost)
        return told | cost | {"freshness": None if self.freshness is None else asdict(self.freshness)}


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
        Notes of the table, a drift over rows that are split at random, and probable leaks, a sentence each.
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
        Where there are too few rows of a class, or too few of them are known in time.
    InputError
        Where rows have no dates to retrain by.
    """
    if retrain != "once" and not table.dated:
        raise InputError(f"to retrain {retrain} rows need dates: name their column with --time")
    rows = Rows.of(table, seed)
    results: list[Result] = []
    done = 0
    for name in (one for one in online.MODELS if one in models):
        results += _online(name, rows, lambda count, name=name, done=done: advance(done + count, f"online {name}"))
        done += len(table)
    for name in (one for one in batch.MODELS if one in models):
        advance(done, f"batch {name}")
        results.append(_batch(name, rows, retrain))
        done += len(table)
    advance(done, "done")
    published = _published(rows)
    results = results if published is None else [published, *results]
    trained, past = rows.trained, rows.past
    return Comparison(
        rows=len(table),
        target=table.target,
        positive=table.positive,
        features=len(rows.encoder.features),
        parts=(trained, past - trained, len(table) - past),
        ordered=table.ordered,
        share=float(rows.labels[past:].mean()),
        models=tuple(results),
        warnings=(
            *table.notes,
            *rows.encoder.notes,
            *([] if table.ordered else drifts(table.labels)),
            *([] if published is None else [_told_of_published(table, rows)]),
            *leaks(table.columns, table.labels, rows.train),
        ),
    )


def _online(name: str, rows: Rows, advance: Callable[[int], None]) -> list[Result]:
    cost, block, features = Cost(), online.block_of(len(rows.raw)), rows.encoder.measured
    model = OnlineClassifier(name, features=features, block=block)
    trial = slice(0, 2 * block)
    OnlineClassifier(name, features=features, block=block).learn_many(rows.raw[trial], rows.labels[trial])  # imports
    with measured(cost):
        said = online.one_pass(model, rows.raw, rows.labels, rows.past, block=block, known=rows.known, advance=advance)
    validation, test = slice(rows.trained, rows.past), slice(rows.past, None)
    threshold = best_threshold(rows.labels[validation], said.prequential[validation])
    learnt = said.learnt[test]
    return [
        Result(
            name,
            "online",
            "before the row",
            quality(rows.labels[test], said.prequential[test], threshold),
            cost,
            rows.freshness(learnt),
        ),
        Result(
            f"{name} (frozen)",
            "online",
            "before the test",
            quality(rows.labels[test], said.frozen, threshold),
            cost,
            rows.freshness(np.full_like(learnt, learnt[0])),
        ),
    ]


def _batch(name: str, rows: Rows, retrain: str) -> Result:
    cost, model = Cost(), batch.Batch(name, rows.encoder.measured)
    trained, past = rows.trained, rows.past
    known, test = rows.known, slice(past, None)
    with measured(cost):
        model.learn_many(rows.raw[: known[trained]], rows.labels[: known[trained]])
        validation = model.predict_proba_many(rows.raw[trained:past])
        if retrain == "once":
            model.learn_many(rows.raw[: known[past]], rows.labels[: known[past]])
            said, learnt = model.predict_proba_many(rows.raw[test]), np.full(len(rows.raw) - past, known[past])
        else:
            assert rows.times is not None
            number = periods(rows.times, retrain)
            said = batch.retrained(model, rows.raw, rows.labels, number, past, known, unit=RETRAIN[retrain])
            learnt = known[np.searchsorted(number, number)][test]
    threshold = best_threshold(rows.labels[trained:past], validation)
    told = "before the test" if retrain == "once" else f"before the {RETRAIN[retrain]}"
    return Result(name, "batch", told, quality(rows.labels[test], said, threshold), cost, rows.freshness(learnt))


def _published(rows: Rows) -> Result | None:
    """What the engine itself said, at the moment; None where it said nothing yet of some rows."""
    said, validation, test = rows.published, slice(rows.trained, rows.past), slice(rows.past, None)
    if said is None or not np.isfinite(said[validation.start :]).all():
        return None
    threshold = best_threshold(rows.labels[validation], said[validation])
    return Result("published", "online", "before the row", quality(rows.labels[test], said[test], threshold))


def _told_of_published(table: Table, rows: Rows) -> str:
    """What the engine's row is, and what the models below it have that it had not."""
    own = {column.name.lower() for column in table.columns}
    added = [one.name for one in rows.encoder.measured if one.name not in own]
    more = f", and {len(added)} made of them ({', '.join(added)})" if added else ""
    return (
        f"The row 'published' is what the engine itself said at each moment, with the classifier and the partitions of "
        f"its settings. The other rows are models of this comparison: they have the engine's features{more}."
    )
