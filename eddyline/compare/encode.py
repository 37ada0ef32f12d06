"""Columns as features: numbers and dates as they are, categories one by one. Fitted to the training part alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eddyline.compare.columns import Array, Column
from stream.preprocessing.settings import Measured

MOST_CATEGORIES = 24
"""Of a column that get a feature each; the others share one."""

MOST_FEATURES = 400
"""Of a table; where there are more, those that tell most of the target are kept."""

_RARE = 0.01  # a category of a smaller share of the training rows is one of the others
_LONG_TAIL = 2.0  # skewness from which a number is shortened by log1p


@dataclass(frozen=True, eq=False)
class Feature:
    """One feature: a number of a column, or 1 where it is one of some categories and 0 where not.

    Attributes
    ----------
    column
        Name of the column.
    places
        Of the categories in the column, shape [j]; empty: whether a number is missing; None: the number itself.
    measured
        What the models are told of it.
    """

    column: str
    places: NDArray[np.float64] | None
    measured: Measured

    def of(self, column: Column) -> Array:
        """Values, shape [n]; NaN where a number is missing. A missing category is none of them."""
        if self.places is None:
            return column.values
        if not len(self.places):
            return np.isnan(column.values).astype(np.float64)
        return np.isin(column.values, self.places).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Encoder:
    """How columns become features.

    Attributes
    ----------
    features
        d of them.
    notes
        What was limited, a sentence each.
    """

    features: tuple[Feature, ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def fit(cls, columns: Sequence[Column], labels: NDArray[np.bool_], rows: NDArray[np.intp]) -> Encoder:
        """Choose features by the training rows.

        Which categories are frequent, which numbers have a long tail, and which features tell most where there are
        more than `MOST_FEATURES`: nothing of it is looked up in other rows, so nothing leaks from the test.

        Parameters
        ----------
        columns
            Of the table.
        labels
            Whether it happened, shape [n].
        rows
            Places of the training rows.
        """
        names = _Names()
        features, notes = [], []
        for column in columns:
            own = column.values[rows]
            if column.kind == "category":
                features += _categories(column, own, names)
            else:
                known = own[~np.isnan(own)]
                if len(known) and np.ptp(known) > 0:
                    log = column.kind == "number" and _long_tailed(known)
                    features.append(Feature(column.name, None, Measured(name=names.of(column.name), log=log)))
                if len(known) < len(own) and len(known) >= _RARE * len(own):
                    features.append(_missing(column, names))
        if len(features) > MOST_FEATURES:
            notes.append(
                f"Of {len(features):,} features the {MOST_FEATURES} are used that alone tell most of the target in the "
                "training part."
            )
            features = _best(features, columns, labels, rows)
        return cls(tuple(features), tuple(notes))

    @property
    def measured(self) -> tuple[Measured, ...]:
        """What models are told of the features, d of them."""
        return tuple(feature.measured for feature in self.features)

    def encode(self, columns: Sequence[Column]) -> Array:
        """Features of all rows, shape [n, d], NaN where missing."""
        by_name = {column.name: column for column in columns}
        return np.column_stack([feature.of(by_name[feature.column]) for feature in self.features])


class _Names:
    """Names that settings take, none twice."""

    def __init__(self) -> None:
        self._taken: dict[str, Any] = {}

    def of(self, *parts: str) -> str:
        name = re.sub("[^a-z0-9]+", "_", "_".join(parts).lower()).strip("_")
        name = name if name[:1].isalpha() else f"x{name}"
        found, number = name, 2
        while found in self._taken:
            found, number = f"{name}_{number}", number + 1
        self._taken[found] = None
        return found


def _categories(column: Column, own: Array, names: _Names) -> list[Feature]:
    counts = np.bincount(own[~np.isnan(own)].astype(np.intp), minlength=len(column.categories))
    order = np.lexsort((np.arange(len(counts)), -counts))
    chosen = [place for place in order[:MOST_CATEGORIES].tolist() if counts[place] >= max(_RARE * len(own), 1)]
    features = [_feature(column, column.categories[place], [place], names) for place in chosen]
    if len(chosen) == 2 and counts.sum() == counts[chosen].sum() == len(own):
        features = features[:1]  # the other one says the same
    others = sorted(set(range(len(counts))) - set(chosen))
    if others and counts[others].sum() >= _RARE * len(own):
        features.append(_feature(column, "other", others, names))
    return features


def _feature(column: Column, text: str, places: list[int], names: _Names) -> Feature:
    name = names.of(column.name, text)
    return Feature(column.name, np.array(places, dtype=np.float64), Measured(name=name, missing=0.0))


def _missing(column: Column, names: _Names) -> Feature:
    """1 where a number is missing: that it is may say more than it would."""
    return Feature(column.name, np.empty(0), Measured(name=names.of(column.name, "missing"), missing=0.0))


def _long_tailed(known: Array) -> bool:
    spread = float(known.std())
    return bool(spread > 0 and ((known - known.mean()) ** 3).mean() / spread**3 > _LONG_TAIL)


def _best(
    features: Sequence[Feature], columns: Sequence[Column], labels: NDArray[np.bool_], rows: NDArray[np.intp]
) -> list[Feature]:
    """Features whose correlation with the label is largest, in their old order."""
    by_name = {column.name: column for column in columns}
    y = labels[rows].astype(np.float64)
    y -= y.mean()
    strength = []
    for feature in features:
        x = feature.of(by_name[feature.column])[rows]
        x = np.where(np.isnan(x), np.nanmean(x), x)
        spread = float(x.std())
        strength.append(abs(float(((x - x.mean()) * y).mean())) / spread if spread > 0 else 0.0)
    kept = np.argsort(-np.array(strength), kind="stable")[:MOST_FEATURES]
    return [features[place] for place in sorted(kept.tolist())]
