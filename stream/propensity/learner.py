"""A partition's classifier, learning from labels as they resolve."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log

import msgpack
import numpy as np
from numpy.typing import NDArray

from stream.preprocessing.pipeline import Preprocessing
from stream.propensity.calibration import HALF_LIFE, Outcomes
from stream.propensity.classifiers.registry import learner_of
from stream.propensity.contribution import Contribution
from stream.propensity.model import PropensityModel
from stream.target import Target

BLOCK = 256
"""Examples that are learnt together."""

_SHORTEST = 20.0  # examples; of a partition that has hardly any


class PropensityLearner:
    """One target's classifier in one partition: it keeps examples until a block is full, and learns them in order.

    When blocks are cut is decided by the examples and by the calls of `snapshot` and `adopt`, never by `to_bytes`: the
    bytes hold whatever waits, so that saving and loading anywhere changes nothing.

    Parameters
    ----------
    target
        Settings: kind of classifier, share of negatives that is learnt, and what the kind reads.
    features
        Names of the columns, d of them.
    scaling
        Standardises raw rows; replaced at each adoption, what was learnt being carried over.
    """

    def __init__(self, target: Target, features: tuple[str, ...], scaling: Preprocessing) -> None:
        self._target = target
        self._features = features
        self._scaling = scaling
        self._examples = 0
        self._positives = 0
        self._rows: list[Sequence[float]] = []  # that wait
        self._labels: list[bool] = []
        self._outcomes = Outcomes()
        self._learner = learner_of(target.classifier)(target, scaling)
        self._packed: bytes | None = None  # all but what waits

    def learn(self, row: Sequence[float], happened: bool) -> None:
        """Learn one example: its raw features, d of them, and whether the target came about."""
        self._rows.append(row)
        self._labels.append(happened)
        if len(self._rows) == BLOCK:
            self._learn_waiting()

    def learn_many(self, rows: NDArray[np.float64], labels: NDArray[np.bool_]) -> None:
        """Learn raw rows [n, d] and their labels [n] in order, as `learn` would one by one."""
        start = 0
        while start < len(labels):
            end = start + BLOCK - len(self._rows)
            self._rows += list(rows[start:end])
            self._labels += labels[start:end].tolist()
            start = end
            if len(self._rows) == BLOCK:
                self._learn_waiting()

    def snapshot(self) -> Contribution:
        """What the partition contributes now."""
        self._learn_waiting()
        self._packed = None
        part = self._learner.contribute()
        marks = (part.mark,) if part.mark else ()
        return Contribution(
            self._target.classifier, self._examples, self._positives, part, self._outcomes.bins.copy(), marks
        )

    def adopt(self, scaling: Preprocessing, model: PropensityModel | None) -> None:
        """Go on from the merged model, plus what was learnt since the contribution in it; nothing is lost.

        One of another kind or of other features has nothing to go on from, and is left aside.
        """
        self._learn_waiting()
        self._packed = None
        self._scaling = scaling
        if model is None or not model.fits(self._target, self._features):
            self._learner.adopt(scaling, None, ())
        else:
            self._learner.adopt(scaling, model.classifier, model.marks)
            share = min(self._examples / max(model.examples, 1), 1.0)
            self._outcomes.half_life = max(HALF_LIFE * share, _SHORTEST)

    def to_bytes(self) -> bytes:
        """The whole state; floats exact."""
        if self._packed is None:
            self._packed = msgpack.packb(
                {
                    "features": list(self._features),
                    "scaling": self._scaling.to_dict(),
                    "counts": [self._examples, self._positives],
                    "outcomes": [self._outcomes.bins.tobytes(), self._outcomes.half_life],
                    "learner": self._learner.state(),
                }
            )
        packed: bytes = msgpack.packb(
            [self._packed, np.array(self._rows, dtype=np.float64).tobytes(), bytes(self._labels)]
        )
        return packed

    @classmethod
    def from_bytes(cls, packed: bytes, target: Target) -> PropensityLearner:
        """Reverse of `to_bytes`."""
        state, rows, labels = msgpack.unpackb(packed)
        values = msgpack.unpackb(state, strict_map_key=False)
        learner = cls(target, tuple(values["features"]), Preprocessing.from_dict(values["scaling"]))
        learner._examples, learner._positives = values["counts"]
        bins, half_life = values["outcomes"]
        learner._outcomes = Outcomes(np.frombuffer(bins).reshape(2, -1).copy(), half_life)
        learner._learner.restore(values["learner"])
        learner._rows = list(np.frombuffer(rows).reshape(len(labels), -1)) if labels else []
        learner._labels = [bool(label) for label in labels]
        learner._packed = state
        return learner

    def _learn_waiting(self) -> None:
        if not self._rows:
            return
        rows, labels = np.array(self._rows, dtype=np.float64), np.array(self._labels, dtype=np.bool_)
        self._rows, self._labels, self._packed = [], [], None
        chosen, share = self._chosen(labels), self._target.negatives
        if len(chosen):
            standard = self._scaling.standardise_many(rows[chosen])
            logits = self._learner.learn_many(standard, labels[chosen]) + log(share)
            self._outcomes.note_many(logits, labels[chosen], 1.0 / share)
        self._examples += len(labels)
        self._positives += int(labels.sum())

    def _chosen(self, labels: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Places of the positives, and of a share of the negatives, evenly spaced."""
        share, number = self._target.negatives, self._examples - self._positives
        places = []
        for place, happened in enumerate(labels.tolist()):
            if not happened:
                number += 1
            if happened or floor(number * share) > floor((number - 1) * share):
                places.append(place)
        return np.array(places, dtype=np.intp)
