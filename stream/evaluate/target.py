"""How well one target has been predicted: since the start, by segment, and lately."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stream.evaluate.histogram import Histogram
from stream.evaluate.outcomes import Outcomes
from stream.evaluate.periods import Calendar, Periods


@dataclass(slots=True)
class TargetTally:
    """Histograms of a target's scores, to be changed in place.

    Attributes
    ----------
    total
        Since the start.
    segments
        Segment's id -> of the customers who were in it when they were scored; "" of those who were in none.
    periods
        By the time of scoring.
    """

    total: Histogram = field(default_factory=Histogram)
    segments: dict[str, Histogram] = field(default_factory=dict)
    periods: Periods[Histogram] = field(default_factory=Periods)

    def score(self, probability: float, happened: bool, time: int, segment: str) -> None:
        """Note what became of an example that was scored before it was learnt.

        Raises
        ------
        ValueError
            When the probability is not in [0, 1].
        """
        self.total.add(probability, happened)
        self.segments.setdefault(segment, Histogram()).add(probability, happened)
        period = self.periods.period(time)
        if period is not None:
            if period not in self.periods.parts:
                self.periods.put(period, Histogram())
            self.periods.parts[period].add(probability, happened)

    def since_start(self) -> Outcomes:
        """All outcomes."""
        return self.total.outcomes()

    def of_segment(self, segment: str) -> Outcomes:
        """All outcomes of one segment's customers; none of a segment that is unknown."""
        return self.segments.get(segment, Histogram()).outcomes()

    def fading(self, half_life: int) -> Outcomes:
        """Outcomes of the kept periods, each counting half as much as one `half_life` ms later."""
        weights = self.periods.weights(half_life)
        return added(self.periods.parts[period].outcomes(weight) for period, weight in weights.items())

    def merge(self, other: TargetTally) -> TargetTally:
        """A new tally of both together."""
        segments = sorted(self.segments.keys() | other.segments.keys())
        none = Histogram()
        return TargetTally(
            self.total.merge(other.total),
            {name: self.segments.get(name, none).merge(other.segments.get(name, none)) for name in segments},
            self.periods.merge(other.periods),
        )

    def pack(self) -> tuple[Any, ...]:
        """As stored, to be packed on."""
        segments = [(name, histogram.pack()) for name, histogram in sorted(self.segments.items())]
        return self.total.pack(), segments, self.periods.pack()

    @classmethod
    def unpack(cls, packed: Any) -> TargetTally:
        """Reverse of `pack`."""
        total, segments, (length, count, parts) = packed
        return cls(
            Histogram.unpack(total),
            {name: Histogram.unpack(one) for name, one in segments},
            Periods(Calendar(length, count), {period: Histogram.unpack(one) for period, one in parts}),
        )


def added(parts: Iterable[Outcomes]) -> Outcomes:
    """Outcomes of histograms, summed in the order given."""
    empty = Histogram().outcomes()
    positive, negative = np.copy(empty.positive), np.copy(empty.negative)
    for part in parts:
        positive += part.positive
        negative += part.negative
    return Outcomes(empty.scores, positive, negative)
