"""Ward's hierarchy over weighted points, to be cut at any number of groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.errors import InputError

Array = NDArray[np.float64]
Places = NDArray[np.intp]

_LAST = 1e12  # dearer than any join of scaled rows


@dataclass(frozen=True, eq=False)
class Tree:
    """How m leaves grow together, two at a time.

    Attributes
    ----------
    merges
        Shape [m - 1, 3], in the order of growing height: the two nodes that are joined, and the height. Nodes below
        m are leaves; node m + i is what merge i made. The height is sqrt(2 Δ), Δ being by how much the join makes the
        weighted sum of squared distances to the mean grow.
    weights
        Customers behind each leaf, shape [m].
    """

    merges: Array
    weights: Array

    def __post_init__(self) -> None:
        self.merges.flags.writeable = self.weights.flags.writeable = False

    def cut(self, k: int) -> Places:
        """Group of each leaf when k groups are left, numbered as their first leaves come, shape [m].

        Raises
        ------
        InputError
            Where k is not between 1 and the number of leaves.
        """
        _, first, dense = np.unique(self.nodes(k), return_index=True, return_inverse=True)
        places: Places = np.argsort(np.argsort(first))[dense]
        return places

    def nodes(self, k: int) -> Places:
        """The node that each leaf is under when k groups are left, shape [m]; raises as `cut` does."""
        leaves = len(self.weights)
        if not 1 <= k <= leaves:
            raise InputError(f"k must lie between 1 and {leaves}, the number of micro-clusters; it is {k}")
        node = np.arange(leaves)
        for step, joined in enumerate(self.merges[: leaves - k, :2].astype(np.intp)):
            node[np.isin(node, joined)] = leaves + step
        return node

    def renumbered(self, moved: Places) -> Tree:
        """The same tree with its leaves in another order: leaf i is what leaf `moved[i]` was."""
        place = np.arange(2 * len(moved) - 1)
        place[moved] = np.arange(len(moved))
        merges = self.merges.copy()
        merges[:, :2] = place[merges[:, :2].astype(np.intp)]
        return Tree(merges, self.weights[moved])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, floats exact."""
        return {"merges": self.merges.tolist(), "weights": self.weights.tolist()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Tree:
        """Reverse of `to_dict`."""
        return cls(np.array(values["merges"], dtype=np.float64).reshape(-1, 3), np.array(values["weights"]))


def ward(points: Array, weights: Array, within: Places | None = None) -> Tree:
    """Join, again and again, the two groups whose union has the least more error.

    Parameters
    ----------
    points
        Shape [m, d], m >= 1.
    weights
        Positive, shape [m].
    within
        Points of the same number, shape [m], are all joined before others are: a cut at as many groups as there are
        numbers gives these back. Heights are then at least those of the joins before.

    Notes
    -----
    Ward (1963), "Hierarchical Grouping to Optimize an Objective Function"; two groups of weights a and b whose means
    are u and v cost a b / (a + b) |u - v|². scipy's and scikit-learn's take no weights; with equal ones this is theirs.

    Examples
    --------
    >>> import numpy as np
    >>> ward(np.array([[0.0], [1.0], [5.0]]), np.ones(3)).merges.round(3).tolist()
    [[0.0, 1.0, 1.0], [2.0, 3.0, 5.196]]
    """
    count = len(points)
    means, mass, node = points.astype(np.float64), weights.astype(np.float64), np.arange(count)
    cost = np.array([_cost(means, mass, place) for place in range(count)])
    np.fill_diagonal(cost, np.inf)
    merges = np.empty((count - 1, 3))
    apart = np.zeros((count, count)) if within is None else np.where(within[:, None] == within, 0.0, _LAST)
    for step in range(count - 1):
        one, other = divmod(int((cost + apart).argmin()), count)
        merges[step] = *sorted((node[one], node[other])), np.sqrt(2 * cost[one, other])
        total = mass[one] + mass[other]
        means[one] += (mass[other] / total) * (means[other] - means[one])
        mass[one], node[one] = total, count + step
        gone = np.isinf(cost[one])
        cost[other] = cost[:, other] = np.inf
        fresh = np.where(gone, np.inf, _cost(means, mass, one))
        fresh[other] = np.inf
        cost[one] = cost[:, one] = fresh
    merges[:, 2] = np.maximum.accumulate(merges[:, 2])  # rounding must not turn the order
    return Tree(merges, weights.astype(np.float64))


def _cost(means: Array, mass: Array, place: int) -> Array:
    """By how much the error grows when each group is joined with the one at `place`, shape [m]."""
    far: Array = ((means - means[place]) ** 2).sum(axis=1)
    joint: Array = mass * mass[place] / (mass + mass[place]) * far
    return joint
