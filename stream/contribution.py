"""What a partition contributes to the model, and how contributions merge.

A contribution is a mergeable sketch: `merge` is associative and commutative (exactly for the sample and the
tallies, within 1e-9 for sums of floats), so that one process or forty give the same model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce

import msgpack
import numpy as np
from numpy.typing import NDArray

import stream.propensity.contribution as propensity
from stream.evaluate.tally import Tally
from stream.recommend.ranker import Ranker


@dataclass(frozen=True, slots=True)
class Contribution:
    """A partition's state as the merger needs it.

    Attributes
    ----------
    clock
        Event time (ms) at which the sampled customers were read.
    entries
        Entries folded so far.
    customers
        Known customers so far.
    priorities
        Hashes of the sampled customers, ascending, shape [n] uint64: the bottom-k sketch.
    ids
        Their ids, n of them.
    rows
        Their features at `clock`, shape [n, features]; NaN where there is nothing to measure.
    limit
        The sample's size k.
    propensity
        Target -> sums of its classifier, from the first model on.
    tally
        Running evaluation.
    rankers
        Situation -> what was learnt of the recommender's signals.
    """

    clock: int
    entries: int
    customers: int
    priorities: NDArray[np.uint64]
    ids: tuple[str, ...]
    rows: NDArray[np.float64]
    limit: int
    propensity: dict[str, propensity.Contribution]
    tally: Tally
    rankers: dict[str, Ranker] = field(default_factory=dict)

    def merge(self, other: Contribution) -> Contribution:
        """The contribution of both partitions together."""
        priorities = np.concatenate([self.priorities, other.priorities])
        order = np.argsort(priorities, kind="stable")[: min(self.limit, other.limit)]
        ids = self.ids + other.ids
        targets = sorted(self.propensity.keys() | other.propensity.keys())
        return Contribution(
            clock=max(self.clock, other.clock),
            entries=self.entries + other.entries,
            customers=self.customers + other.customers,
            priorities=priorities[order],
            ids=tuple(ids[place] for place in order.tolist()),
            rows=np.concatenate([self.rows, other.rows])[order],
            limit=min(self.limit, other.limit),
            propensity={
                target: propensity.merge([one.propensity[target] for one in (self, other) if target in one.propensity])
                for target in targets
            },
            rankers={
                situation: _merged([one.rankers[situation] for one in (self, other) if situation in one.rankers])
                for situation in sorted(self.rankers.keys() | other.rankers.keys())
            },
            tally=self.tally.merge(other.tally),
        )

    def pack(self) -> bytes:
        """As stored: msgpack, floats exact."""
        packed: bytes = msgpack.packb(
            {
                "clock": self.clock,
                "entries": self.entries,
                "customers": self.customers,
                "priorities": self.priorities.tobytes(),
                "ids": self.ids,
                "rows": self.rows.tobytes(),
                "columns": self.rows.shape[1],
                "limit": self.limit,
                "propensity": {target: one.pack() for target, one in sorted(self.propensity.items())},
                "rankers": {situation: one.pack() for situation, one in sorted(self.rankers.items())},
                "tally": self.tally.pack(),
            }
        )
        return packed

    @classmethod
    def unpack(cls, packed: bytes) -> Contribution:
        """Reverse of `pack`."""
        values = msgpack.unpackb(packed)
        return cls(
            clock=values["clock"],
            entries=values["entries"],
            customers=values["customers"],
            priorities=np.frombuffer(values["priorities"], dtype=np.uint64),
            ids=tuple(values["ids"]),
            rows=np.frombuffer(values["rows"]).reshape(-1, values["columns"]),
            limit=values["limit"],
            propensity={target: propensity.Contribution.unpack(one) for target, one in values["propensity"].items()},
            rankers={situation: Ranker.unpack(one) for situation, one in values.get("rankers", {}).items()},
            tally=Tally.unpack(values["tally"]),
        )


def _merged(rankers: Sequence[Ranker]) -> Ranker:
    return rankers[0].merge(rankers[1:])


def merge(contributions: Sequence[Contribution]) -> Contribution:
    """All partitions' contributions as one; at least one is needed."""
    return reduce(Contribution.merge, contributions)
