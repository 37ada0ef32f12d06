"""Columns that know too much: what alone tells the target is probably known only afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from eddyline.compare.columns import Array, Column
from eddyline.compare.split import Labels, Places

SUSPICIOUS = 0.98
"""AUC of a column alone from which it is probably a leak."""

STRONG = 0.8
"""AUC of a column alone from which one looks whether it is known in time, if it stands out by `_AHEAD`."""

_AHEAD = 0.05  # of the next column
_BINS = 20
_SEED = 7
_BELIEF = 1.0  # rows' worth of belief that a value tells nothing


def leaks(columns: Sequence[Column], labels: Labels, rows: Places) -> Iterator[str]:
    """A warning for each column that alone tells the target, or whose absence does, and a note of one that stands out.

    What is known only afterwards often tells much without telling all: the length of a call, or of a stay.

    Parameters
    ----------
    columns
        Of the table.
    labels
        Whether it happened, shape [n].
    rows
        Places of the training rows, which are looked at.
    """
    y = labels[rows]
    others: list[tuple[float, str]] = []
    for column in columns:
        own = column.values[rows]
        missing = np.isnan(own)
        absent = _auc(y, missing.astype(np.float64)) if missing.any() else 0.5
        alone = max(_told(y, own, column.kind == "category"), absent, 1.0 - absent)
        if alone <= SUSPICIOUS:
            others.append((alone, column.name))
            continue
        if max(absent, 1.0 - absent) > SUSPICIOUS:
            why = f"is filled in only where the target {'did not happen' if absent > 0.5 else 'happened'}"
        elif alone > 1.0 - 1e-9:
            why = "equals the target, or is made from it"
        else:
            why = f"alone gives an AUC of {alone:.3f}"
        yield (
            f"Column {column.name!r} {why}: probably it is known only afterwards. Leave it out with "
            f"--drop {column.name!r}."
        )
    if len(others) < 2:
        return
    (next_, _), (best, name) = sorted(others)[-2:]
    if best > STRONG and best > next_ + _AHEAD:
        yield (
            f"Column {name!r} alone gives an AUC of {best:.3f}, and the next one {next_:.3f}: check that it is known "
            f"when you score; if not, leave it out with --drop {name!r}."
        )


def _told(y: Labels, own: Array, category: bool) -> float:
    """AUC of what a column alone tells: by its order, and by the share of positives for each value or range.

    Shares are learnt in one half of the rows and measured in the other, so that many values do not look like much.
    """
    told = 0.5
    known = ~np.isnan(own)
    if not category and len(np.unique(y[known])) == 2 and known.sum() > 0.5 * len(own):
        by_order = _auc(y[known], own[known])
        told = max(by_order, 1.0 - by_order)
    groups = _groups(own, category)
    scores = np.empty(len(own))
    half = np.random.default_rng(_SEED).permutation(len(own)) % 2 == 0  # labels may alternate
    for learn in (half, ~half):
        counts = np.bincount(groups[learn], minlength=groups.max() + 1)
        positives = np.bincount(groups[learn], y[learn], minlength=groups.max() + 1)
        share = (positives + _BELIEF * y[learn].mean()) / (counts + _BELIEF)
        scores[~learn] = share[groups[~learn]]
    halves = [_auc(y[part], scores[part]) for part in (half, ~half) if len(np.unique(y[part])) == 2]
    return max(told, min(halves, default=0.5))


def _groups(own: Array, category: bool) -> Places:
    """Number of each row's value or range, shape [n]; 0 where it is missing."""
    known = ~np.isnan(own)
    groups = np.zeros(len(own), dtype=np.intp)
    if category:
        groups[known] = own[known].astype(np.intp) + 1
    elif known.any():
        borders = np.unique(np.quantile(own[known], np.linspace(0, 1, _BINS + 1)[1:-1]))
        groups[known] = np.searchsorted(borders, own[known], side="right") + 1
    return groups


def _auc(y: Labels, scores: Array) -> float:
    """Mann and Whitney's U over its pairs: for thousands of columns scikit-learn's checks would take a minute."""
    _, places = np.unique(scores, return_inverse=True)
    positives = np.bincount(places, y)
    negatives = np.bincount(places) - positives
    below = np.cumsum(negatives) - 0.5 * negatives
    return float((positives * below).sum() / (positives.sum() * negatives.sum()))
