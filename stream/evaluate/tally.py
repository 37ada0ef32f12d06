"""Running tallies of a partition: what came in, and how well it was scored and recommended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import log

import msgpack

BINS = 1_000
"""Bins of the scores' histograms, each 0.001 wide."""

REJECTED = "rejected:"
"""Prefix of the counters of rejected records; the code of the reason follows."""


@dataclass(slots=True)
class Tally:
    """Counters, score histograms and hits, to be changed in place.

    Everything is an integer, so tallies add up exactly: `merge` is associative and commutative, and forty partitions
    give the same numbers as one. What is a float is computed from the integers when it is asked for.

    Attributes
    ----------
    counts
        Name -> how often; 0 for a name that was never counted.
    trials
        Orders for which a list could have been shown before.
    hits, popular_hits
        Trials in which the list, or the list of what is popular, held an item of the order.
    positive_bins, negative_bins
        Bin -> scored examples for which the target happened, or did not; bin b holds the probabilities in
        [b / 1000, (b + 1) / 1000), the last one also 1.

    Examples
    --------
    >>> tally = Tally()
    >>> tally.count("duplicate")
    >>> for probability, happened in ((0.9, True), (0.4, True), (0.6, False), (0.1, False)):
    ...     tally.score(probability, happened)
    >>> tally.counts["duplicate"], tally.examples, tally.positives, tally.auc()
    (1, 4, 2, 0.75)
    >>> tally.merge(tally).examples
    8
    >>> Tally.unpack(tally.pack()) == tally
    True
    """

    counts: Counter[str] = field(default_factory=Counter)
    trials: int = 0
    hits: int = 0
    popular_hits: int = 0
    positive_bins: Counter[int] = field(default_factory=Counter)
    negative_bins: Counter[int] = field(default_factory=Counter)

    def count(self, name: str) -> None:
        """Count one of `name`, such as "duplicate" or "rejected:not_json"."""
        self.counts[name] += 1

    def score(self, probability: float, happened: bool) -> None:
        """Note what became of an example that was scored before it was learnt.

        Raises
        ------
        ValueError
            When the probability is not in [0, 1].
        """
        if not 0.0 <= probability <= 1.0:
            raise ValueError(f"a probability must be in [0, 1], not {probability}")
        bins = self.positive_bins if happened else self.negative_bins
        bins[min(int(probability * BINS), BINS - 1)] += 1

    def recommended(self, hit: bool, popular_hit: bool) -> None:
        """Note one trial: whether the list had a hit, and whether the most popular items would have had one."""
        self.trials += 1
        self.hits += hit
        self.popular_hits += popular_hit

    @property
    def examples(self) -> int:
        """Scored examples whose outcome is known."""
        return self.positives + self.negative_bins.total()

    @property
    def positives(self) -> int:
        """Scored examples for which the target happened."""
        return self.positive_bins.total()

    @property
    def rejected(self) -> int:
        """Rejected records, whatever the reason."""
        return sum(count for name, count in self.counts.items() if name.startswith(REJECTED))

    def auc(self) -> float | None:
        """Area under the ROC curve: how likely a positive is scored above a negative, ties counting half.

        It is the exact area for the scores cut down to their bins. For the scores themselves it is off by at most
        half the share of (positive, negative) pairs that fall in one bin: sum over b of P_b N_b / (2 P N). That is
        0.0005 when the scores of one class spread evenly over [0, 1].

        Source: the Mann-Whitney U statistic; J. Hanley, B. McNeil, The meaning and use of the area under a receiver
        operating characteristic (ROC) curve, Radiology 143 (1982).

        Returns
        -------
        float or None
            In [0, 1]; None before there is an example of each class.
        """
        below = twice = 0  # negatives in lower bins; twice U, an integer
        for bin_ in sorted(self.positive_bins.keys() | self.negative_bins.keys()):
            negatives = self.negative_bins[bin_]
            twice += self.positive_bins[bin_] * (2 * below + negatives)
            below += negatives
        pairs = self.positives * below
        return twice / (2 * pairs) if pairs else None

    def log_loss(self) -> float | None:
        """Mean negative log-likelihood (nats) of the outcomes, each score moved to the middle of its bin.

        So no score counts as nearer than 0.0005 to 0 or 1: one wrong certainty costs 7.6 at most.

        Returns
        -------
        float or None
            None before there is an example.
        """
        loss = 0.0
        for bin_ in range(BINS):
            middle = (bin_ + 0.5) / BINS
            loss -= self.positive_bins[bin_] * log(middle) + self.negative_bins[bin_] * log(1.0 - middle)
        return loss / self.examples if self.examples else None

    def brier(self) -> float | None:
        """Brier score: the mean squared difference of outcome (0 or 1) and score, the score moved to its bin's middle.

        Off by less than 0.001. Source: G. Brier, Verification of forecasts expressed in terms of probability,
        Monthly Weather Review 78 (1950).

        Returns
        -------
        float or None
            In [0, 1]; None before there is an example.
        """
        # odd integers in units of half a bin keep the sum exact
        positive = sum(count * (2 * (BINS - bin_) - 1) ** 2 for bin_, count in self.positive_bins.items())
        negative = sum(count * (2 * bin_ + 1) ** 2 for bin_, count in self.negative_bins.items())
        return (positive + negative) / (4 * BINS**2 * self.examples) if self.examples else None

    def calibration_error(self) -> float | None:
        """Expected calibration error over ten bins: by how much scores and outcomes differ on average.

        Exact within 0.0005, since each score counts as the middle of its fine bin. Source: M. Naeini, G. Cooper,
        M. Hauskrecht, Obtaining well calibrated probabilities using Bayesian binning, AAAI (2015).

        Returns
        -------
        float or None
            In [0, 1]; None before there is an example.
        """
        error = 0.0
        for start in range(0, BINS, BINS // 10):
            bins = range(start, start + BINS // 10)
            expected = sum((self.positive_bins[b] + self.negative_bins[b]) * (b + 0.5) / BINS for b in bins)
            error += abs(expected - sum(self.positive_bins[b] for b in bins))
        return error / self.examples if self.examples else None

    def hit_rate(self) -> float | None:
        """Share of trials with a hit; None before the first trial."""
        return self.hits / self.trials if self.trials else None

    def popularity_hit_rate(self) -> float | None:
        """Share of trials that the most popular items would have hit, to compare with; None before the first trial."""
        return self.popular_hits / self.trials if self.trials else None

    def merge(self, other: Tally) -> Tally:
        """A new tally of both together."""
        return Tally(
            counts=self.counts + other.counts,
            trials=self.trials + other.trials,
            hits=self.hits + other.hits,
            popular_hits=self.popular_hits + other.popular_hits,
            positive_bins=self.positive_bins + other.positive_bins,
            negative_bins=self.negative_bins + other.negative_bins,
        )

    def pack(self) -> bytes:
        """As stored: canonical msgpack, so that equal tallies give equal bytes.

        Only bins in use are stored, by their distance from the one before: about 12 kB at most, mostly far less.
        """
        packed: bytes = msgpack.packb(
            (
                sorted(self.counts.items()),
                self.trials,
                self.hits,
                self.popular_hits,
                _sparse(self.positive_bins),
                _sparse(self.negative_bins),
            )
        )
        return packed

    @classmethod
    def unpack(cls, packed: bytes) -> Tally:
        """Reverse of `pack`."""
        counts, trials, hits, popular_hits, positive, negative = msgpack.unpackb(packed)
        return cls(Counter(dict(counts)), trials, hits, popular_hits, _bins(positive), _bins(negative))


def _sparse(bins: Counter[int]) -> tuple[list[int], list[int]]:
    """Steps from one used bin to the next, and the counts: small numbers, which msgpack keeps in a byte."""
    used = sorted(bins)
    return [bin_ - before for bin_, before in zip(used, [0, *used], strict=False)], [bins[bin_] for bin_ in used]


def _bins(sparse: tuple[Sequence[int], Sequence[int]]) -> Counter[int]:
    steps, counts = sparse
    return Counter(dict(zip(accumulate(steps), counts, strict=True)))
