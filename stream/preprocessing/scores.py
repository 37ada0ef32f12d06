"""How much a feature tells about a target: the F statistic and mutual information."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stream.preprocessing.frozen import LARGEST, Array

Score = Literal["mutual_information", "f"]
Labels = NDArray[np.intp]

_BINS = 16


def scores(columns: Array, targets: Sequence[Any], score: Score) -> Array:
    """The score of each of the columns [d, n] for the targets [n], shape [d]; what is missing is left out.

    Targets that are all numbers are amounts; texts and booleans are classes. A constant tells nothing: 0.

    Notes
    -----
    F is that of a linear regression on the feature, or of an analysis of variance between the classes. Mutual
    information, in nats, sees dependence of any shape: both sides are cut at quantiles into at most 16 bins (the cube
    root of the rows, if that is less) and counted, less the bias (bins - 1)(bins - 1) / 2n of Miller (1955), "Note
    on the bias of information estimates".

    >>> x = np.linspace(-1, 1, 200)
    >>> scores(np.array([x, np.ones(200)]), (x**2).tolist(), "mutual_information").round(1).tolist()
    [1.0, 0.0]
    >>> scores(np.array([x]), (x**2).tolist(), "f").round(1).tolist()
    [0.0]
    """
    amounts = all(isinstance(target, int | float) and not isinstance(target, bool) for target in targets)
    y = np.array(targets, dtype=np.float64) if amounts else _classes(targets)
    measure: Callable[[Array, Any, bool], float] = _f if score == "f" else _information
    out = np.zeros(len(columns))
    for place, column in enumerate(columns):
        there = ~(np.isnan(column) | np.isnan(y))
        if there.sum() >= 3 and np.ptp(column[there]) > 0 and np.ptp(y[there]) > 0:
            out[place] = min(measure(column[there], y[there], amounts), LARGEST)
    return out


def _classes(targets: Sequence[Any]) -> Array:
    keys = [(type(target).__name__, str(target)) for target in targets]
    place = {key: float(number) for number, key in enumerate(sorted(set(keys)))}
    return np.array([place[key] for key in keys])


def _f(x: Array, y: Array, amounts: bool) -> float:
    n = len(x)
    x = x - x.mean()
    total = float((x * x).sum())
    if amounts:
        y = y - y.mean()
        explained, free = float((x * y).sum()) ** 2 / float((y * y).sum()), (1, n - 2)
    else:
        labels = _dense(y)
        counts = np.bincount(labels)
        explained = float((np.bincount(labels, x) ** 2 / counts).sum())
        free = (len(counts) - 1, n - len(counts))
    rest = total - explained
    if rest <= 1e-15 * total or free[1] <= 0:
        return LARGEST if free[1] > 0 else 0.0
    return explained / free[0] / (rest / free[1])


def _information(x: Array, y: Array, amounts: bool) -> float:
    n = len(x)
    a, b = _binned(x), _binned(y) if amounts else _dense(y)
    joint = np.zeros((int(a.max()) + 1, int(b.max()) + 1))
    np.add.at(joint, (a, b), 1.0 / n)
    alone = joint.sum(axis=1)[:, None] * joint.sum(axis=0)
    there = joint > 0
    bias = (joint.shape[0] - 1) * (joint.shape[1] - 1) / (2 * n)
    return max(float((joint[there] * np.log(joint[there] / alone[there])).sum()) - bias, 0.0)


def _binned(values: Array) -> Labels:
    """Bins of about as many rows each; equal values share one."""
    bins = int(np.clip(round(len(values) ** (1 / 3)), 2, _BINS))
    edges = np.sort(values)[np.arange(1, bins) * (len(values) - 1) // bins]
    labels = np.searchsorted(edges, values, side="left")
    used = np.bincount(labels) > 0
    return (np.cumsum(used) - 1)[labels]


def _dense(values: Array) -> Labels:
    return np.unique(values, return_inverse=True)[1].astype(np.intp)
