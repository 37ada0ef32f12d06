"""Running tallies of a partition: what came in, and how well it was scored and recommended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import msgpack

from stream.evaluate.lists import ListTally
from stream.evaluate.periods import DEFAULT, Calendar, Periods
from stream.evaluate.target import TargetTally

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
    targets
        Target's name -> how well it was predicted.
    lists
        How well lists were made.
    calendar
        How periods are cut.

    Examples
    --------
    >>> tally = Tally()
    >>> tally.count("duplicate")
    >>> for probability, happened in ((0.9, True), (0.4, True), (0.6, False), (0.1, False)):
    ...     tally.score("orders_again", probability, happened, time=0, segment="s1")
    >>> outcomes = tally.targets["orders_again"].since_start()
    >>> tally.counts["duplicate"], outcomes.examples, outcomes.auc()
    (1, 4.0, 0.75)
    >>> tally.merge(tally).targets["orders_again"].total.examples
    8
    >>> Tally.unpack(tally.pack()) == tally
    True
    """

    counts: Counter[str] = field(default_factory=Counter)
    targets: dict[str, TargetTally] = field(default_factory=dict)
    lists: ListTally = field(default_factory=ListTally)
    calendar: Calendar = DEFAULT

    def count(self, name: str) -> None:
        """Count one of `name`, such as "duplicate" or "rejected:not_json"."""
        self.counts[name] += 1

    def score(self, target: str, probability: float, happened: bool, *, time: int, segment: str) -> None:
        """Note what became of an example that was scored before it was learnt.

        Parameters
        ----------
        target
            Its name.
        probability
            What was predicted.
        happened
            Whether it came about.
        time
            Event time (ms) of scoring.
        segment
            Id of the customer's segment then; "" for none.

        Raises
        ------
        ValueError
            When the probability is not in [0, 1]; nothing is noted then.
        """
        if not 0.0 <= probability <= 1.0:
            raise ValueError(f"a probability must be in [0, 1], not {probability}")
        if target not in self.targets:
            self.targets[target] = TargetTally(periods=Periods(self.calendar))
        self.targets[target].score(probability, happened, time, segment)

    @property
    def rejected(self) -> int:
        """Rejected records, whatever the reason."""
        return sum(count for name, count in self.counts.items() if name.startswith(REJECTED))

    def under(self, calendar: Calendar) -> Tally:
        """The same under these settings: periods that were cut otherwise begin anew, totals stay."""
        return Tally(
            self.counts,
            {name: replace(one, periods=one.periods.under(calendar)) for name, one in self.targets.items()},
            self.lists.under(calendar),
            calendar,
        )

    def merge(self, other: Tally) -> Tally:
        """A new tally of both together."""
        names, none = sorted(self.targets.keys() | other.targets.keys()), TargetTally()
        return Tally(
            self.counts + other.counts,
            {name: self.targets.get(name, none).merge(other.targets.get(name, none)) for name in names},
            self.lists.merge(other.lists),
            min(self.calendar, other.calendar, key=lambda one: (one.length, one.count)),
        )

    def pack(self) -> bytes:
        """As stored: canonical msgpack, so that equal tallies give equal bytes; only what changed is packed again."""
        packed: bytes = msgpack.packb(
            (
                sorted(self.counts.items()),
                [(name, target.pack()) for name, target in sorted(self.targets.items())],
                self.lists.pack(),
                (self.calendar.length, self.calendar.count),
            )
        )
        return packed

    @classmethod
    def unpack(cls, packed: bytes) -> Tally:
        """Reverse of `pack`."""
        counts, targets, lists, calendar = msgpack.unpackb(packed)
        return cls(
            Counter(dict(counts)),
            {name: TargetTally.unpack(one) for name, one in targets},
            ListTally.unpack(lists),
            Calendar(*calendar),
        )
