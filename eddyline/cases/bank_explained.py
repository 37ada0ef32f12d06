"""Why customers have their scores, and what makes those of two groups differ."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from copy import copy
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eddyline.cases.bank_data import Customers
from eddyline.cases.fairness import Treated, gap
from eddyline.cli.report import number
from eddyline.compare.columns import Column
from eddyline.compare.encode import Encoder
from stream.propensity.online import OnlineClassifier

Array = NDArray[np.float64]

FEWEST, MOST = 3, 6
"""Reasons that are told: so many at least, and at most."""

_REST = 1 / 3  # of the distance from the base: what all other columns together may still add or take
_LITTLE = 0.02  # in log-odds: not worth a word
_LOOKED_AT = 500  # of a group, to see which columns its scores come by


class Reason(NamedTuple):
    """A column of a customer, its value, that of the middle customer (of a number), and what it adds to the log-odds.

    Of a column that became several features `adds` is the sum of theirs.
    """

    column: str
    value: str
    usual: str | None
    adds: float


class Carried(NamedTuple):
    """A column by which scores of one group lie above those of another, and by how much in log-odds on average."""

    column: str
    adds: float


class Explained(NamedTuple):
    """A customer's score with its reasons; `adds` of all columns sum to log-odds less `base`."""

    row: int
    score: float
    decile: int
    happened: bool
    base: float
    total: float
    reasons: tuple[Reason, ...]


class Reasons:
    """What each column adds to a row's log-odds, by the model that scored the row before it learnt its outcome.

    Parameters
    ----------
    encoder
        How columns became features.
    X
        Features of all rows, shape [n, d].

    Attributes
    ----------
    columns
        Names of those that became features, c of them.
    """

    def __init__(self, encoder: Encoder, X: Array) -> None:
        own = [one.column for one in encoder.features]
        self.columns = tuple(dict.fromkeys(own))
        self._places = np.array([self.columns.index(name) for name in own])
        self._X = X
        self._ends: list[int] = []
        self._models: list[OnlineClassifier] = []

    def keep(self, online: OnlineClassifier, end: int) -> None:
        """The model as it is has scored the rows up to `end`; a later version replaces its parts, and changes none."""
        if end > len(self._X) // 2:  # what is asked of lies in the second half
            self._ends.append(end)
            self._models.append(copy(online))

    def model(self, row: int) -> OnlineClassifier:
        """The one that scored a row of the second half."""
        return self._models[bisect_right(self._ends, row)]

    def of(self, row: int) -> Array:
        """What each column adds, shape [c]."""
        found = np.bincount(self._places, weights=self.model(row).contributions(self._X[row]))
        return found.astype(np.float64)


def explained(
    reasons: Reasons, customers: Customers, scores: Array, test: NDArray[np.intp], at: float
) -> tuple[Explained, ...]:
    """Three customers of the test.

    Parameters
    ----------
    reasons
        Of the model that decides.
    customers
        All.
    scores
        Of the test rows, as they decide.
    test
        Places of the test rows.
    at
        The threshold.
    """
    by_name = {one.name: one for one in customers.table.columns}
    places = [int(scores.argmax()), int(np.abs(scores - at).argmin()), int(scores.argmin())]
    told = []
    for place in dict.fromkeys(places):
        row = int(test[place])
        model, adds = reasons.model(row).model, reasons.of(row)
        if model is None:
            continue
        told.append(
            Explained(
                row,
                float(scores[place]),
                model.decile(float(scores[place])),
                bool(customers.table.labels[row]),
                model.base,
                float(adds.sum()),
                tuple(_reason(by_name[reasons.columns[one]], customers, row, float(adds[one])) for one in _told(adds)),
            )
        )
    return tuple(told)


def carried(
    reasons: Reasons, customers: Customers, groups: Sequence[str], found: Sequence[Treated]
) -> tuple[Carried, ...]:
    """What makes the scores of two groups differ, the largest first."""
    apart = gap(found)
    if apart is None:
        return ()
    means = []
    for group in (apart.worse.group, apart.better.group):
        rows = [row for row in range(len(groups) // 2, len(groups)) if groups[row] == group][:_LOOKED_AT]
        means.append(np.mean([reasons.of(row) for row in rows], axis=0))
    adds = means[0] - means[1]
    order = np.argsort(-adds, kind="stable")[:2].tolist()
    return tuple(
        Carried(customers.names[reasons.columns[place]], float(adds[place])) for place in order if adds[place] > _LITTLE
    )


def _told(adds: Array) -> list[int]:
    """Places of the largest, as many as leave no more than a third of the way to the others.

    >>> _told(np.array([0.1, 2.0, 0.2, 0.3])), _told(np.array([1.0, -1.0, 0.9, -0.9, 0.3, 0.3, 0.01]))
    ([1, 3, 2], [0, 1, 2, 3, 4, 5])
    """
    order: list[int] = np.argsort(-np.abs(adds), kind="stable").tolist()
    total = float(adds.sum())
    for count in range(FEWEST, MOST):
        if abs(total - float(adds[order[:count]].sum())) <= _REST * abs(total):
            return order[:count]
    return order[:MOST]


def _reason(column: Column, customers: Customers, row: int, adds: float) -> Reason:
    values = column.values
    usual = float(np.nanmedian(values)) if column.kind == "number" else None
    value = _text(column, float(values[row]))
    middle = None if usual is None or values[row] == usual else _text(column, usual)
    return Reason(customers.names[column.name], value, middle, adds)


def _text(column: Column, value: float) -> str:
    if np.isnan(value):
        return "unknown"
    if column.kind == "category":
        return column.categories[int(value)]
    if column.kind == "boolean":
        return "yes" if value else "no"
    if column.kind == "date":
        return (date(1970, 1, 1) + timedelta(days=value)).isoformat()
    return number(value)
