"""The sorted sets by which a partition finds customers: kept from entry to entry, and made anew from profiles.

==============  =========================================================  ==================================
index           customers                                                  rank
==============  =========================================================  ==================================
`hot`           seen last: touched after the floor                         when touched, in entries
`sample`        learnt from: priority below the threshold                  0
`due:quiet`     all                                                        when looked at next, ms
`label:TARGET`  with an open example                                       last ms that counts
==============  =========================================================  ==================================
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgpack

from stream.profiles.profile import Profile
from stream.profiles.sample import EVERY, priority

HOT, QUIET, SAMPLE = "hot", "due:quiet", "sample"
BORDERS = "borders"
"""Name of the scalar that holds a partition's `Borders`."""


class Borders(NamedTuple):
    """What decides who is in which index, beside the profiles.

    >>> Borders.unpack(Borders(12, EVERY).pack()) == Borders(12, EVERY)
    True
    """

    floor: int = 0
    threshold: int = EVERY

    def pack(self) -> bytes:
        """As stored."""
        packed: bytes = msgpack.packb((self.floor, None if self.threshold == EVERY else self.threshold))
        return packed

    @classmethod
    def unpack(cls, packed: bytes) -> Borders:
        """Reverse of `pack`."""
        floor, threshold = msgpack.unpackb(packed)
        return cls(floor, EVERY if threshold is None else threshold)


def borders(scalars: Mapping[str, bytes]) -> Borders:
    """The borders of a partition with these scalars."""
    return Borders.unpack(scalars[BORDERS]) if BORDERS in scalars else Borders()


def label(target: str) -> str:
    """The index of a target's open examples."""
    return f"label:{target}"


def indexes(profiles: Iterable[tuple[str, bytes]], within: Borders) -> dict[str, dict[str, int | None]]:
    """Index -> customer -> rank, of these packed profiles."""
    made: dict[str, dict[str, int | None]] = defaultdict(dict)
    for customer, packed in profiles:
        profile = Profile.unpack(customer, packed)
        made[QUIET][customer] = profile.due
        if profile.touched > within.floor:
            made[HOT][customer] = profile.touched
        if priority(customer) < within.threshold:
            made[SAMPLE][customer] = 0
        for target, standing in profile.standings.items():
            if standing.example is not None:
                made[label(target)][customer] = standing.example.due
    return dict(made)
