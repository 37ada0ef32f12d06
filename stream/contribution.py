"""What a partition contributes to the model, and how contributions merge.

A contribution is a mergeable sketch: `merge` is associative and commutative (exactly for the sample and the
tallies, within 1e-9 for sums of floats), so that one process or forty give the same model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import msgpack
import numpy as np
from numpy.typing import NDArray

import stream.propensity.contribution as propensity
from stream.evaluate.tally import Tally


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
        Sums of the classifier, or None before it has learnt.
    tally
        Running evaluation.
    """

    clock: int
    entries: int
    customers: int
    priorities: NDArray[np.uint64]
    ids: tuple[str, ...]
    rows: NDArray[np.float64]
    limit: int
    propensity: propensity.Contribution | None
    tally: Tally

    def merge(self, other: Contribution) -> Contribution:
        """The contribution of both partitions together."""
        priorities = np.concatenate([self.priorities, other.priorities])
        order = np.argsort(priorities, kind="stable")[: min(self.limit, other.limit)]
        ids = self.ids + other.ids
        sums = [part for part in (self.propensity, other.propensity) if part is not None]
        return Contribution(
            clock=max(self.clock, other.clock),
            entries=self.entries + other.entries,
            customers=self.customers + other.customers,
            priorities=priorities[order],
            ids=tuple(ids[place] for place in order.tolist()),
            rows=np.concatenate([self.rows, other.rows])[order],
            limit=min(self.limit, other.limit),
            propensity=propensity.merge(sums) if sums else None,
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
                "propensity": None if self.propensity is None else self.propensity.pack(),
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
            propensity=None if values["propensity"] is None else propensity.Contribution.unpack(values["propensity"]),
            tally=Tally.unpack(values["tally"]),
        )


def merge(contributions: Sequence[Contribution]) -> Contribution:
    """All partitions' contributions as one; at least one is needed."""
    return reduce(Contribution.merge, contributions)
