"""Which rows are trained on, which choose the threshold, and which measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eddyline.compare.columns import Array
from stream.errors import DataError

Places = NDArray[np.intp]
Labels = NDArray[np.bool_]

SHARES = (0.6, 0.2, 0.2)
"""Of the rows: train, validation, test."""

_FEWEST = 5  # of each class in each part


@dataclass(frozen=True, eq=False)
class Split:
    """Places of rows, in the order in which an online model sees them: train, then validation, then test."""

    train: Places
    validation: Places
    test: Places

    @property
    def past(self) -> Places:
        """All rows before the test."""
        return np.concatenate([self.train, self.validation])


def split(labels: Labels, *, ordered: bool, times: Array | None = None, seed: int = 7) -> Split:
    """Split rows by time where they have an order, else at random with the same share of positives in each part.

    Rows of one moment stay in one part: what happened at the same time does not lie in the past.

    Parameters
    ----------
    labels
        Whether it happened, shape [n].
    ordered
        Rows are in the order of time.
    times
        When, ascending, shape [n].
    seed
        Of the random order.

    Raises
    ------
    DataError
        Where a part would have fewer than five rows of a class.

    >>> parts = split(np.arange(100) % 2 == 0, ordered=True)
    >>> [(len(part), int(part[0])) for part in (parts.train, parts.validation, parts.test)]
    [(60, 0), (20, 60), (20, 80)]
    """
    n = len(labels)
    borders = [round(n * SHARES[0]), round(n * (SHARES[0] + SHARES[1]))]
    if ordered:
        if times is not None:
            borders = [int(np.searchsorted(times, times[border])) if border < n else n for border in borders]
        parts = np.split(np.arange(n), borders)
    else:
        parts = _stratified(labels, np.random.default_rng(seed))
    made = Split(*parts)
    for name, part in (("training", made.train), ("validation", made.validation), ("test", made.test)):
        for happened in (True, False):
            count = int((labels[part] == happened).sum())
            if count < _FEWEST:
                raise DataError(
                    f"the {name} part ({len(part):,} rows) has {count} rows in which the target "
                    f"{'happened' if happened else 'did not happen'}; {_FEWEST} are needed: give more rows"
                )
    return made


def _stratified(labels: Labels, rng: np.random.Generator) -> list[Places]:
    parts: list[list[Places]] = [[], [], []]
    for happened in (False, True):
        own = rng.permutation(np.flatnonzero(labels == happened))
        borders = [round(len(own) * SHARES[0]), round(len(own) * (SHARES[0] + SHARES[1]))]
        for part, places in zip(parts, np.split(own, borders), strict=True):
            part.append(places)
    return [rng.permutation(np.concatenate(part)) for part in parts]
