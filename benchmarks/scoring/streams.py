"""Rows with labels: what is made up here has a known answer, what is real is read as a stranger's table would be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eddyline.compare import online
from eddyline.compare.encode import Encoder
from eddyline.compare.split import split
from eddyline.compare.table import read_table
from stream.preprocessing.settings import Measured

Array = NDArray[np.float64]

_BLOCK = 100


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """Rows in the order in which they come.

    Attributes
    ----------
    name
        As the table calls it.
    features
        What is declared of each column, d of them.
    raw
        Shape [n, d], NaN where missing.
    labels
        Shape [n].
    start
        First row that is measured; batch models learn from those before it.
    linear
        How far the online logistic regression's AUC may lie below that of batch.
    periods
        Number of each row's month, shape [n], where batch is retrained monthly on the months before; else None.
    block
        Rows between two versions of an online model.
    known
        AUC of the probabilities that labels were drawn from, or what was published; for reference.
    """

    name: str
    features: tuple[Measured, ...]
    raw: Array
    labels: NDArray[np.bool_]
    start: int
    linear: float
    periods: NDArray[np.intp] | None = None
    block: int = online.BLOCK
    known: str = ""


def made_up(rows: int) -> Iterator[Stream]:
    """A linear, a curved and a drifting one."""
    rng = np.random.default_rng(1)
    weights = rng.normal(0, 0.7, 8)
    for name, bend, drift in (("linear", 0.0, 0.0), ("curved", 1.0, 0.0), ("drifting", 0.0, 2.0)):
        raw = rng.normal(size=(rows, 8))
        when = np.arange(rows) / rows
        logits = raw @ weights - 1.0 + bend * (raw[:, 0] * raw[:, 1] + raw[:, 2] ** 2 - 1.0)
        logits += drift * (when - 0.5) * raw[:, 3]
        chances = 1.0 / (1.0 + np.exp(-logits))
        labels = rng.random(rows) < chances
        features = tuple(Measured(name=f"feature_{place}") for place in range(8))
        start = rows // 2
        periods = (when * 20).astype(np.intp) if drift else None
        known = f"{_auc(labels[start:], chances[start:]):.4f} at best"
        yield Stream(name, features, raw, labels, start, 0.01 if drift else 0.005, periods, known=known)


def real(folder: Path) -> Iterator[Stream]:
    """Real tables found in a folder, as `credit_card_default.csv.gz` and so on (UCI); what is not there is left out."""
    for name, load in TABLES.items():
        file = folder / f"{name}.csv.gz"
        if file.exists():
            yield load(file)


def _shuffled(file: Path, *, target: str, name: str, linear: float, known: str) -> Stream:
    """Rows in a random order: the last fifth is the test, as in what was published."""
    table = read_table(file, target)
    parts = split(table.labels, ordered=False)
    encoder = Encoder.fit(table.columns, table.labels, parts.train)  # as `eddyline evaluate compare` does
    order = np.concatenate([parts.past, parts.test])
    raw = encoder.encode(table.columns)[order]
    return Stream(name, encoder.measured, raw, table.labels[order], len(parts.past), linear, known=known)


def _bank(file: Path) -> Stream:
    """In date order, without `duration`, which is known only after the call; a month begins where `month` changes.

    Later months have some 250 calls, so that a version each 250 would be a month old.
    """
    table = read_table(file, "y", ordered=True, drop=["duration"])
    start = len(table) // 2
    encoder = Encoder.fit(table.columns, table.labels, np.arange(start))
    month = next(column for column in table.columns if column.name == "month").values
    periods = np.concatenate([[0], np.cumsum(np.diff(month) != 0)]).astype(np.intp)
    raw = encoder.encode(table.columns)
    known = "0.80 published, neural net, rolling window"
    return Stream("bank, in date order", encoder.measured, raw, table.labels, start, 0.01, periods, _BLOCK, known)


def _auc(labels: NDArray[np.bool_], chances: Array) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, chances))


TABLES = {
    "credit_card_default": partial(
        _shuffled, target="Y", name="credit default", linear=0.005, known="LR .7255, RF .757 published"
    ),
    "online_shoppers_intention": partial(
        _shuffled, target="Revenue", name="online shoppers", linear=0.01, known="LR .881, RF .921 published"
    ),
    "bank_additional_full": _bank,
}
