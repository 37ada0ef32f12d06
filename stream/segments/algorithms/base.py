"""What every algorithm is given, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream.config import SegmentsConfig
from stream.segments.algorithms.tree import Tree
from stream.segments.prototypes import Places, Prototypes

Array = NDArray[np.float64]

BETTER = 0.95
"""What is known is given up for what leaves less than this share of its error."""

FLOOR = 0.01
"""A segment is at least this share of the sample, where the data and the algorithm allow it."""


@dataclass(frozen=True)
class Known:
    """The segments of the version before, in the present scaled space.

    Attributes
    ----------
    prototypes
        Of k segments.
    centres
        Shape [k, d].
    weights
        Decayed number of customers behind each centre, shape [k].
    locked
        Places of those that rest where they are.
    nested
        Whether they were cut from a hierarchy.
    """

    prototypes: Prototypes
    centres: Array
    weights: Array
    locked: tuple[int, ...] = ()
    nested: bool = False


@dataclass(frozen=True)
class Sample:
    """A uniform sample of customers, to be grouped.

    Attributes
    ----------
    X
        Scaled rows in a canonical order, shape [n, d].
    arrival
        The rows in the order of their customers' hashes, for algorithms that take them one by one, shape [n].
    settings
        Of the segments.
    rng
        Seeded; all that is drawn is drawn from it.
    learnt
        Samples learnt before.
    known
        Where to go on from; None: start afresh.
    drifted
        Whether customers have changed so much that a fresh start should compete with what is known.
    """

    X: Array
    arrival: Places
    settings: SegmentsConfig
    rng: np.random.Generator
    learnt: int = 0
    known: Known | None = None
    drifted: bool = False

    @property
    def looks_again(self) -> bool:
        """Whether a fresh start competes with what is known: after a drift, and at samples 1, 2, 4, 8, 16, 32, 48, …"""
        return self.drifted or self.learnt % 16 == 0 or self.learnt & (self.learnt - 1) == 0


@dataclass(frozen=True)
class Grouping:
    """What an algorithm found.

    Attributes
    ----------
    prototypes
        Of k segments, of which some may have no row of the sample.
    centres
        Shape [k, d]; None: the means of the segments' rows.
    memory
        Weight that the centres carry from samples before, shape [k]; None: nothing.
    locked
        Places of those that rest and do not die, in the order of `Known.locked`.
    fresh
        Whether what was known has been given up for a fresh start.
    tree
        Over the prototypes, if there is a hierarchy.
    """

    prototypes: Prototypes
    centres: Array | None = None
    memory: Array | None = None
    locked: tuple[int, ...] = ()
    fresh: bool = False
    tree: Tree | None = None
