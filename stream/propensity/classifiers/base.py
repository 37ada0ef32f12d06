"""What every classifier is: one that learns in a partition, what it contributes, and a frozen one that predicts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from stream.preprocessing.pipeline import Preprocessing
from stream.target import Target

Array = NDArray[np.float64]
Labels = NDArray[np.bool_]

_LARGEST = 1e75


class Classifier(ABC):
    """Frozen: what a model holds. It reads features standardised by the model's scaling.

    Attributes
    ----------
    base
        Log-odds that its reasons start from: those of the mean row, or for trees those of the share of positives.
    """

    base: float

    @abstractmethod
    def logits_many(self, standard: Array) -> Array:
        """Log-odds of standardised rows [n, d], shape [n]; a row's depend on it alone, to the last bit."""

    @abstractmethod
    def terms(self, row: Array) -> Array:
        """Each feature's part of the log-odds of a standardised row [d], shape [d]; they sum to log-odds - `base`."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON or msgpack; floats exact."""

    @classmethod
    @abstractmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Reverse of `to_dict`."""


class Part(ABC):
    """What a partition's learner contributes to the merged classifier."""

    @abstractmethod
    def plus(self, other: Self) -> Self:
        """Both together; associative and commutative within 1e-9."""

    @property
    def mark(self) -> str:
        """By which a learner knows its contribution again in a merged model; empty where it need not."""
        return ""

    @abstractmethod
    def freeze(self, scaling: Preprocessing) -> Classifier:
        """The merged classifier, for features standardised by `scaling`."""

    @abstractmethod
    def to_list(self) -> list[Any]:
        """Plain values for msgpack; floats exact."""

    @classmethod
    @abstractmethod
    def from_list(cls, values: list[Any]) -> Self:
        """Reverse of `to_list`."""


class Learner(ABC):
    """Learns from a partition's examples, in blocks.

    Parameters
    ----------
    target
        Settings.
    scaling
        The scaling that rows are standardised by.
    """

    part: ClassVar[type[Part]]
    classifier: ClassVar[type[Classifier]]

    def __init__(self, target: Target, scaling: Preprocessing) -> None:
        self._target = target
        self._scaling = scaling

    @property
    def _width(self) -> int:
        return len(self._scaling.inputs)

    @abstractmethod
    def learn_many(self, standard: Array, labels: Labels) -> Array:
        """Learn examples in order.

        Parameters
        ----------
        standard
            Rows standardised by the present scaling, shape [n, d].
        labels
            Whether the target came about, shape [n].

        Returns
        -------
        Array
            Log-odds that were given to each before it was learnt (or the block that it lies in), shape [n].
        """

    @abstractmethod
    def contribute(self) -> Part:
        """What it has learnt so far."""

    def adopt(self, scaling: Preprocessing, classifier: Classifier | None, marks: Sequence[str]) -> None:
        """Go on with another scaling; those that average go on from the merged classifier.

        Parameters
        ----------
        scaling
            By which rows are standardised from here on.
        classifier
            The merged one, if there is one.
        marks
            Of the contributions that are in it.
        """
        self._scaling = scaling

    @abstractmethod
    def state(self) -> Any:
        """All it has learnt as plain values for msgpack, floats exact; the same state gives the same bytes."""

    @abstractmethod
    def restore(self, state: Any) -> None:
        """Reverse of `state`."""


def plain(standard: Array, scaling: Preprocessing) -> Array:
    """Standardised rows in units that no scaling changes, held so that squares stay finite."""
    found: Array = standard * scaling.std + scaling.mean
    return np.clip(found, -_LARGEST, _LARGEST, out=found)


def chances(logits: Array) -> Array:
    """Probabilities of log-odds, shape [n].

    >>> chances(np.array([-1e9, 0.0, 1e9])).round(3).tolist()
    [0.0, 0.5, 1.0]
    """
    found: Array = 1.0 / (1.0 + np.exp(-np.clip(logits, -35.0, 35.0)))
    return found


def log_odds(chance: Array) -> Array:
    """Log-odds of probabilities inside (0, 1)."""
    found: Array = np.log(chance) - np.log1p(-chance)
    return found
