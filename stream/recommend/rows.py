"""An item's row as it is stored: what the components have counted of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgpack
import numpy as np
from numpy.typing import NDArray


class Pairs(NamedTuple):
    """Others of an item.

    Attributes
    ----------
    out, in_
        Decayed weight of the pairs that begin with the item, and that end with it, each order once.
    floor
        Weight that a newcomer starts from: the largest that was dropped.
    block
        In whose units floor, weights and errors are (see `PairCounts`).
    others
        Ids of the others, shape [n]; those of items that have gone among them.
    weights
        Of the pairs, shape [n].
    errors
        What each started from, shape [n].
    """

    out: float
    in_: float
    floor: float
    block: int
    others: NDArray[np.uint32]
    weights: NDArray[np.float32]
    errors: NDArray[np.float32]

    @property
    def certain(self) -> NDArray[np.float64]:
        """What is counted for certain, shape [n]."""
        return (self.weights - self.errors).astype(np.float64)

    @classmethod
    def of(cls, out: float, in_: float, floor: float, block: int, *columns: bytes) -> Pairs:
        """As `PairCounts.pack` gives them."""
        others, weights, errors = columns
        return cls(
            out,
            in_,
            floor,
            block,
            np.frombuffer(others, np.uint32),
            np.frombuffer(weights, np.float32),
            np.frombuffer(errors, np.float32),
        )


class ItemRow(NamedTuple):
    """What a partition has counted of an item.

    Attributes
    ----------
    id
        The item's place among all that its partition has ever counted, in order of appearance.
    newest
        Time (ms) of the partition's newest order when the item last changed: counts are in its units.
    popularity
        Decayed orders and adds, at each of the half-lives.
    neighbours, sequences
        What is ordered together with it, and after it.
    """

    id: int
    newest: int
    popularity: tuple[float, ...]
    neighbours: Pairs
    sequences: Pairs

    @classmethod
    def unpack(cls, packed: bytes) -> ItemRow:
        """From the store.

        Raises
        ------
        ValueError
            When it is damaged.
        """
        id_, newest, popularity, *pairs, _ = row_of(packed)
        neighbours, sequences = (Pairs.of(*one) for one in pairs)
        return cls(id_, newest, tuple(popularity), neighbours, sequences)


def uncounted(packed: bytes) -> bytes | None:
    """The row of an item of the catalogue without its counts; None of an item that the catalogue does not tell of."""
    id_, newest, popularity, *pairs, attributes = row_of(packed)
    if not attributes or not attributes[0]:
        return None
    none = (0.0, 0.0, 0.0, 0, b"", b"", b"")
    row: bytes = msgpack.packb((id_, newest, [0.0] * len(popularity), *(none for _ in pairs), attributes))
    return row


def row_of(packed: bytes) -> Sequence[Any]:
    """Id, time, what each component has packed (popularity, neighbours, sequences), and the item's attributes.

    Raises
    ------
    ValueError
        When it is damaged.
    """
    row: Sequence[Any] = msgpack.unpackb(packed)
    _, _, _, *pairs, _ = row
    if len(pairs) != 2 or any(len(set(map(len, columns))) != 1 for _, _, _, _, *columns in pairs):
        raise ValueError("it is cut short")
    return row
