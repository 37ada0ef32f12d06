"""Who goes with whom, so that all together it costs least."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Places = NDArray[np.intp]


def assign_pairs(cost: NDArray[np.float64 | np.int64], *, maximize: bool = False) -> tuple[Places, Places]:
    """Rows and columns of a cost matrix in pairs, as many as there can be, of which the costs have the least sum.

    Parameters
    ----------
    cost
        Finite costs, shape [n, m].
    maximize
        Look for the highest sum instead.

    Returns
    -------
    tuple
        Places of rows, ascending, and the column of each, both of shape [min(n, m)].

    Notes
    -----
    Shortest augmenting paths: Crouse (2016), "On implementing 2D rectangular assignment algorithms", in
    O(min(n, m)² · max(n, m)). Of several equally good choices it takes the one that `scipy.optimize` takes, whose
    import alone is half a second of a worker's start.

    Examples
    --------
    >>> rows, columns = assign_pairs(np.array([[4, 1, 3], [2, 0, 5], [3, 2, 2]]))
    >>> rows.tolist(), columns.tolist()
    ([0, 1, 2], [1, 0, 2])
    """
    wide = cost.shape[0] <= cost.shape[1]
    table = np.asarray(cost if wide else cost.T, np.float64)
    columns = _solve(-table if maximize else table)
    rows = np.arange(len(columns))
    if wide:
        return rows, columns
    order = columns.argsort()
    return columns[order], rows[order]


def _solve(cost: Array) -> Places:
    """The column of each row, for a matrix [n, m] with n <= m."""
    n, m = cost.shape
    prices, offers = np.zeros(n), np.zeros(m)
    taken = np.full(m, -1)  # the row that has a column
    chosen = np.full(n, -1)
    for start in range(n):
        # The cheapest way from this row over pairs that could change to a column that is free.
        far = np.full(m, np.inf)
        way = np.full(m, -1)
        left = np.arange(m)[::-1].copy()
        size, row, least = m, start, 0.0
        rows, seen = [start], []
        while True:
            open_ = left[:size]
            reached = least + cost[row, open_] - prices[row] - offers[open_]
            nearer = reached < far[open_]
            far[open_[nearer]] = reached[nearer]
            way[open_[nearer]] = row
            least = float(far[open_].min())
            ties = (far[open_] == least).nonzero()[0]
            free = ties[taken[open_[ties]] < 0]
            place = int(free[-1] if len(free) else ties[0])
            column = int(left[place])
            seen.append(column)
            if taken[column] < 0:
                break
            row = int(taken[column])
            rows.append(row)
            size -= 1
            left[place] = left[size]
        prices[start] += least
        for other in rows[1:]:
            prices[other] += least - far[chosen[other]]
        for other in seen:
            offers[other] -= least - far[other]
        while True:
            row = int(way[column])
            taken[column] = row
            chosen[row], column = column, int(chosen[row])
            if row == start:
                break
    return chosen
