"""Rows of different lengths in flat columns, so that many are read and written in a few steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stream.recommend.component import Numbers

FIRST = 8
"""Entries that a row has room for when its first one comes."""


class Ragged:
    """Rows of numbers of others, each with two weights.

    A row that is full moves to the end, with half as much room again. What it leaves behind is taken back when more
    than half of all is such.

    Attributes
    ----------
    others
        Shape [room], where rows are slices of the columns; so are the weights.
    weights, errors
        Shape [room].

    Examples
    --------
    >>> rows = Ragged()
    >>> rows.reserve(3)
    >>> places = rows.append(np.array([0, 2]), np.array([2, 1]))
    >>> rows.others[places] = 7, 8, 9
    >>> rows.others[rows.places(np.array([2, 0]))].tolist()
    [9, 7, 8]
    """

    def __init__(self) -> None:
        self.others: NDArray[np.int32] = np.zeros(0, np.int32)
        self.weights: NDArray[np.float32] = np.zeros(0, np.float32)
        self.errors: NDArray[np.float32] = np.zeros(0, np.float32)
        self._starts: Numbers = np.zeros(0, np.intp)
        self._lengths: Numbers = np.zeros(0, np.intp)
        self._rooms: Numbers = np.zeros(0, np.intp)
        self._end = 0
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def reserve(self, size: int) -> None:
        """Make room for rows with numbers below `size`, empty ones at first."""
        if size > len(self._starts):
            more = np.zeros(max(size, 2 * len(self._starts)) - len(self._starts), np.intp)
            self._starts = np.concatenate((self._starts, more))
            self._lengths = np.concatenate((self._lengths, more))
            self._rooms = np.concatenate((self._rooms, more))
        self._size = max(size, self._size)

    def lengths(self, rows: Numbers) -> Numbers:
        """Entries of each row, shape [n]."""
        found: Numbers = self._lengths[rows]
        return found

    def slice(self, row: int) -> slice:
        """Where a row is in the columns."""
        start = int(self._starts[row])
        return slice(start, start + int(self._lengths[row]))

    def places(self, rows: Numbers) -> Numbers:
        """Where the rows' entries are in the columns, row by row, shape [sum of lengths]."""
        return _ranges(self._starts[rows], self._lengths[rows])

    def append(self, rows: Numbers, counts: Numbers) -> Numbers:
        """Make so many entries more in each of some distinct rows; where they are in the columns, row by row."""
        wanted = self._lengths[rows] + counts
        short = (wanted > self._rooms[rows]).nonzero()[0]
        if len(short):
            if self._tidy(int(_roomy(wanted[short]).sum())):
                short = (wanted > self._rooms[rows]).nonzero()[0]
            rooms = _roomy(wanted[short])
            self._extend(int(rooms.sum()))
            for row, room in zip(rows[short].tolist(), rooms.tolist(), strict=True):
                self._move(row, room)
        places = _ranges(self._starts[rows] + self._lengths[rows], counts)
        self._lengths[rows] = wanted
        return places

    def put(
        self, row: int, others: NDArray[np.int32], weights: NDArray[np.float32], errors: NDArray[np.float32]
    ) -> None:
        """What a row holds from now on, shape [n] each."""
        if len(others) > self._rooms[row]:
            self._lengths[row] = 0
            self._tidy(len(others))
            self._extend(len(others))
            self._move(row, len(others))
        start = int(self._starts[row])
        self._lengths[row] = len(others)
        held = slice(start, start + len(others))
        self.others[held], self.weights[held], self.errors[held] = others, weights, errors

    def keep(self, kept: Numbers, others: Numbers) -> None:
        """Keep some rows, ascending, as rows 0, 1, and so on.

        Parameters
        ----------
        kept
            Their numbers, shape [n].
        others
            New number of each other, shape [rows]; -1 for those whose entries go.
        """
        places = self.places(kept)
        named = others[self.others[places]].astype(np.int32)
        there = named >= 0
        row = np.arange(len(kept)).repeat(self._lengths[kept])[there]
        lengths = np.bincount(row, minlength=len(kept)).astype(np.intp)
        self._place(lengths, (named[there], self.weights[places][there], self.errors[places][there]))

    def _tidy(self, room: int) -> bool:
        """Lay rows out anew if most is in use no more and there is not so much room at the end; then none has room."""
        if self._end + room <= len(self.others) or 2 * int(self._lengths.sum()) >= self._end:
            return False
        places = self.places(np.arange(self._size))
        self._place(self._lengths[: self._size], (self.others[places], self.weights[places], self.errors[places]))
        return True

    def _extend(self, room: int) -> None:
        """See to so much room at the end."""
        if (missing := self._end + room - len(self.others)) > 0:
            more = max(missing, len(self.others) // 2)
            self.others = np.concatenate((self.others, np.zeros(more, np.int32)))
            self.weights = np.concatenate((self.weights, np.zeros(more, np.float32)))
            self.errors = np.concatenate((self.errors, np.zeros(more, np.float32)))

    def _move(self, row: int, room: int) -> None:
        held = self.slice(row)
        to = slice(self._end, self._end + held.stop - held.start)
        for column in (self.others, self.weights, self.errors):
            column[to] = column[held]
        self._starts[row], self._rooms[row] = self._end, room
        self._end += room

    def _place(
        self, lengths: Numbers, columns: tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]
    ) -> None:
        """Lay all rows out anew, one after the other."""
        self.others, self.weights, self.errors = columns
        self._size = len(lengths)
        self._end = len(self.others)
        self._lengths = lengths.copy()
        self._rooms = lengths.copy()
        self._starts = np.cumsum(lengths) - lengths


def _roomy(lengths: Numbers) -> Numbers:
    """Room for rows that have grown to these lengths and may go on."""
    found: Numbers = np.maximum(FIRST, lengths + lengths // 2)
    return found


def _ranges(starts: Numbers, lengths: Numbers) -> Numbers:
    """Whole numbers from each start on, one run after the other."""
    ends = np.cumsum(lengths)
    found: Numbers = np.arange(int(ends[-1]) if len(ends) else 0)
    found += (starts - ends + lengths).repeat(lengths)
    return found
