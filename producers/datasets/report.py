"""What became of a file: events by name, and what was dropped, by reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from stream.errors import DataError


@dataclass
class LoadReport:
    """Counts that a loader keeps while it is read from; complete once it has been read to its end.

    Attributes
    ----------
    rows
        Rows read, without the header.
    events
        Event name (`identify` for identify calls) -> events made.
    dropped
        Reason -> rows dropped.
    first
        Reason -> the first row dropped for it: where it is, and the value at fault.
    shortened
        Reason -> products left out of an event that would otherwise be too large. They were sent as events of their
        own where the loader makes such events.
    amounts
        Money, where the loader knows it: `Order Completed` and `Order Refunded` (both positive), and what was
        dropped with each reason (signed as in the file). `balance` adds them up.
    largest
        Bytes of the largest event.
    """

    rows: int = 0
    events: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    shortened: Counter[str] = field(default_factory=Counter)
    amounts: dict[str, float] = field(default_factory=dict)
    largest: int = 0

    @property
    def total(self) -> int:
        """Events made.

        >>> LoadReport(events=Counter({"Product Added": 2, "Order Completed": 1})).total
        3
        """
        return self.events.total()

    def drop(self, reason: str, where: str = "") -> None:
        """Count a row that is dropped; `where` is kept if it is the first of its reason."""
        self.dropped[reason] += 1
        if where:
            self.first.setdefault(reason, where)

    def balance(self) -> float:
        """Money of all the file's rows: orders less refunds, and what was dropped. Equals the file's own sum.

        >>> LoadReport(amounts={"Order Completed": 10.0, "Order Refunded": 4.0, "zero price": 0.0}).balance()
        6.0
        """
        signed = ((-amount if name == "Order Refunded" else amount) for name, amount in self.amounts.items())
        return round(sum(signed), 3)

    def sentences(self) -> list[str]:
        """What happened, a sentence each.

        >>> report = LoadReport(rows=3, events=Counter({"Order Completed": 2}))
        >>> report.drop("bad date", "line 2: '2024-13-01'")
        >>> for sentence in report.sentences():
        ...     print(sentence)
        3 rows made 2 events: 2 Order Completed.
        1 row was dropped: 1 bad date.
        First bad date: line 2: '2024-13-01'.
        """
        made = _count(self.total, "event") if self.total or not self.rows else "no event"
        said = [f"{_count(self.rows, 'row')} made {made}{_listed(self.events)}."]
        if self.dropped:
            number = self.dropped.total()
            verb = "was" if number == 1 else "were"
            said.append(f"{_count(number, 'row')} {verb} dropped{_listed(self.dropped)}.")
        said += [
            f"First {reason}: {self.first[reason]}." for reason, _ in _by_size(self.dropped) if reason in self.first
        ]
        for reason, number in sorted(self.shortened.items()):
            said.append(f"{_count(number, 'product')} left out: {reason}.")
        return said

    def require_events(self) -> None:
        """Raise DataError, with all that was wrong, when there were rows and none of them made an event."""
        if self.rows and not self.total:
            raise DataError(" ".join(self.sentences()))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _listed(counts: Counter[str]) -> str:
    return (": " + ", ".join(f"{number:,} {name}" for name, number in _by_size(counts))) if counts else ""


def _by_size(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
