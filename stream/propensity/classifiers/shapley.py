"""Shapley values: what each feature adds to a row's log-odds, averaged over the orders in which features may come."""

from __future__ import annotations

from collections.abc import Callable
from math import factorial

import numpy as np

from stream.propensity.classifiers.base import Array

Function = Callable[[Array], Array]

_SEED = 7


def sampled(function: Function, row: Array, orders: int = 32) -> Array:
    """An estimate from some orders of the features.

    In each order the row's values replace the mean row's one by one, and each step is its feature's. The steps of an
    order sum to the whole way, so that the estimate does too, whatever its error. Orders come in pairs, forwards and
    backwards, which cancels much of the error (antithetic sampling). They are drawn with a fixed seed: the same row
    always has the same reasons.

    Parameters
    ----------
    function
        Log-odds of rows [n, d], shape [n].
    row
        Standardised, shape [d]; the mean row is all zeros.
    orders
        Number of orders, an even one.

    Returns
    -------
    Array
        Shape [d]; sums to function(row) - function(0).

    Notes
    -----
    Strumbelj, Kononenko (2014), "Explaining prediction models and individual predictions with feature contributions";
    Mitchell, Cooper, Frank, Holmes (2022), "Sampling Permutations for Shapley Value Estimation", for pairs.

    Examples
    --------
    >>> sampled(lambda rows: rows[:, 0] * rows[:, 1], np.array([2.0, 3.0])).tolist()
    [3.0, 3.0]
    """
    width = len(row)
    draw = np.random.default_rng(_SEED)
    half = np.array([draw.permutation(width) for _ in range(orders // 2)]).reshape(-1, width)
    turns = np.concatenate([half, half[:, ::-1]])
    place = np.argsort(turns, axis=1)  # when a feature's turn is
    came = place[:, None, :] < np.arange(width + 1)[None, :, None]
    values = function(np.where(came, row, 0.0).reshape(-1, width)).reshape(len(turns), width + 1)
    steps = np.diff(values, axis=1)
    found: Array = np.take_along_axis(steps, place, axis=1).mean(axis=0)
    return found


def exact(function: Function, row: Array) -> Array:
    """The values themselves, from all 2^d subsets of the features: for few features.

    Shapley (1953), "A Value for n-Person Games".

    Examples
    --------
    >>> exact(lambda rows: rows[:, 0] * rows[:, 1] + rows[:, 2], np.array([2.0, 3.0, 1.0])).round(9).tolist()
    [3.0, 3.0, 1.0]
    """
    width = len(row)
    subsets = np.arange(2**width)
    inside = (subsets[:, None] >> np.arange(width)) & 1 == 1
    values, sizes = function(np.where(inside, row, 0.0)), inside.sum(axis=1)
    weights = np.array([factorial(size) * factorial(width - size - 1) for size in range(width)]) / factorial(width)
    found = np.empty(width)
    for feature in range(width):
        without = subsets[~inside[:, feature]]
        found[feature] = (weights[sizes[without]] * (values[without | (1 << feature)] - values[without])).sum()
    return found
