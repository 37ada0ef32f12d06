"""The ranker: how much each signal counts, learnt from what happened next, and mergeable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import msgpack
import numpy as np

from stream.recommend.component import Floats, Numbers

EVEN = 0.15
"""Weight of a feature before anything is learnt, where nothing else is said: a fusion of all."""


class Ranker:
    """A listwise softmax over candidates, learnt by Newton steps whose statistics add up.

    Of an order, the loss is -log of the chance that a draw from softmax(x · w) is one of the items that were ordered:
    a list of ten is good when one of them is in it, not when it knows all of a long order. Near the weights w₀ with
    which it was ranked the loss is about g · (w - w₀) + ½ (w - w₀)ᵀ H (w - w₀). So orders add up to one quadratic form
    with the matrix Σ H and the vector Σ (H w₀ - g), whatever each one's w₀ was; and so do partitions. Weights are its
    minimum, with a prior that pulls to those of the start.

    H is the covariance of the candidates' features, drawn half from the softmax and half from what was ordered. Where
    the softmax is sure and wrong its own covariance is next to nothing, and a step would be without bounds; so no order
    asks for more than 4 nats.

    Parameters
    ----------
    start
        Weights before anything is learnt, one for each feature; a number of features begins with all of them alike.
    half_life
        Orders after which an order counts half.
    prior
        Strength of the pull to the start, in orders' curvature.

    Notes
    -----
    Softmax over lists: ListNet (Cao et al., 2007). The statistics are those of a Newton step (iteratively reweighted
    least squares), one for each example and forgotten exponentially, as in recursive least squares.
    """

    def __init__(self, start: int | Floats, half_life: float = 1_500.0, prior: float = 1.0) -> None:
        self._keep = 0.5 ** (1.0 / half_life)
        self._half_life, self._prior = half_life, prior
        self._start = np.full(start, EVEN) if isinstance(start, int) else start
        features = len(self._start)
        self._curvature = np.zeros((features, features))
        self._pull = np.zeros(features)
        self.seen = 0.0
        self.weights = self._start.copy()

    def learn(self, features: Floats, wanted: Numbers) -> None:
        """Learn from one order.

        Parameters
        ----------
        features
            Of the candidates, shape [n, features].
        wanted
            Places of those that were ordered, shape [w], at least one.
        """
        scores = (features * self.weights).sum(axis=1)
        chance = np.exp(scores - scores.max())
        chance /= chance.sum()
        mean = (features * chance[:, None]).sum(axis=0)
        share = np.exp(scores[wanted] - scores[wanted].max())
        share /= share.sum()
        gradient = mean - (features[wanted] * share[:, None]).sum(axis=0)
        chance *= 0.5
        chance[wanted] += 0.5 * share
        centred = features - (features * chance[:, None]).sum(axis=0)
        centred *= np.sqrt(chance)[:, None]
        curvature = np.einsum("ni,nj->ij", centred, centred)
        self._curvature = self._keep * self._curvature + curvature
        self._pull = self._keep * self._pull + (curvature * self.weights).sum(axis=1) - gradient
        self.seen = self._keep * self.seen + 1.0

    def settle(self) -> None:
        """Take the weights that the statistics speak for."""
        prior = self._prior * np.eye(len(self.weights))
        self.weights = np.linalg.solve(self._curvature + prior, self._pull + self._prior * self._start)

    def pack(self) -> bytes:
        """What was learnt, without the weights: the statistics, of the matrix its upper half."""
        upper = self._curvature[np.triu_indices(len(self._pull))]
        packed: bytes = msgpack.packb((self.seen, self._start.tobytes(), self._pull.tobytes(), upper.tobytes()))
        return packed

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """Reverse of `pack`."""
        seen, start, pull, upper = msgpack.unpackb(packed)
        found = cls(np.frombuffer(start))
        found.seen, found._pull = seen, np.frombuffer(pull).copy()
        rows, columns = np.triu_indices(len(found._pull))
        found._curvature[rows, columns] = found._curvature[columns, rows] = np.frombuffer(upper)
        return found

    def follow(self, weights: Sequence[float]) -> None:
        """Rank with these weights from now on; ones of other features are not taken."""
        if len(weights) == len(self.weights):
            self.weights = np.array(weights)

    def merge(self, others: Sequence[Self]) -> Self:
        """A new ranker that has learnt what this one and others have."""
        merged = type(self)(self._start, self._half_life, self._prior)
        for part in (self, *others):
            merged._curvature += part._curvature
            merged._pull += part._pull
            merged.seen += part.seen
        merged.settle()
        return merged
