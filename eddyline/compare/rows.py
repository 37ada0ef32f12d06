"""The rows of a comparison in the order in which models see them, and what is known when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eddyline.compare.columns import Array
from eddyline.compare.encode import Encoder
from eddyline.compare.split import Labels, Places, split
from eddyline.compare.table import Table
from stream.errors import DataError


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


@dataclass(frozen=True, eq=False)
class Rows:
    """In the order of the split.

    Attributes
    ----------
    raw
        Features, shape [n, d], NaN where missing.
    labels
        Shape [n].
    encoder
        What made the features of the table.
    train
        Places of the training rows in the table.
    trained, past
        Rows to train on, and rows before the test.
    known
        Rows whose outcome is known when a row comes, ascending, shape [n]: those of earlier moments, where rows have
        times.
    times
        Days since 1970, shape [n]; None where rows have no dates.
    published
        See `Table.published`.
    """

    raw: Array
    labels: Labels
    encoder: Encoder
    train: Places
    trained: int
    past: int
    known: Places
    times: Array | None
    published: Array | None

    @classmethod
    def of(cls, table: Table, seed: int) -> Rows:
        """Of a table, split by time where there is time, else at random.

        Raises
        ------
        DataError
            Where there are too few rows of a class, or too few outcomes are known in time.
        """
        parts = split(table.labels, ordered=table.ordered, times=table.times, seed=seed)
        order, places = np.concatenate([parts.past, parts.test]), np.arange(len(table))
        encoder = Encoder.fit(table.columns, table.labels, parts.train)
        known = places
        if table.times is not None:
            side: Literal["left", "right"] = "right" if table.delay else "left"  # no outcome is known at its own moment
            known = np.searchsorted(table.times + table.delay, table.times, side=side)
        labels, trained = table.labels[order], len(parts.train)
        if len(np.unique(labels[: known[trained]])) < 2:
            raise DataError(
                f"outcomes are known after {table.delay:g} days, and then too few of them are known in the first "
                f"{trained:,} rows to learn from: give a longer history, or a shorter horizon"
            )
        return cls(
            encoder.encode(table.columns)[order],
            labels,
            encoder,
            parts.train,
            trained,
            len(parts.past),
            known,
            table.times[order] if table.times is not None and table.dated else None,
            None if table.published is None else table.published[order],
        )

    def freshness(self, learnt: NDArray[np.float64] | Places) -> Freshness:
        """Of models that had learnt so many rows when they scored each row of the test, shape [n - past]."""
        places = np.arange(self.past, len(self.raw))
        rows = float((places - learnt).mean())
        if self.times is None:
            return Freshness(rows, None)
        last = np.maximum(learnt.astype(np.intp) - 1, 0)
        return Freshness(rows, float((self.times[places] - self.times[last]).mean()))


def periods(times: Array, retrain: str) -> Places:
    """Number of the day or month of times in days since 1970, shape [n].

    >>> periods(np.array([0.0, 30.5, 31.0, 400.0]), "monthly").tolist()
    [0, 0, 1, 13]
    """
    days = np.floor(times).astype("datetime64[D]")
    unit = {"daily": "datetime64[D]", "monthly": "datetime64[M]"}[retrain]
    return days.astype(unit).astype(np.intp)
