"""Why customers have their scores, and what makes those of two groups differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eddyline.cases.bank_data import Customers
from eddyline.cases.fairness import Treated, gap
from eddyline.compare.encode import Encoder
from stream.propensity.online import OnlineClassifier

Array = NDArray[np.float64]

TOP = 3
"""Reasons that are told."""

_LITTLE = 0.02  # in log-odds: not worth a word
_LOOKED_AT = 500  # of a group, to see which features its scores come by


class Reason(NamedTuple):
    """A feature of a customer, its value, that of the middle customer, and what it adds to the log-odds."""

    feature: str
    value: float
    usual: float
    adds: float


class Carried(NamedTuple):
    """A feature by which scores of one group lie above those of another, and by how much in log-odds on average."""

    feature: str
    adds: float


class Explained(NamedTuple):
    """A customer's score with its reasons; `adds` of all features sum to log-odds less `base`."""

    row: int
    score: float
    decile: int
    happened: bool
    base: float
    total: float
    reasons: tuple[Reason, ...]


def feature_words(encoder: Encoder, customers: Customers) -> list[str]:
    """What each feature is called: a column's words, and of categories which ones."""
    columns, told = {column.name: column for column in customers.table.columns}, []
    for one in encoder.features:
        name = customers.names[one.column]
        if one.places is not None:
            texts = [columns[one.column].categories[int(place)] for place in one.places[:3]]
            rest = " is missing" if not texts else " is another"
            name += f" is {' or '.join(texts)}" if 0 < len(one.places) <= len(texts) else rest
        told.append(name)
    return told


def explained(
    online: OnlineClassifier,
    words: list[str],
    X: Array,
    y: NDArray[np.bool_],
    test: NDArray[np.intp],
    at: float,
) -> tuple[Explained, ...]:
    """Three customers of the test, by the model as it is at the end."""
    model = online.model
    if model is None:
        return ()
    scores = online.predict_proba_many(X[test])
    usual = np.nanmedian(X, axis=0)
    places = [int(scores.argmax()), int(np.abs(scores - at).argmin()), int(scores.argmin())]
    told = []
    for place in dict.fromkeys(places):
        row = int(test[place])
        adds = online.contributions(X[row])
        order = np.argsort(-np.abs(adds), kind="stable")[:TOP].tolist()
        told.append(
            Explained(
                row,
                float(scores[place]),
                model.decile(float(scores[place])),
                bool(y[row]),
                model.base,
                float(adds.sum()),
                tuple(Reason(words[one], float(X[row, one]), float(usual[one]), float(adds[one])) for one in order),
            )
        )
    return tuple(told)


def carried(
    online: OnlineClassifier, words: list[str], X: Array, groups: Sequence[str], found: Sequence[Treated]
) -> tuple[Carried, ...]:
    """What makes the scores of two groups differ, the largest first."""
    apart = gap(found)
    if apart is None:
        return ()
    means = []
    for group in (apart.worse.group, apart.better.group):
        rows = [row for row in range(len(X) // 2, len(X)) if groups[row] == group][:_LOOKED_AT]
        means.append(np.mean([online.contributions(X[row]) for row in rows], axis=0))
    adds = means[0] - means[1]
    order = np.argsort(-adds, kind="stable")[:2].tolist()
    return tuple(Carried(words[place], float(adds[place])) for place in order if adds[place] > _LITTLE)
