"""How customers move between segments over a period: the flow matrix, the flap rate, sizes over time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream.durations import DAY
from stream.updates import SegmentChanged


class Move(NamedTuple):
    """One segment change, as flows need it; `origin` is "" on a first assignment."""

    customer: str
    time: int
    origin: str
    to: str
    cause: str


class Flows(NamedTuple):
    """Moves within a period.

    Attributes
    ----------
    counts
        (from, to) -> moves; from "" are first assignments.
    causes
        `event`, `time`, `model` -> moves, first assignments not among them.
    undone
        Moves A → B that were followed by B → A, as the customer's next move, within `undone_within` ms.
    """

    counts: Mapping[tuple[str, str], int]
    causes: Mapping[str, int]
    undone: int
    undone_within: int

    @property
    def moves(self) -> int:
        """Moves from one segment to another."""
        return sum(count for (origin, _), count in self.counts.items() if origin)

    @property
    def assigned(self) -> int:
        """First assignments."""
        return sum(count for (origin, _), count in self.counts.items() if not origin)

    @property
    def flap_rate(self) -> float | None:
        """Share of the moves that were undone; None where nobody moved."""
        return self.undone / self.moves if self.moves else None

    def inflow(self, segment: str) -> dict[str, int]:
        """Where those who came in came from, most first; "" are first assignments."""
        return _ranked({origin: count for (origin, to), count in self.counts.items() if to == segment})

    def outflow(self, segment: str) -> dict[str, int]:
        """Where those who left went, most first."""
        return _ranked({to: count for (origin, to), count in self.counts.items() if origin == segment})


def as_move(change: SegmentChanged) -> Move:
    """What flows need of a receipt."""
    origin = change.from_.id if change.from_ else ""
    return Move(change.customer, change.occurred_at, origin, change.to.id, change.cause.kind)


class FlowCount:
    """Counts moves as they come, in memory that grows with the customers alone.

    Parameters
    ----------
    since, until
        The period, since <= time < until, in ms of event time; None: without an end.
    undone_within
        A move that is taken back within this time (ms) was flapping.
    """

    def __init__(self, since: int | None = None, until: int | None = None, undone_within: int = DAY) -> None:
        self._since = -math.inf if since is None else since
        self._until = math.inf if until is None else until
        self._undone_within = undone_within
        self._counts: Counter[tuple[str, str]] = Counter()
        self._causes: Counter[str] = Counter()
        self._undone = 0
        self._latest: dict[str, Move] = {}  # customer -> the last move

    def add(self, move: Move) -> None:
        """Count a move; each customer's must come in the order in which they happened."""
        before, self._latest[move.customer] = self._latest.get(move.customer), move
        if before is not None and before.origin and (before.origin, before.to) == (move.to, move.origin):
            self._undone += self._within(before) and move.time - before.time <= self._undone_within
        if self._within(move):
            self._counts[move.origin, move.to] += 1
            if move.origin:
                self._causes[move.cause] += 1

    @property
    def flows(self) -> Flows:
        """What has been counted so far."""
        return Flows(
            dict(sorted(self._counts.items())), dict(sorted(self._causes.items())), self._undone, self._undone_within
        )

    def _within(self, move: Move) -> bool:
        return self._since <= move.time < self._until


def flows(moves: Iterable[Move], since: int | None = None, until: int | None = None, undone_within: int = DAY) -> Flows:
    """Count moves (see `FlowCount` for the parameters).

    Notes
    -----
    A move within the period counts as undone also where that happened after it. Moves at the very end of what is known
    have had less time to be undone.

    Examples
    --------
    >>> found = flows([Move("ann", 0, "", "s1", "model"), Move("ann", 5, "s1", "s2", "event"),
    ...                Move("ann", 9, "s2", "s1", "time")], undone_within=4)
    >>> found.moves, found.undone, found.flap_rate
    (2, 1, 0.5)
    """
    count = FlowCount(since, until, undone_within)
    for move in moves:
        count.add(move)
    return count.flows


def sizes_over_time(moves: Sequence[Move], times: Sequence[int]) -> dict[str, NDArray[np.int64]]:
    """Customers of each segment at some times, from the moves alone.

    Parameters
    ----------
    moves
        All that are known; a customer whose first known move has an origin was there before.
    times
        In ms, ascending; what happened at a time is in it.

    Returns
    -------
    dict
        Segment -> customers, shape [times]. Customers without a move are not known here.
    """
    steps: dict[str, NDArray[np.int64]] = {}
    met: set[str] = set()

    def add(segment: str, place: int, change: int) -> None:
        steps.setdefault(segment, np.zeros(len(times) + 1, dtype=np.int64))[place] += change

    for move in moves:
        place = int(np.searchsorted(times, move.time))
        if move.origin:
            if move.customer not in met:
                add(move.origin, 0, 1)
            add(move.origin, place, -1)
        met.add(move.customer)
        add(move.to, place, 1)
    return {segment: np.cumsum(changes)[:-1] for segment, changes in sorted(steps.items())}


def _ranked(found: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
