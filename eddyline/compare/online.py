"""Our online models over rows in order: each row is scored before it is learnt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from eddyline.compare.columns import Array
from eddyline.compare.split import Labels, Places
from stream.propensity.online import OnlineClassifier

MODELS = ("logistic", "naive_bayes", "tree", "forest", "network")
"""Logistic regression, naive Bayes, Hoeffding tree, adaptive random forest, neural network."""

BLOCK = 250
"""Rows between two versions of a model, unless there are few."""


def block_of(rows: int) -> int:
    """Rows between two versions, where there are so many in all: a twentieth of them, from 10 to `BLOCK`.

    >>> block_of(50), block_of(1_200), block_of(30_000)
    (10, 60, 250)
    """
    return min(BLOCK, max(rows // 20, 10))


@dataclass(frozen=True, eq=False)
class Scored:
    """What a model said of rows in one pass.

    Attributes
    ----------
    prequential
        Of each row before it was learnt, shape [n]; NaN before the first version.
    frozen
        Of the rows from a place on by the model as it was there, shape [n - place].
    learnt
        Rows that the model that scored a row had learnt, shape [n].
    """

    prequential: Array
    frozen: Array
    learnt: Places


def one_pass(
    model: OnlineClassifier,
    raw: Array,
    labels: Labels,
    freeze: int,
    *,
    block: int = BLOCK,
    known: Places | None = None,
    advance: Callable[[int], None] = lambda rows: None,
) -> Scored:
    """Predict a block, and learn it before the next, from the first row to the last.

    A block ends early where so many outcomes become known at once that they make a version of their own, as at the
    end of a day.

    Parameters
    ----------
    model
        That has learnt nothing yet.
    raw
        Rows in order, shape [n, d], NaN where missing.
    labels
        Shape [n].
    freeze
        Place at which the model as it is scores all that is left, before it goes on.
    block
        Rows between two versions of the model.
    known
        Rows whose outcome is known when a row comes, ascending, shape [n]; default: those of all rows before it.
    advance
        Told how many rows have come so far.
    """
    prequential, frozen, versions = np.full(len(raw), np.nan), np.empty(0), np.zeros(len(raw), dtype=np.intp)
    jumps = [] if known is None else (np.flatnonzero(np.diff(known) >= block) + 1).tolist()
    learnt = 0
    for start, end in pairwise(sorted({*range(0, len(raw), block), *jumps, freeze, len(raw)})):
        now = start if known is None else int(known[start])
        model.learn_many(raw[learnt:now], labels[learnt:now])
        learnt, version = now, now // block * block
        if start == freeze:
            frozen = model.predict_proba_many(raw[freeze:])
        if version:
            prequential[start:end] = model.predict_proba_many(raw[start:end])
        versions[start:end] = version
        advance(end)
    return Scored(prequential, frozen, versions)
