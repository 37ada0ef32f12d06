"""Cleaning and scaling: raw feature rows to [0, 1], so that no single value can bend a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_LARGEST = 1e150  # so that squares and differences stay finite
_BLOCK = 1_024


@dataclass(frozen=True, eq=False)
class Scaling:
    """How each feature is cleaned, shortened and scaled; learnt once, then frozen.

    In this order: a value that is not finite is missing; missing values are imputed; declared features are
    shortened by sign(x) * log(1 + |x|); values are winsorised, that is, held within the bulk of the sample; what
    is left is mapped linearly to [0, 1]. A row's result depends on that row alone, to the last bit.

    Attributes
    ----------
    log
        Which features are shortened, shape [d] bool.
    fill
        What stands in for a missing value, in the feature's unit, shape [d].
    low, high
        The range values are held within, after shortening, shape [d].
    mean, std
        Of the sample's winsorised values, shape [d].

    Notes
    -----
    Scaling by the bare minimum and maximum is fragile: one value of 1e6 maps what was 0.9 to 9e-7. Winsorising
    first is from Tukey (1962), "The Future of Data Analysis".

    Examples
    --------
    >>> import numpy as np
    >>> spend = np.append(np.arange(200.0), [np.nan, 1e6])[:, None]
    >>> scaling = Scaling.fit(spend, log=(False,), missing=(0.0,))
    >>> scaling.transform_many(np.array([[0.0], [100.0], [np.nan], [1e300]])).ravel().round(2).tolist()
    [0.0, 0.5, 0.0, 1.0]
    """

    log: NDArray[np.bool_]
    fill: Array
    low: Array
    high: Array
    mean: Array
    std: Array

    def __post_init__(self) -> None:
        for array in vars(self).values():
            array.flags.writeable = False

    @classmethod
    def fit(
        cls,
        rows: Array,
        log: Sequence[bool],
        missing: Sequence[float | None],
        weights: Array | None = None,
        low: float = 0.01,
        high: float = 0.99,
    ) -> Scaling:
        """Learn from a sample.

        Parameters
        ----------
        rows
            Raw values, shape [n, d]; NaN and infinities are missing.
        log
            Whether a feature is shortened, for each of d.
        missing
            What a missing value means, for each of d; None: the sample's median, or 0 where all are missing.
        weights
            Positive weight of each row, shape [n]; default 1.
        low, high
            Quantiles to winsorise at. At least one row is set aside on each side whatever the sample's size.

        Raises
        ------
        ValueError
            Where the shapes do not fit.
        """
        width = rows.shape[1]
        if not width == len(log) == len(missing):
            raise ValueError(f"{width} columns, but {len(log)} log flags and {len(missing)} missing values")
        weights = np.ones(len(rows)) if weights is None else weights
        flags = np.array(log, dtype=np.bool_)
        raw = _cleaned(rows)
        fill = np.zeros(width)
        for place, value in enumerate(missing):
            known = ~np.isnan(raw[place])
            if value is not None:
                fill[place] = value
            elif known.any():
                fill[place] = _median(raw[place][known], weights[known])
        columns = _shortened(_filled(raw, fill), flags)
        lows, highs, means, deviations = (np.zeros(width) for _ in range(4))
        for place, column in enumerate(columns):
            if len(column):
                order = np.lexsort((weights, column))  # sums must not depend on the order of the rows
                column, share = column[order], weights[order] / weights[order].sum()
                lows[place], highs[place] = _bounds(column, share, low, 1.0 - high)
                held = np.clip(column, lows[place], highs[place])
                means[place] = (share * held).sum()
                deviations[place] = np.sqrt((share * (held - means[place]) ** 2).sum())
        deviations[lows == highs] = 0.0
        return cls(flags, fill, lows, highs, means, deviations)

    def transform_many(self, rows: Array) -> Array:
        """Scale to [0, 1].

        Parameters
        ----------
        rows
            Raw values, shape [n, d].

        Returns
        -------
        Array
            Shape [n, d], C-contiguous, all finite. A feature without spread is 0.5 throughout.
        """
        return _by_blocks(rows, self._scaled)

    def standardise_many(self, rows: Array) -> Array:
        """Cleaned, shortened and winsorised values in standard deviations from the sample's mean.

        Parameters
        ----------
        rows
            Raw values, shape [n, d].

        Returns
        -------
        Array
            Shape [n, d], C-contiguous, all finite. A feature without spread is 0 throughout.
        """
        return _by_blocks(rows, lambda block: self._standard(self._held(block)))

    def standardise_scaled(self, scaled: Array) -> Array:
        """Like `standardise_many`, of rows that `transform_many` has scaled, shape [n, d]."""
        return np.ascontiguousarray(self._standard(self._unscaled(scaled)).T)

    def inverse(self, scaled: Array) -> Array:
        """Scaled rows, such as centres, in the features' own units, shape [k, d]."""
        values = self._unscaled(scaled)
        values[self.log] = np.sign(values[self.log]) * np.expm1(np.abs(values[self.log]))
        return np.ascontiguousarray(values.T)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON or msgpack; floats exact."""
        return {name: array.tolist() for name, array in vars(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Scaling:
        """Reverse of `to_dict`."""
        numbers = {name: np.array(values[name], dtype=np.float64) for name in ("fill", "low", "high", "mean", "std")}
        return cls(log=np.array(values["log"], dtype=np.bool_), **numbers)

    def _scaled(self, rows: Array) -> Array:
        scaled = self._held(rows)
        scaled -= self.low[:, None]
        scaled /= np.where(self.high > self.low, self.high - self.low, 1.0)[:, None]
        scaled[self.high == self.low] = 0.5
        return scaled

    def _held(self, rows: Array) -> Array:
        """Columns [d, n]: cleaned, filled, shortened, winsorised."""
        columns = _shortened(_filled(_cleaned(rows), self.fill), self.log)
        return np.clip(columns, self.low[:, None], self.high[:, None], out=columns)

    def _standard(self, held: Array) -> Array:
        spread = self.std > 0
        held -= self.mean[:, None]
        held /= np.where(spread, self.std, 1.0)[:, None]
        held[~spread] = 0.0
        return held

    def _unscaled(self, scaled: Array) -> Array:
        return self.low[:, None] + np.ascontiguousarray(scaled.T) * (self.high - self.low)[:, None]


def _by_blocks(rows: Array, scale: Callable[[Array], Array]) -> Array:
    """Rows [n, d] through `scale`, which gives columns; in blocks that stay in the cache, for speed alone."""
    out = np.empty(rows.shape)
    for start in range(0, len(rows), _BLOCK):
        out[start : start + _BLOCK] = scale(rows[start : start + _BLOCK]).T
    return out


def _cleaned(rows: Array) -> Array:
    """Columns [d, n], contiguous: numpy's vector code for log1p and the plain one differ in the last bit."""
    columns = np.array(rows.T, dtype=np.float64, order="C")
    columns[np.isinf(columns)] = np.nan
    return np.clip(columns, -_LARGEST, _LARGEST, out=columns)


def _filled(columns: Array, fill: Array) -> Array:
    return np.where(np.isnan(columns), fill[:, None], columns)


def _shortened(columns: Array, log: NDArray[np.bool_]) -> Array:
    if log.any():
        long = columns[log]
        columns[log] = np.sign(long) * np.log1p(np.abs(long))
    return columns


def _median(values: Array, weights: Array) -> float:
    order = np.argsort(values, kind="stable")
    running = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(running, running[-1] / 2)])


def _bounds(values: Array, share: Array, low: float, high: float) -> tuple[float, float]:
    """The range of sorted values that leaves the shares `low` and `high`, and at least a row, beyond its ends."""
    bottom = _inner(values, share, low)
    top = _inner(values[::-1], share[::-1], high)
    return (bottom, top) if bottom <= top else (float(values[0]), float(values[-1]))


def _inner(values: Array, share: Array, trimmed: float) -> float:
    """The first value beyond the trimmed share, from the outside in."""
    running = np.cumsum(share)
    place = int(np.searchsorted(running, min(max(trimmed, float(share[0])), 0.5) + 1e-12, side="right"))
    return float(values[min(place, len(values) - 1)])
