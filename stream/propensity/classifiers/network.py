"""A small neural network: one hidden layer, learnt block by block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from sklearn.neural_network import MLPClassifier

from stream.preprocessing.pipeline import Preprocessing
from stream.propensity.classifiers.base import Array, Classifier, Labels, Learner, Part, chances, log_odds, plain
from stream.propensity.classifiers.shapley import sampled
from stream.target import Target

HIDDEN = 16
_RATE = 0.005
_BATCH = 16
_WILDEST = 10.0  # standard deviations
_SURE = 1e-12


class Layers(NamedTuple):
    """Weights of one network.

    Attributes
    ----------
    mean, std
        By which it standardises its input, shape [d].
    inner, inner_bias
        Of the hidden layer, shape [d, HIDDEN] and [HIDDEN].
    outer, outer_bias
        Of the log-odds, shape [HIDDEN] and [1].
    """

    mean: Array
    std: Array
    inner: Array
    inner_bias: Array
    outer: Array
    outer_bias: Array

    def logits_many(self, rows: Array) -> Array:
        """Log-odds of rows [n, d], shape [n]; summed column by column, so that a row never sees its neighbours."""
        hidden = np.tile(self.inner_bias, (len(rows), 1))
        for column, weights in enumerate(self.inner):
            z = np.clip((rows[:, column] - self.mean[column]) / self.std[column], -_WILDEST, _WILDEST)
            hidden += z[:, None] * weights
        np.maximum(hidden, 0.0, out=hidden)
        logits = np.full(len(rows), self.outer_bias[0])
        for place, weight in enumerate(self.outer.tolist()):
            logits += weight * hidden[:, place]
        return logits

    def pack(self) -> tuple[bytes, ...]:
        """Plain values for msgpack; floats exact."""
        return tuple(array.tobytes() for array in self)

    @classmethod
    def unpack(cls, packed: Sequence[bytes]) -> Layers:
        """Reverse of `pack`."""
        mean, std, inner, *others = (np.frombuffer(part) for part in packed)
        return cls(mean, std, inner.reshape(len(mean), -1), *others)

    def standardised(self, scaling: Preprocessing) -> Layers:
        """The same network over features standardised by `scaling`."""
        std = np.where(scaling.std > 0, scaling.std, 1.0)
        return self._replace(mean=(self.mean - scaling.mean) / std, std=self.std / std)


@dataclass(frozen=True, eq=False)
class Networks(Classifier):
    """A vote of networks: the weighted mean of their chances, as log-odds.

    Attributes
    ----------
    members
        Over standardised features.
    weights
        Of the votes; they sum to 1. Without members, the chance is a half.
    """

    members: tuple[Layers, ...]
    weights: tuple[float, ...]

    @property
    def base(self) -> float:  # type: ignore[override]
        """Log-odds of the mean row."""
        width = len(self.members[0].mean) if self.members else 0
        return float(self.logits_many(np.zeros((1, width)))[0])

    def logits_many(self, standard: Array) -> Array:
        if not self.members:
            return np.zeros(len(standard))
        total = np.zeros(len(standard))
        for weight, member in zip(self.weights, self.members, strict=True):
            total += weight * chances(member.logits_many(standard))
        return log_odds(np.clip(total, _SURE, 1.0 - _SURE))

    def terms(self, row: Array) -> Array:
        """Shapley values against the mean row, from 32 orders of the features (see `shapley.sampled`)."""
        return sampled(self.logits_many, row)

    def to_dict(self) -> dict[str, Any]:
        return {
            "members": [{name: array.tolist() for name, array in one._asdict().items()} for one in self.members],
            "weights": list(self.weights),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        members = (
            Layers(**{name: np.array(array, dtype=np.float64) for name, array in one.items()})
            for one in values["members"]
        )
        return cls(tuple(members), tuple(values["weights"]))


@dataclass(frozen=True, eq=False)
class NetworksPart(Part):
    """The networks of some partitions: merging puts them side by side.

    The merged classifier is their soft vote, each weighted by the examples that its partition has learnt. Averaging
    weights, as for logistic regression, would need all partitions to go on from one network.

    Attributes
    ----------
    members
        Of each partition the examples learnt, and its network over plain features (see `Layers.pack`).
    """

    members: tuple[tuple[int, tuple[bytes, ...]], ...]

    def plus(self, other: Self) -> Self:
        return type(self)(tuple(sorted(self.members + other.members)))

    def freeze(self, scaling: Preprocessing) -> Networks:
        whole = sum(examples for examples, _ in self.members)
        members = tuple(Layers.unpack(packed).standardised(scaling) for _, packed in self.members)
        return Networks(members, tuple(examples / whole for examples, _ in self.members))

    def to_list(self) -> list[Any]:
        return [[examples, list(packed)] for examples, packed in self.members]

    @classmethod
    def from_list(cls, values: list[Any]) -> Self:
        return cls(tuple((examples, tuple(packed)) for examples, packed in values))


class NetworkLearner(Learner):
    """scikit-learn's `MLPClassifier.partial_fit` with Adam, a block at a time.

    What it knows is its weights and Adam's moments, which are kept as numbers. Its input is standardised by the scaling
    that there was at its birth, so that a new scaling leaves it as it is.
    """

    part = NetworksPart
    classifier = Networks

    def __init__(self, target: Target, scaling: Preprocessing) -> None:
        super().__init__(target, scaling)
        self._examples = 0
        self._mean, self._std = scaling.mean, np.where(scaling.std > 0, scaling.std, 1.0)
        self._network = MLPClassifier(
            (HIDDEN,), batch_size=1, learning_rate_init=_RATE, random_state=target.seed % 2**31
        )
        self._start()

    def learn_many(self, standard: Array, labels: Labels) -> Array:
        rows = plain(standard, self._scaling)
        logits = self._layers().logits_many(rows)
        own = np.clip((rows - self._mean) / self._std, -_WILDEST, _WILDEST)
        self._network.batch_size = min(_BATCH, len(labels))
        self._network.partial_fit(own, labels)
        self._network.loss_curve_.clear()  # it would grow for ever
        self._examples += len(labels)
        return logits

    def contribute(self) -> NetworksPart:
        return NetworksPart(((self._examples, self._layers().pack()),) if self._examples else ())

    def state(self) -> Any:
        optimizer = self._network._optimizer
        arrays = (*self._parameters(), *optimizer.ms, *optimizer.vs)
        return [
            self._examples,
            optimizer.t,
            self._mean.tobytes(),
            self._std.tobytes(),
            [array.tobytes() for array in arrays],
        ]

    def restore(self, state: Any) -> None:
        self._examples, steps, mean, std, arrays = state
        self._mean, self._std = np.frombuffer(mean), np.frombuffer(std)
        optimizer = self._network._optimizer
        optimizer.t = steps
        for array, packed in zip((*self._parameters(), *optimizer.ms, *optimizer.vs), arrays, strict=True):
            array[...] = np.frombuffer(packed).reshape(array.shape)

    def _parameters(self) -> list[Array]:
        return [*self._network.coefs_, *self._network.intercepts_]

    def _layers(self) -> Layers:
        (inner, outer), (inner_bias, outer_bias) = self._network.coefs_, self._network.intercepts_
        return Layers(self._mean, self._std, inner, inner_bias, outer[:, 0], outer_bias)

    def _start(self) -> None:
        """Let scikit-learn draw the first weights and make Adam's moments, which it does at a first example only."""
        self._network.partial_fit(np.zeros((1, self._width)), [False], classes=[False, True])
        self._network._optimizer.t = 0
        for moments in (*self._network._optimizer.ms, *self._network._optimizer.vs):
            moments[...] = 0.0
        self._network.intercepts_[-1][...] = 0.0
        self._network.coefs_[0][self._scaling.std <= 0] = 0.0  # nothing is known of what has not varied yet
