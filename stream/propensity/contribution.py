"""What a partition's classifier adds to the merged one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import msgpack
import numpy as np
from numpy.typing import NDArray

from stream.propensity.calibration import BINS
from stream.propensity.weights import Weights


@dataclass(frozen=True, slots=True, eq=False)
class Contribution:
    """A classifier in sum form: merging is addition.

    The merged classifier is the mean of the partitions', weighted by the examples they have learnt. Each partition
    goes on from the merged one, so this is federated averaging.

    Attributes
    ----------
    examples, positives
        Learnt by the partition so far.
    total
        Its weights times `examples`.
    outcomes
        What became of scores (see `stream.propensity.calibration.Outcomes`), shape [2, BINS].

    Notes
    -----
    Sources: McMahan et al., Communication-Efficient Learning of Deep Networks from Decentralized Data (2017), for
    the averaging; Duchi, Hazan, Singer, Adaptive Subgradient Methods (2011), for the squared gradients averaged
    beside the weights, so that the step sizes of the merged classifier are those of its parts.
    """

    examples: int
    positives: int
    total: Weights
    outcomes: NDArray[np.float64]

    def plus(self, other: Contribution) -> Contribution:
        """Both together."""
        return Contribution(
            self.examples + other.examples,
            self.positives + other.positives,
            self.total.plus(other.total),
            self.outcomes + other.outcomes,
        )

    @property
    def mean(self) -> Weights:
        """The merged weights."""
        return self.total.times(1.0 / max(self.examples, 1))

    def pack(self) -> bytes:
        """As stored: msgpack, floats exact."""
        packed: bytes = msgpack.packb([self.examples, self.positives, self.total.to_list(), self.outcomes.tobytes()])
        return packed

    @classmethod
    def unpack(cls, packed: bytes) -> Contribution:
        """Reverse of `pack`."""
        examples, positives, total, outcomes = msgpack.unpackb(packed)
        return cls(examples, positives, Weights.from_list(total), np.frombuffer(outcomes).reshape(2, BINS))


def merge(contributions: Sequence[Contribution]) -> Contribution:
    """All of them together; associative and commutative within 1e-9. At least one is needed."""
    return reduce(Contribution.plus, contributions)
