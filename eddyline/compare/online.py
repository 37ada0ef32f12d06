"""Our online models over rows in order: each row is scored before it is learnt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from eddyline.compare.columns import Array
from eddyline.compare.split import Labels
from stream.propensity.online import OnlineClassifier

MODELS = ("logistic", "naive_bayes", "tree", "forest", "network")
"""Logistic regression, naive Bayes, Hoeffding tree, adaptive random forest, neural network."""

BLOCK = 500
"""Rows between two versions of a model."""


@dataclass(frozen=True, eq=False)
class Scored:
    """What a model said of rows in one pass.

    Attributes
    ----------
    prequential
        Of each row before it was learnt, shape [n]; NaN before the first version.
    frozen
        Of the rows from a place on by the model as it was there, shape [n - place].
    age
        Rows that had come since the model that scored a row learnt its last one, shape [n].
    """

    prequential: Array
    frozen: Array
    age: Array


def one_pass(
    model: OnlineClassifier,
    raw: Array,
    labels: Labels,
    freeze: int,
    *,
    block: int = BLOCK,
    advance: Callable[[int], None] = lambda rows: None,
) -> Scored:
    """Predict a block, then learn it, from the first row to the last.

    Parameters
    ----------
    model
        That has learnt nothing yet; afterwards it has learnt all rows.
    raw
        Rows in order, shape [n, d], NaN where missing.
    labels
        Shape [n].
    freeze
        Place at which the model as it is scores all that is left, before it goes on.
    block
        Rows between two versions of the model.
    advance
        Told how many rows have come so far.
    """
    prequential, frozen = np.full(len(raw), np.nan), np.empty(0)
    for start, end in pairwise(sorted({*range(0, len(raw), block), freeze, len(raw)})):
        if start == freeze:
            frozen = model.predict_proba_many(raw[freeze:])
        prequential[start:end] = model.predict_proba_many(raw[start:end])
        model.learn_many(raw[start:end], labels[start:end])
        advance(end)
    prequential[:block] = np.nan
    return Scored(prequential, frozen, np.arange(len(raw), dtype=np.float64) % block)
