"""Scores counted in bins, by what became of them: small, exactly mergeable, and enough for every measure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import msgpack
import numpy as np

from stream.evaluate.outcomes import Outcomes

BINS = 1_000
"""Bins of a histogram, each 0.001 wide."""

_MIDDLES = (np.arange(BINS) + 0.5) / BINS


@dataclass(slots=True)
class Histogram:
    """How often scores fell in each bin, to be changed in place.

    Counts are integers, so histograms add up exactly, in whatever order. Scores are measured as if they were in the
    middle of their bin; thresholds that are multiples of 0.001, and calibration bins, cut exactly where they say.

    Attributes
    ----------
    positive, negative
        Bin -> scored examples for which the target came about, or did not; bin b holds the probabilities in
        [b / 1000, (b + 1) / 1000), the last one also 1.

    Examples
    --------
    >>> histogram = Histogram()
    >>> for probability, happened in ((0.9, True), (0.4, True), (0.6, False), (0.1, False)):
    ...     histogram.add(probability, happened)
    >>> histogram.outcomes().auc()
    0.75
    >>> Histogram.unpack(histogram.pack()) == histogram
    True
    """

    positive: Counter[int] = field(default_factory=Counter)
    negative: Counter[int] = field(default_factory=Counter)
    _packed: bytes | None = field(default=None, init=False, repr=False, compare=False)

    def add(self, probability: float, happened: bool) -> None:
        """Count one example.

        Raises
        ------
        ValueError
            When the probability is not in [0, 1].
        """
        if not 0.0 <= probability <= 1.0:
            raise ValueError(f"a probability must be in [0, 1], not {probability}")
        bins = self.positive if happened else self.negative
        bins[min(int(probability * BINS), BINS - 1)] += 1
        self._packed = None

    @property
    def examples(self) -> int:
        """Examples counted."""
        return self.positive.total() + self.negative.total()

    def outcomes(self, weight: float = 1.0) -> Outcomes:
        """To measure with, each example counting `weight`."""
        positive, negative = np.zeros(BINS), np.zeros(BINS)
        for bins, counts in ((positive, self.positive), (negative, self.negative)):
            bins[list(counts)] = list(counts.values())
        return Outcomes(_MIDDLES, positive * weight, negative * weight)

    def merge(self, other: Histogram) -> Histogram:
        """A new histogram of both together."""
        return Histogram(_sum(self.positive, other.positive), _sum(self.negative, other.negative))

    def pack(self) -> bytes:
        """As stored: canonical msgpack, made anew only after a change.

        Only bins in use are stored, by their distance from the one before: about 12 kB at most, mostly far less.
        """
        if self._packed is None:
            self._packed = msgpack.packb((_sparse(self.positive), _sparse(self.negative)))
        return self._packed

    @classmethod
    def unpack(cls, packed: bytes) -> Histogram:
        """Reverse of `pack`."""
        positive, negative = msgpack.unpackb(packed)
        histogram = cls(_bins(positive), _bins(negative))
        histogram._packed = packed
        return histogram


def _sum(one: Counter[int], other: Counter[int]) -> Counter[int]:
    """Four times as fast as `one + other`, which also looks for what is not positive."""
    many, few = (one, other) if len(one) >= len(other) else (other, one)
    total, known = Counter(many), many.get
    for bin_, count in few.items():
        total[bin_] = count + known(bin_, 0)
    return total


def _sparse(bins: Counter[int]) -> tuple[list[int], list[int]]:
    """Steps from one used bin to the next, and the counts: small numbers, which msgpack keeps in a byte."""
    used = sorted(bins)
    return [bin_ - before for bin_, before in zip(used, [0, *used], strict=False)], [bins[bin_] for bin_ in used]


def _bins(sparse: tuple[Sequence[int], Sequence[int]]) -> Counter[int]:
    steps, counts = sparse
    return Counter(dict(zip(accumulate(steps), counts, strict=True)))
