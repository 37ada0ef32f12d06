"""What a partition's classifier adds to the merged one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import msgpack
import numpy as np
from numpy.typing import NDArray

from stream.propensity.calibration import BINS
from stream.propensity.classifiers.base import Part
from stream.propensity.classifiers.registry import learner_of


@dataclass(frozen=True, slots=True, eq=False)
class Contribution:
    """A classifier in a form that adds up; how, is the business of its kind.

    Attributes
    ----------
    kind
        Of the classifier, as in settings.
    examples, positives
        Labelled examples that the partition has had so far.
    part
        What the classifier has learnt.
    outcomes
        What became of scores (see `stream.propensity.calibration.Outcomes`), shape [2, BINS].
    marks
        Of the contributions in it, in order: learners that go on from the merged classifier know theirs by it.
    """

    kind: str
    examples: int
    positives: int
    part: Part
    outcomes: NDArray[np.float64]
    marks: tuple[str, ...]

    def plus(self, other: Contribution) -> Contribution:
        """Both together."""
        return Contribution(
            self.kind,
            self.examples + other.examples,
            self.positives + other.positives,
            self.part.plus(other.part),
            self.outcomes + other.outcomes,
            tuple(sorted(self.marks + other.marks)),
        )

    def pack(self) -> bytes:
        """As stored: msgpack, floats exact."""
        packed: bytes = msgpack.packb(
            [
                self.kind,
                self.examples,
                self.positives,
                self.part.to_list(),
                self.outcomes.tobytes(),
                self.marks,
            ]
        )
        return packed

    @classmethod
    def unpack(cls, packed: bytes) -> Contribution:
        """Reverse of `pack`."""
        kind, examples, positives, part, outcomes, marks = msgpack.unpackb(packed)
        bins = np.frombuffer(outcomes).reshape(2, BINS)
        return cls(kind, examples, positives, learner_of(kind).part.from_list(part), bins, tuple(marks))


def merge(contributions: Sequence[Contribution]) -> Contribution:
    """All of them together, of one kind; associative and commutative within 1e-9. At least one is needed."""
    return reduce(Contribution.plus, contributions)
