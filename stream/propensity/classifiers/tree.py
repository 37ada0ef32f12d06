"""A Hoeffding tree: a decision tree that grows with the stream, a leaf splitting once its examples are proof enough."""

from __future__ import annotations

from math import log, sqrt
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtr

from stream.preprocessing.pipeline import Preprocessing
from stream.propensity.classifiers.base import Array, Labels, Learner, log_odds, plain
from stream.propensity.classifiers.naive_bayes import BayesPart
from stream.propensity.classifiers.trees import Tree, Trees, TreesPart
from stream.target import Target

LEAVES = 64
"""At most; with them memory is bounded."""

HALF_LIFE = 10_000
"""Examples of a partition after which one counts half, so that the tree follows what changes."""

_GRACE = 200  # examples of a leaf between two looks at it
_CONFIDENCE = 0.05  # chance that a split is not the best one
_TIE = 0.1  # splits nearer than this are equally good, and one is taken
_CANDIDATES = 16  # thresholds tried for each feature
_LEAST_SHARE = 0.01  # of a leaf's examples on either side of a split


class _Leaf(NamedTuple):
    """What a leaf's examples look like: sums, and range of each feature."""

    sums: BayesPart
    low: Array
    high: Array
    tried: float  # examples when last looked at

    @classmethod
    def fresh(cls, width: int) -> _Leaf:
        sums = BayesPart.of(np.empty((0, width)), np.empty(0, dtype=np.bool_))
        return cls(sums, np.full(width, np.inf), np.full(width, -np.inf), 0.0)


class _Split(NamedTuple):
    feature: int
    threshold: float
    mass: Array  # negatives and positives that go left, shape [2]


class TreeLearner(Learner):
    """Domingos and Hulten's VFDT with Gaussian observers.

    A leaf keeps count, mean and variance of each feature and class. Each 200 examples the information gain of 16
    thresholds a feature is estimated from them; when the best feature beats the second by more than the Hoeffding
    bound, the leaf splits. Old examples fade.

    Notes
    -----
    Sources: Domingos, Hulten (2000), "Mining High-Speed Data Streams"; Pfahringer, Holmes, Kirkby (2008), "Handling
    Numeric Attributes in Hoeffding Trees". It is River's `HoeffdingTreeClassifier` over arrays: rows are learnt by
    blocks, and its state is numbers alone.
    """

    part = TreesPart
    classifier = Trees

    def __init__(self, target: Target, scaling: Preprocessing) -> None:
        super().__init__(target, scaling)
        self._examples = 0
        self._feature, self._threshold, self._left, self._right = [-1], [0.0], [0], [0]
        self._mass = np.zeros((1, 2))  # of leaves
        self._leaves = {0: _Leaf.fresh(self._width)}

    def learn_many(self, standard: Array, labels: Labels) -> Array:
        rows, tree = plain(standard, self._scaling), self._tree()
        leaves = tree.leaves_of(rows)
        self._fade(len(labels))
        self._examples += len(labels)
        for node in np.unique(leaves).tolist():
            own = leaves == node
            self._learn(node, rows[own], labels[own])
        return log_odds(tree.chance[leaves])

    def contribute(self) -> TreesPart:
        return TreesPart.of(self._examples, [self._tree()] if self._examples else [])

    def state(self) -> Any:
        return [
            self._examples,
            [self._feature, self._threshold, self._left, self._right, self._mass.tobytes()],
            [
                [node, leaf.sums.to_list(), leaf.low.tolist(), leaf.high.tolist(), leaf.tried]
                for node, leaf in sorted(self._leaves.items())
            ],
        ]

    def restore(self, state: Any) -> None:
        self._examples, nodes, leaves = state
        self._feature, self._threshold, self._left, self._right, mass = nodes
        self._mass = np.frombuffer(mass).reshape(-1, 2).copy()
        self._leaves = {
            node: _Leaf(BayesPart.from_list(sums), np.array(low), np.array(high), tried)
            for node, sums, low, high, tried in leaves
        }

    def _tree(self) -> Tree:
        mass = self._mass.copy()
        for node in range(len(mass) - 1, -1, -1):  # children come after parents
            if self._feature[node] >= 0:
                mass[node] = mass[self._left[node]] + mass[self._right[node]]
        feature, left, right = (np.array(each, dtype=np.int32) for each in (self._feature, self._left, self._right))
        return Tree.grown(feature, np.array(self._threshold), left, right, mass)

    def _fade(self, count: int) -> None:
        factor = 2.0 ** (-count / HALF_LIFE)
        self._mass *= factor
        for node, leaf in self._leaves.items():
            sums = BayesPart(leaf.sums.count * factor, leaf.sums.mean, leaf.sums.squares * factor)
            self._leaves[node] = leaf._replace(sums=sums, tried=leaf.tried * factor)

    def _learn(self, node: int, rows: Array, labels: Labels) -> None:
        new, old = BayesPart.of(rows, labels), self._leaves[node]
        leaf = _Leaf(
            old.sums.plus(new),
            np.minimum(old.low, rows.min(axis=0)),
            np.maximum(old.high, rows.max(axis=0)),
            old.tried,
        )
        self._mass[node] += new.count
        self._leaves[node] = leaf
        count = float(leaf.sums.count.sum())
        if count - leaf.tried < _GRACE or leaf.sums.count.min() < 1.0 or len(self._leaves) >= LEAVES:
            return
        self._leaves[node] = leaf._replace(tried=count)
        found = _best_split(leaf, sqrt(log(1.0 / _CONFIDENCE) / (2.0 * count)))
        if found is not None:
            self._divide(node, found)

    def _divide(self, node: int, split: _Split) -> None:
        left = len(self._feature)
        self._feature[node], self._threshold[node] = split.feature, split.threshold
        self._left[node], self._right[node] = left, left + 1
        self._feature += [-1, -1]
        self._threshold += [0.0, 0.0]
        self._left += [0, 0]
        self._right += [0, 0]
        self._mass = np.concatenate([self._mass, [split.mass, self._mass[node] - split.mass]])
        del self._leaves[node]
        self._leaves[left], self._leaves[left + 1] = _Leaf.fresh(self._width), _Leaf.fresh(self._width)


