"""Preprocessing: raw feature rows through declared steps, frozen, so that no single value can bend a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from stream.preprocessing.clean import FrozenClean
from stream.preprocessing.decorrelate import FrozenDecorrelate
from stream.preprocessing.fitted import Fitted, fitted
from stream.preprocessing.frozen import Array, Frozen, as_columns
from stream.preprocessing.impute import FrozenImpute
from stream.preprocessing.log1p import FrozenLog1p
from stream.preprocessing.min_max import FrozenMinMax
from stream.preprocessing.pca import FrozenPca
from stream.preprocessing.select import FrozenSelect
from stream.preprocessing.settings import DEFAULT, Measured, StepSettings
from stream.preprocessing.standardise import FrozenStandardise
from stream.preprocessing.winsorise import FrozenWinsorise

_STEPS: dict[str, Any] = {
    step.step: step
    for step in (
        FrozenClean,
        FrozenImpute,
        FrozenLog1p,
        FrozenWinsorise,
        FrozenSelect,
        FrozenDecorrelate,
        FrozenPca,
        FrozenMinMax,
        FrozenStandardise,
    )
}
_PLAIN = ("clean", "impute", "log1p", "winsorise")  # steps that keep every feature apart, and its unit
_BLOCK = 1_024
_FURTHEST = 1e6  # standard deviations


@dataclass(frozen=True, eq=False)
class Preprocessing:
    """Declared steps fitted to a sample, once and for all.

    A row's result depends on that row alone, to the last bit. The steps that come before selecting, decorrelating and
    scaling give *plain* columns: one for each feature, cleaned, filled, shortened and held. A classifier standardises
    those, so that its weights mean the same whatever segments are made of.

    Attributes
    ----------
    inputs
        Names of the features, d of them.
    steps
        In order; what comes out of the last has d' columns.
    standard
        Standardises the plain columns.

    Examples
    --------
    >>> import numpy as np
    >>> spend = np.append(np.arange(200.0), [np.nan, 1e6])[:, None]
    >>> scaling = Preprocessing.fit(spend, [Measured(name="spend", missing=0)])
    >>> scaling.transform_many(np.array([[0.0], [100.0], [np.nan], [1e300]])).ravel().round(2).tolist()
    [0.0, 0.5, 0.0, 1.0]
    >>> scaling.inverse(np.array([[0.5]])).round().tolist()
    [[100.0]]
    """

    inputs: tuple[str, ...]
    steps: tuple[Frozen, ...]
    standard: FrozenStandardise

    @classmethod
    def fit(cls, rows: Array, features: Sequence[Measured], steps: Sequence[StepSettings] = DEFAULT) -> Preprocessing:
        """Learn from a sample.

        Parameters
        ----------
        rows
            Raw values, shape [n, d], NaN where missing. Their order does not matter.
        features
            What is declared of each column, d of them.
        steps
            Settings of the steps, in order.

        Raises
        ------
        ValueError
            Where the shapes do not fit.
        """
        if rows.shape[1] != len(features):
            raise ValueError(f"{rows.shape[1]} columns, but {len(features)} features")
        columns, frozen, standard = as_columns(rows), [], None
        for settings in steps:
            if standard is None and settings.step not in _PLAIN:
                standard = FrozenStandardise.fit(columns)
            step: Frozen = _STEPS[settings.step].declared(columns, settings, features)
            columns = step.apply(columns)
            frozen.append(step)
        names = tuple(feature.name for feature in features)
        return cls(names, tuple(frozen), standard or FrozenStandardise.fit(columns))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that come out, d' of them."""
        names = self.inputs
        for step in self.steps:
            names = step.names(names)
        return names

    @property
    def mean(self) -> Array:
        """Means of the plain columns, shape [d]."""
        return self.standard.mean

    @property
    def std(self) -> Array:
        """Standard deviations of the plain columns, shape [d]; 0 where there is no spread."""
        return self.standard.std

    def transform_many(self, rows: Array) -> Array:
        """Raw rows [n, d] through all steps, shape [n, d'], C-contiguous, all finite."""
        return _by_blocks(rows, self.steps, len(self.names))

    def standardise_many(self, rows: Array) -> Array:
        """Plain columns of raw rows [n, d] in standard deviations from the sample's mean, shape [n, d].

        None is further than a million from it; steps that do not winsorise would let more through.
        """
        return _held(_by_blocks(rows, (*self._plain, self.standard), len(self.inputs)))

    def standardise_scaled(self, scaled: Array) -> Array:
        """Like `standardise_many`, of rows [n, d'] that `transform_many` has made."""
        return _held(np.ascontiguousarray(self.standard.apply(_undone(scaled, self._later).copy()).T))

    def inverse(self, scaled: Array) -> Array:
        """Rows that `transform_many` has made, such as centres, in the features' own units, shape [n, d].

        Exact where steps can be undone. What was selected away is the sample's mean, what was dropped as correlated is
        told by the feature it goes with, and principal components give their projection.
        """
        return np.ascontiguousarray(_undone(scaled, self.steps).T)

    def terms(self, difference: Array) -> Array:
        """Each feature's part of the squared length of a difference of two transformed rows.

        Parameters
        ----------
        difference
            Shape [d'].

        Returns
        -------
        Array
            Shape [d]; the terms sum to the squared length. Features that do not come out have none. Principal
            components share theirs among the features by the chain rule: a term is the feature's own difference, in
            its plain unit, times half the gradient of the squared length by it.
        """
        if self.names == self.inputs:
            squares: Array = difference**2
            return squares
        gradient = difference
        for step in reversed(self._later):
            gradient, difference = step.ahead(gradient), step.back(difference)
        return gradient * difference

    def describe(self) -> tuple[Fitted, ...]:
        """What each step has learnt of each column, in the features' own units."""
        return fitted(self.inputs, self.steps, self.std)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON or msgpack; floats exact."""
        return {
            "inputs": list(self.inputs),
            "steps": [step.to_dict() for step in self.steps],
            "standard": self.standard.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Preprocessing:
        """Reverse of `to_dict`."""
        steps = tuple(_STEPS[step["step"]].from_dict(step) for step in values["steps"])
        return cls(tuple(values["inputs"]), steps, FrozenStandardise.from_dict(values["standard"]))

    @cached_property
    def _plain(self) -> tuple[Frozen, ...]:
        return tuple(step for step in self.steps if step.step in _PLAIN)

    @cached_property
    def _later(self) -> tuple[Frozen, ...]:
        return self.steps[len(self._plain) :]


def _by_blocks(rows: Array, steps: Sequence[Frozen], width: int) -> Array:
    """Rows [n, d] through steps, shape [n, width]; in blocks that stay in the cache, for speed alone."""
    out = np.empty((len(rows), width))
    for start in range(0, len(rows), _BLOCK):
        columns = as_columns(rows[start : start + _BLOCK])
        for step in steps:
            columns = step.apply(columns)
        out[start : start + _BLOCK] = columns.T
    return out


def _held(standard: Array) -> Array:
    return np.clip(standard, -_FURTHEST, _FURTHEST, out=standard)


def _undone(rows: Array, steps: Sequence[Frozen]) -> Array:
    """Rows [n, d'] back through steps, as columns [d, n]."""
    columns = as_columns(rows)
    for step in reversed(steps):
        columns = step.inverse(columns)
    return columns
