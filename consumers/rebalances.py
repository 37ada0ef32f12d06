"""What the Kafka client tells of rebalances, and how it takes part in them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from kafka import ConsumerRebalanceListener
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor


class Listener(ConsumerRebalanceListener):
    """Notes rebalances, which the client reports on a thread of its own, for the next `poll`.

    Attributes
    ----------
    events
        (whether they were given, partitions), in order. Each rebalance gives something, if only no partition.
    owned
        What this member has, as the client's thread knows it.
    """

    def __init__(self) -> None:
        self.events: deque[tuple[bool, set[int]]] = deque()
        self.owned: set[Any] = set()

    def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        self.owned |= set(assigned)
        self.events.append((True, {at.partition for at in assigned}))

    def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        self.owned -= set(revoked)
        self.events.append((False, {at.partition for at in revoked}))

    on_partitions_lost = on_partitions_revoked


class _Cooperative(CooperativeStickyAssignor):
    """Claims only what this member still has: the client's own goes on claiming what it was thrown out of.

    A member that was thought dead would be given its partitions back while their new owner has them.
    """

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self._listener = listener

    def metadata(self, topics: Iterable[str]) -> Any:
        self.member_assignment = sorted(self._listener.owned)
        return super().metadata(topics)

    def on_assignment(self, assignment: Any, generation: int) -> None:
        super().on_assignment(assignment, generation)
        if self._listener.owned.issuperset(assignment.partitions()):  # else the listener is told, afterwards
            self._listener.on_partitions_assigned(())


def assignors(assignment: str, listener: Listener) -> list[Any]:
    """The client's `partition_assignment_strategy` for `kafka.assignment`."""
    return [_Cooperative(listener) if assignment == "cooperative" else RangePartitionAssignor]
