"""What a customer was shown of recommendations, and which clicks and orders are credited to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal

REMEMBERED = 50
"""Shown items remembered of a customer, the newest; also how many of one list count."""

LISTS = 20
"""Shown lists remembered of a customer, the newest, beside those of remembered items."""

PUBLISHED = 8
"""Lists given to a customer whose ids are remembered."""


@dataclass(slots=True)
class Impression:
    """One item shown in one list, with the times (ms) of what came of it; `ordered`: whether an order was credited."""

    shown: int
    clicked: int | None = None
    ordered: bool = False


@dataclass(slots=True)
class _List:
    """One list, with the time (ms) at which it was first shown; `clicked`: whether a click on it was credited."""

    shown: int
    clicked: bool = False


class Impressions:
    """A customer's newest impressions; bounded, about 40 bytes each when stored.

    A list counts once, and each item once a list, however often it is shown and in however many pages, as long as it is
    remembered; each is clicked once at most, and an item ordered once at most. A list is remembered at least as long as
    its items. All times are event times, and a click that arrives before its impression finds none.

    Examples
    --------
    >>> impressions = Impressions()
    >>> impressions.show("r-17", ["a", "b"], time=0), impressions.show("r-17", ["a", "b"], time=5)
    ((1, 2), (0, 0))
    >>> impressions.click("a", None, time=10, window=100)
    (0, 0)
    >>> list(impressions.order(["a", "b", "c"], time=50, window=100))
    [('ordered_items', 0), ('viewed_orders', 0)]
    """

    __slots__ = ("_current", "_found", "_lists", "_published", "given")

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Impression] = {}  # (list, item), the oldest first
        self._lists: dict[str, _List] = {}  # by key, that with the oldest items first
        self._published: list[str] = []
        self._current = ""
        self.given = 0  # when the current list was given, in ms

    def publish(self, name: str, contents: str | None = None, time: int = 0) -> None:
        """Note that a list with this id was given to the customer; if it is the current one, what it says, and when."""
        self._published = [*self._published, _key(name)][-PUBLISHED:]
        if contents is not None:
            self._current, self.given = _key(contents), time

    def current(self, contents: str) -> bool:
        """Whether the last list that was given to the customer says just this."""
        return _key(contents) == self._current

    def published(self, name: str) -> bool:
        """Whether the list with this id was given to the customer, lately."""
        return _key(name) in self._published

    def show(self, name: str, items: Sequence[str], time: int) -> tuple[int, int]:
        """Note a list that the customer sees.

        Parameters
        ----------
        name
            The list's id, as the shop says it.
        items
            What is in it, the first `REMEMBERED` of which count.
        time
            Event time in ms.

        Returns
        -------
        lists, items
            How many were not shown before.
        """
        key = _key(name)
        new = [item for item in items[:REMEMBERED] if (key, item) not in self._found]
        if not new:
            return 0, 0
        lists = int(key not in self._lists)
        self._lists[key] = _List(time) if lists else self._lists.pop(key)
        for item in new:
            self._found[key, item] = Impression(time)
        self._forget()
        return lists, len(new)

    def _forget(self) -> None:
        for one in list(self._found)[:-REMEMBERED]:
            del self._found[one]
        held = {key for key, _ in self._found}
        for key in list(self._lists)[:-LISTS]:
            if key not in held:
                del self._lists[key]

    def click(self, item: str, name: str | None, time: int, window: int) -> tuple[int, int | None] | None:
        """Credit a click to the list `name`, or without one to the last list within `window` ms that showed the item.

        Returns
        -------
        tuple or None
            When the item was shown (ms), and, at the first click on the list, when the list was first shown, else
            None. None at all when the item was not shown in time, or was clicked before.
        """
        key = None if name is None else _key(name)
        best: tuple[str, Impression] | None = None
        for (known, of), one in self._found.items():
            if of == item and key in (None, known) and one.shown <= time <= one.shown + window:
                best = (known, one) if best is None or one.shown >= best[1].shown else best
        if best is None or best[1].clicked is not None:
            return None
        of_it = self._lists[best[0]]
        first = None if of_it.clicked else of_it.shown
        best[1].clicked, of_it.clicked = time, True
        return best[1].shown, first

    def order(
        self, items: Iterable[str], time: int, window: int
    ) -> Iterator[tuple[Literal["ordered_items", "viewed_orders"], int]]:
        """Credit an order: of each item to its last click within `window` ms, else to the last time it was shown.

        Yields
        ------
        tuple
            What is counted, and when the item was shown (ms).
        """
        for item in items if self._found else ():
            open_ = [one for (_, of), one in self._found.items() if of == item and not one.ordered]
            clicked = [one for one in open_ if one.clicked is not None and one.clicked <= time <= one.clicked + window]
            if clicked:
                one = max(clicked, key=lambda one: (one.clicked or 0, one.shown))
                one.ordered = True
                yield "ordered_items", one.shown
                continue
            viewed = [one for one in open_ if one.clicked is None and one.shown <= time <= one.shown + window]
            if viewed:
                one = max(viewed, key=lambda one: one.shown)
                one.ordered = True
                yield "viewed_orders", one.shown

    def pack(self) -> tuple[Any, ...]:
        """As stored, to be packed on; nothing at all of a customer who was shown nothing."""
        if not self._found and not self._published:
            return ()
        found = [(*key, one.shown, one.clicked, one.ordered) for key, one in self._found.items()]
        lists = [(key, one.shown, one.clicked) for key, one in self._lists.items()]
        return found, lists, self._published, self._current, self.given

    @classmethod
    def unpack(cls, packed: Sequence[Any], given: int = 0) -> Impressions:
        """Reverse of `pack`; `given` is for what was packed before it said when the current list was given."""
        impressions = cls()
        if packed:
            found, lists, impressions._published = packed[0], packed[1], list(packed[2])
            impressions._current = packed[3] if len(packed) > 3 else ""  # what is older does not know
            impressions.given = packed[4] if len(packed) > 4 else given
            impressions._lists = {key: _List(*rest) for key, *rest in lists}
            impressions._found = {(name, item): Impression(*rest) for name, item, *rest in found}
        return impressions


def _key(name: str) -> str:
    """A list's id may be of any length; what is remembered of it is not."""
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
