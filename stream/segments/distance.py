"""Squared Euclidean distances whose bits depend on the row alone.

A BLAS product rounds differently with the batch's shape, so one row and five thousand would not agree. These
kernels add the columns' terms one after the other, for each row alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BLOCK = 1_024
"""Rows taken at a time, for speed alone: what is allocated for so many stays in the cache and off the kernel."""

_SMALL = 24_576  # so many terms at once still lie in the cache


def squared_distances(X: Array, C: Array) -> Array:
    """Squared distances of rows to centres.

    Parameters
    ----------
    X
        Rows, shape [n, d].
    C
        Centres, shape [k, d].

    Returns
    -------
    Array
        Shape [n, k], C-contiguous.

    Examples
    --------
    >>> import numpy as np
    >>> squared_distances(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [1.0, 0.0]])).tolist()
    [[25.0, 1.0]]
    """
    out = np.empty((len(X), len(C)))
    for start in range(0, len(X), BLOCK):
        block = slice(start, start + BLOCK)
        out[block] = block_distances(X[block], C).T
    return out


def block_distances(X: Array, C: Array) -> Array:
    """Like `squared_distances`, shape [k, n], for at most `BLOCK` rows."""
    return column_distances(np.ascontiguousarray(X.T), C)


def column_distances(columns: Array, C: Array) -> Array:
    """Like `squared_distances`, with rows given as columns [d, n]; shape [k, n]."""
    total = np.zeros((len(C), columns.shape[1]))
    if total.size * len(columns) > _SMALL:
        difference = np.empty_like(total)
        for column, centre in zip(columns, C.T, strict=True):
            np.subtract(column, centre[:, None], out=difference)
            np.multiply(difference, difference, out=difference)
            np.add(total, difference, out=total)
    elif total.size * len(columns):  # all terms at once
        terms = columns - C[:, :, None]
        terms *= terms
        if columns.shape[1] > 1:
            np.add.reduce(terms, axis=1, out=total)
        else:  # the same order as above, which a sum along the innermost axis would not promise
            total[:] = np.add.accumulate(terms, axis=1)[:, -1]
    return total
