"""Whether a decision falls differently on groups of people, and whether that is more than chance."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import comb
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FOUR_FIFTHS = 0.8
"""Ratio of approval rates below which they are said to differ: the rule of the US Uniform Guidelines (1978)."""

FEW = 50
"""Members of a group without which its rates say little."""

_SHUFFLES = 2_000
_PEOPLE = re.compile(
    "gender|ethnic|religi|marital|marriage|disab|senior(?!ity)|national(it|_orig)|(?<![a-z])(sex|race|nation)(?![a-z])"
).search
_AGE = re.compile("(?<![a-z])age(?![a-z])").search
_hump = re.compile("(?<=[a-z0-9])(?=[A-Z])")


def of_people(group: str) -> bool:
    """Whether a column's name says that it tells people apart by what they are.

    >>> [of_people(name) for name in ("Gender", "SeniorCitizen", "customer_age", "marital.status", "race")]
    [True, True, True, True, True]
    >>> [of_people(name) for name in ("Channel", "destination", "seniority", "average", "trace")]
    [False, False, False, False, False]
    """
    return of_age(group) or _PEOPLE(_spelt(group)) is not None


def of_age(group: str) -> bool:
    """Whether a column's name says that it is people's age.

    >>> of_age("customerAge"), of_age("SeniorCitizen")
    (True, False)
    """
    return _AGE(_spelt(group)) is not None


def _spelt(name: str) -> str:
    """In small letters, with words apart."""
    return _hump.sub("_", name).lower()


class Association(NamedTuple):
    """How far segments follow a group: Cramér's V, corrected for bias, and how often chance does as much."""

    v: float
    chance: float

    @property
    def follows(self) -> bool:
        """Whether that is hardly chance."""
        return self.chance < 0.05 and self.v >= 0.1


def association(groups: Sequence[str], segments: Sequence[str], seed: int = 7) -> Association:
    """How far segments follow a group of people.

    Parameters
    ----------
    groups, segments
        Of each customer.
    seed
        Of the shuffles that `chance` is counted from.

    Notes
    -----
    Bergsma (2013), "A bias-correction for Cramér's V and Tschuprow's T": without the correction V is never 0 for a
    hundred customers in five segments. `chance` is the share of shuffled labellings with as large a χ².

    Examples
    --------
    >>> association(["f", "m"] * 40, ["s1", "s2"] * 40).v > 0.95
    True
    >>> association(["f", "m"] * 40, ["s1"] * 40 + ["s2"] * 40).follows
    False
    """
    rows, columns = (np.unique(np.asarray(each), return_inverse=True)[1] for each in (groups, segments))
    r, c, n = int(rows.max()) + 1, int(columns.max()) + 1, len(rows)
    if min(r, c) < 2:
        return Association(0.0, 1.0)
    found = _chi2(rows, columns, r, c)
    rng = np.random.default_rng(seed)
    as_much = sum(_chi2(rng.permutation(rows), columns, r, c) >= found - 1e-9 for _ in range(_SHUFFLES))
    phi2 = max(0.0, found / n - (r - 1) * (c - 1) / (n - 1))
    r_, c_ = r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    return Association(float(np.sqrt(phi2 / (min(r_, c_) - 1))), (as_much + 1) / (_SHUFFLES + 1))


class Treated(NamedTuple):
    """How a group fares under a threshold.

    Attributes
    ----------
    group, size
        Whose rates, and how many.
    happened
        Share to whom it happened.
    predicted
        Mean probability.
    approved
        Share below the threshold.
    refused_wrongly
        False-positive rate: of those to whom it did not happen, the share at or above the threshold.
    caught
        True-positive rate: of those to whom it did, the share at or above it; None where it happened to nobody.
    good
        Those to whom it did not happen.
    """

    group: str
    size: int
    happened: float
    predicted: float
    approved: float
    refused_wrongly: float
    caught: float | None
    good: int

    @property
    def wrongly_spread(self) -> float:
        """Standard error of `refused_wrongly`."""
        return float(np.sqrt(self.refused_wrongly * (1 - self.refused_wrongly) / max(self.good, 1)))


class Gap(NamedTuple):
    """The two groups that differ most, of those large enough to say something.

    Attributes
    ----------
    worse, better
        Groups refused wrongly most and least often.
    difference
        Of their false-positive rates.
    certain
        Whether that is more than chance, at 5 %.
    ratio
        Lowest approval rate to the highest.
    """

    worse: Treated
    better: Treated
    difference: float
    certain: bool
    ratio: float


def gap(groups: Sequence[Treated]) -> Gap | None:
    """How far the treatment of groups differs; None where fewer than two are large enough."""
    known = [one for one in groups if one.size >= FEW]
    if len(known) < 2:
        return None
    worse = max(known, key=lambda one: one.refused_wrongly)
    better = min(known, key=lambda one: one.refused_wrongly)
    difference = worse.refused_wrongly - better.refused_wrongly
    spread = float(np.hypot(worse.wrongly_spread, better.wrongly_spread))
    approved = [one.approved for one in known]
    beyond = NormalDist().inv_cdf(1 - 0.025 / comb(len(known), 2))  # Bonferroni: the largest of several differences
    return Gap(worse, better, difference, difference > beyond * spread, min(approved) / max(*approved, 1e-9))


def treated(
    groups: Sequence[str], probability: NDArray[np.float64], happened: NDArray[np.bool_], threshold: float
) -> tuple[Treated, ...]:
    """How each group fares, by name of the group.

    Examples
    --------
    >>> treated(["a", "a", "b", "b"], np.array([0.1, 0.9, 0.6, 0.2]), np.array([0, 1, 0, 0], dtype=bool), 0.5)[1]
    Treated(group='b', size=2, happened=0.0, predicted=0.4, approved=0.5, refused_wrongly=0.5, caught=None, good=2)
    """
    told, refused = [], probability >= threshold
    names = np.asarray(groups)
    for group in sorted(set(groups)):
        own = names == group
        good, bad = own & ~happened, own & happened
        told.append(
            Treated(
                group,
                int(own.sum()),
                float(happened[own].mean()),
                float(probability[own].mean()),
                float(1 - refused[own].mean()),
                float(refused[good].mean()) if good.any() else 0.0,
                float(refused[bad].mean()) if bad.any() else None,
                int(good.sum()),
            )
        )
    return tuple(told)


def _chi2(rows: NDArray[np.intp], columns: NDArray[np.intp], r: int, c: int) -> float:
    """Pearson's statistic of the table of two labellings."""
    counts = np.bincount(rows * c + columns, minlength=r * c).reshape(r, c).astype(float)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / counts.sum()
    return float(((counts - expected) ** 2 / expected).sum())
