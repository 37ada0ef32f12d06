"""Select: the features that tell most about a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from river import base

from stream.preprocessing.frozen import Array, Frozen
from stream.preprocessing.sample import RowSample
from stream.preprocessing.scores import Score, scores
from stream.preprocessing.settings import Measured, SelectStep
from stream.preprocessing.statistics import in_order
from stream.preprocessing.subset import FrozenSubset
from stream.preprocessing.transformer import Step
from stream.rows import Name, as_given, is_dicts


@dataclass(frozen=True, eq=False)
class FrozenSelect(FrozenSubset):
    """Columns that stay for what they tell.

    Attributes
    ----------
    mean
        What `inverse` puts into each column that does not stay, shape [d]: the sample's mean.
    scores
        Of all columns, shape [d]; 0 for the target.
    target
        Its place.
    measure
        "mutual_information" or "f".
    """

    step: ClassVar[str] = "select"
    mean: Array
    scores: Array
    target: int
    measure: str

    @classmethod
    def declared(cls, columns: Array, settings: SelectStep, features: Sequence[Measured]) -> Self:
        """By a sample, columns [d, n] without missing values, of which the target is one; it does not stay."""
        columns = in_order(columns)
        target = [feature.name for feature in features].index(settings.target)
        found = scores(columns, columns[target].tolist(), settings.score)
        found[target] = 0.0
        mean = columns.mean(axis=1) if columns.shape[1] else np.zeros(len(columns))
        order = [place for place in np.argsort(-found, kind="stable").tolist() if place != target]
        kept = np.array(sorted(order[: settings.k]), dtype=np.intp)
        return cls(kept, len(columns), mean, found, target, settings.score)

    def inverse(self, columns: Array) -> Array:
        out = np.repeat(self.mean[:, None], columns.shape[1], axis=1)
        out[self.kept] = columns
        return out


class SelectKBest(Step[RowSample], base.SupervisedTransformer):  # type: ignore[misc]
    """The k features that tell most about a target.

    Scores are those of a uniform sample of rows with their targets (`RowSample`), which merges exactly.

    Parameters
    ----------
    k
        Number of features that stay.
    score
        "mutual_information", which sees dependence of any shape, or "f", which sees straight lines.
    sample
        Rows that scores are taken of.

    Examples
    --------
    >>> select = SelectKBest(k=1)
    >>> for number in range(50):
    ...     select.learn_one({"spend": number, "shoe": number * 7 % 5}, number > 25)
    >>> select.transform_one({"spend": 3.0, "shoe": 4.0})
    {'spend': 3.0}
    >>> select.scores["spend"] > select.scores["shoe"]
    True
    """

    def __init__(self, k: int = 10, score: Score = "mutual_information", sample: int = 1_024) -> None:
        if k < 1 or score not in ("mutual_information", "f"):
            raise ValueError("k must be at least 1, and score mutual_information or f")
        self.k = k
        self.score = score
        self.sample = sample
        self._begin(RowSample(sample))

    @property
    def _supervised(self) -> bool:
        return True

    @property
    def scores(self) -> dict[Name, float]:
        """Feature -> score."""
        sample = self._state
        found = scores(sample.of(sample.names).T, sample.targets, self.score)
        return dict(zip(sample.names, found.tolist(), strict=True))

    def learn_one(self, x: Mapping[Any, Any], y: Any) -> None:  # type: ignore[override]
        """Learn from one row and its target: a number, or a class."""
        names = list(x)
        self._learn(names, np.array([[x[name] for name in names]], dtype=np.float64), [_plain(y)])

    def learn_many(self, X: Any, y: Sequence[Any]) -> None:  # type: ignore[override]
        """Learn from rows [n, d] and their targets [n].

        Raises
        ------
        ValueError
            Where there are not as many targets as rows.
        """
        targets = [_plain(target) for target in y]
        if len(targets) != len(X):
            raise ValueError(f"{len(X)} rows, but {len(targets)} targets")
        if is_dicts(X):
            for x, target in zip(X, targets, strict=True):
                self.learn_one(x, target)
        elif len(X):
            self._learn(*as_given(X), targets)

    def _freeze(self, names: Sequence[Name]) -> Frozen:
        found = self.scores
        best = sorted(found, key=lambda name: -found[name])[: self.k]  # a stable sort: names decide between equals
        return FrozenSubset.without([name for name in found if name not in best], names)


def _plain(target: Any) -> Any:
    """A numpy scalar as Python's own, so that states do not depend on which was given."""
    return target.item() if isinstance(target, np.generic) else target
