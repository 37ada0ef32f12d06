"""Which threshold, when a missed case and a false alarm cost what they are said to cost."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.bool_]


class Costs(NamedTuple):
    """What mistakes cost: a case `missed` (it happened below the threshold), and a good one `refused` (at or above)."""

    missed: float
    refused: float

    @property
    def threshold(self) -> float:
        """The cheapest threshold of a probability that comes true.

        Refusing costs (1 - p) · refused on average and approving p · missed; they are equal here. Elkan, "The
        Foundations of Cost-Sensitive Learning" (2001).

        >>> Costs(missed=4, refused=1).threshold
        0.2
        """
        return self.refused / (self.refused + self.missed)


class Policy(NamedTuple):
    """What comes of a threshold.

    Attributes
    ----------
    name, threshold
        At or above it customers are refused.
    cost
        For each customer, on average.
    approved
        Share below the threshold.
    bad_share
        Of those, the share to whom it happened; None where nobody is approved.
    caught
        Share of the cases at or above the threshold.
    refused_wrongly
        Share of the good ones at or above it.
    """

    name: str
    threshold: float
    cost: float
    approved: float
    bad_share: float | None
    caught: float
    refused_wrongly: float


def policy(name: str, probability: Array, happened: Labels, threshold: float, costs: Costs) -> Policy:
    """Apply a threshold; both outcomes must occur.

    >>> said, came = np.array([0.1, 0.6, 0.7, 0.2]), np.array([False, True, False, True])
    >>> found = policy("half", said, came, 0.5, Costs(4, 1))
    >>> found.cost, found.approved, found.bad_share, found.caught, found.refused_wrongly
    (1.25, 0.5, 0.5, 0.5, 0.5)
    """
    refused = probability >= threshold
    missed, wrong = happened & ~refused, ~happened & refused
    return Policy(
        name,
        threshold,
        float((costs.missed * missed.sum() + costs.refused * wrong.sum()) / len(happened)),
        float((~refused).mean()),
        float(missed.sum() / (~refused).sum()) if (~refused).any() else None,
        float((happened & refused).sum() / happened.sum()),
        float(wrong.sum() / (~happened).sum()),
    )


def curve(probability: Array, happened: Labels, costs: Costs) -> tuple[Array, Array]:
    """Thresholds from 0 to 1 by 0.005, and what each costs for each customer.

    >>> thresholds, cost = curve(np.array([0.1, 0.9]), np.array([False, True]), Costs(4, 1))
    >>> float(cost[0]), float(cost[100]), float(cost[-1])
    (0.5, 0.0, 2.0)
    """
    thresholds = np.arange(201) / 200
    order = np.sort(probability[happened]), np.sort(probability[~happened])
    missed = np.searchsorted(order[0], thresholds, side="left")
    wrong = len(order[1]) - np.searchsorted(order[1], thresholds, side="left")
    return thresholds, (costs.missed * missed + costs.refused * wrong) / len(happened)
