"""Whether two scores of the same customers differ by more than chance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Paired(NamedTuple):
    """AUC of one score less that of another on the same rows, with its 95 % interval."""

    difference: float
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether that is more than chance, at 5 %."""
        return self.low > 0 or self.high < 0


def paired(one: Array, other: Array, happened: NDArray[np.bool_]) -> Paired:
    """Compare two scores [n] of rows whose outcomes are known, shape [n]; both outcomes must occur.

    Notes
    -----
    DeLong, DeLong and Clarke-Pearson, "Comparing the Areas under Two or More Correlated Receiver Operating
    Characteristic Curves" (Biometrics 1988). Two scores of the same rows go right and wrong together, so that their
    difference is known far better than either AUC.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> happened = np.arange(2_000) % 2 == 0
    >>> score = happened + 2 * rng.normal(size=2_000)
    >>> paired(score, score + 2 * rng.normal(size=2_000), happened).certain
    True
    >>> paired(score + rng.normal(size=2_000), score + rng.normal(size=2_000), happened).certain
    False
    """
    (above, below), (above_other, below_other) = _placed(one, happened), _placed(other, happened)
    positives, negatives = above - above_other, below - below_other
    difference = float(positives.mean())
    variance = sum(float(each.var(ddof=1)) / len(each) for each in (positives, negatives) if len(each) > 1)
    half = 1.96 * float(np.sqrt(variance))
    return Paired(difference, difference - half, difference + half)


def _placed(score: Array, happened: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Of each positive the share of negatives below it, of each negative that of positives above; ties count half."""
    positive, negative = score[happened], score[~happened]
    return _below(positive, np.sort(negative)), 1 - _below(negative, np.sort(positive))


def _below(values: Array, among: Array) -> Array:
    found = np.searchsorted(among, values, side="left") + np.searchsorted(among, values, side="right")
    return found / (2 * len(among))
