"""How far a partition has come, in its events and in its journal."""

from __future__ import annotations

from typing import NamedTuple


class Position(NamedTuple):
    """The next event to apply, and how many journal records have been applied.

    Both are needed: a batch of ticks moves no offset. A store's position says what the state has in it; the log's
    position says what has been published. `consumers.recovery` compares the two.
    """

    offset: int = 0
    number: int = 0

    def behind(self, other: Position) -> bool:
        """Whether `other` is further in one of the two, and not less far in any.

        >>> Position(10, 3).behind(Position(10, 4)), Position(10, 4).behind(Position(12, 3))
        (True, False)
        """
        return self != other and self.offset <= other.offset and self.number <= other.number

    def __str__(self) -> str:
        return f"offset {self.offset}, journal record {self.number}"