def _best_split(leaf: _Leaf, bound: float) -> _Split | None:
    """The best split, where it is surely the best or as good as the second."""
    count, width = leaf.sums.count, len(leaf.low)
    steps = np.arange(1, _CANDIDATES + 1) / (_CANDIDATES + 1)
    thresholds = leaf.low[:, None] + (leaf.high - leaf.low)[:, None] * steps  # [d, candidates]
    deviation = np.sqrt(leaf.sums.squares / np.maximum(count, 1.0)[:, None])
    deviation = np.maximum(deviation, 1e-9 * (leaf.high - leaf.low) + 1e-300)
    share = ndtr((thresholds - leaf.sums.mean[:, :, None]) / deviation[:, :, None])  # [2, d, candidates]
    left = count[:, None, None] * share
    right = count[:, None, None] - left
    sizes = left.sum(axis=0), right.sum(axis=0)
    whole = float(count.sum())
    after = (sizes[0] * _entropy(left) + sizes[1] * _entropy(right)) / whole
    gain = float(_entropy(count[:, None, None])[0, 0]) - after
    gain[np.minimum(*sizes) < _LEAST_SHARE * whole] = -np.inf
    best = gain.argmax(axis=1)
    merits = gain[np.arange(width), best]
    order = np.argsort(-merits, kind="stable")
    first = int(order[0])
    second = max(float(merits[order[1]]), 0.0) if width > 1 else 0.0
    if not merits[first] > 0.0 or not (merits[first] - second > bound or bound < _TIE):
        return None
    place = int(best[first])
    return _Split(first, float(thresholds[first, place]), left[:, first, place].copy())


def _entropy(mass: Array) -> Array:
    """Bits of the classes' shares, by the first axis."""
    shares = mass / np.maximum(mass.sum(axis=0), 1e-12)
    found: Array = -(shares * np.log2(np.maximum(shares, 1e-12))).sum(axis=0)
    return found
