"""An adaptive random forest: the newest examples, and trees of them that take turns in being grown anew."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from stream.preprocessing.pipeline import Preprocessing
from stream.propensity.classifiers.base import Array, Labels, Learner, plain
from stream.propensity.classifiers.trees import Tree, Trees, TreesPart, vote
from stream.target import Target

WINDOW = 8_192
"""Examples of a partition that its trees are grown from, the newest ones."""

TREES = 32
"""Of a partition; a merged forest has as many for each partition."""

RENEW = 128
"""Examples after which the oldest tree is grown anew: none is older than 4,096 examples."""

_LEAVES = 128
_LEAST = 5  # examples in a leaf
_LARGEST = 3e38  # of single precision


class ForestLearner(Learner):
    """Bagged trees of the newest examples, a few of which are replaced with each block.

    Each tree is grown by scikit-learn from a bootstrap of the window, looking at √d features a split (Breiman, 2001),
    and kept as arrays. Renewing the oldest members from the newest data is how ensembles follow drift (Wang, Fan, Yu,
    Han, 2003, "Mining Concept-Drifting Data Streams using Ensemble Classifiers").
    """

    part = TreesPart
    classifier = Trees

    def __init__(self, target: Target, scaling: Preprocessing) -> None:
        super().__init__(target, scaling)
        self._examples = 0
        self._grown = 0  # trees so far, which seeds the next
        self._trees: list[Tree] = []  # oldest first
        self._rows = np.empty((0, self._width), dtype=np.float32)  # in units that no scaling changes
        self._labels = np.empty(0, dtype=np.bool_)
        self._frozen: Trees | None = None

    def learn_many(self, standard: Array, labels: Labels) -> Array:
        if self._frozen is None:
            self._frozen = vote(self._trees, np.full(len(self._trees), 1.0 / max(len(self._trees), 1)), self._scaling)
        logits = self._frozen.logits_many(standard)
        rows = np.clip(plain(standard, self._scaling), -_LARGEST, _LARGEST).astype(np.float32)
        self._rows = np.concatenate([self._rows, rows])[-WINDOW:]
        self._labels = np.concatenate([self._labels, labels])[-WINDOW:]
        before, self._examples = self._examples, self._examples + len(labels)
        fresh = self._examples // RENEW - before // RENEW
        if before.bit_length() < self._examples.bit_length() and before < WINDOW:
            fresh = TREES  # the first trees are of few examples: all anew each time there are twice as many
        self._trees = (self._trees + [self._grow() for _ in range(min(fresh, TREES))])[-TREES:]
        self._frozen = None
        return logits

    def contribute(self) -> TreesPart:
        return TreesPart.of(self._examples, self._trees)

    def adopt(self, scaling: Preprocessing, classifier: Any, marks: Any) -> None:
        super().adopt(scaling, classifier, marks)
        self._frozen = None

    def state(self) -> Any:
        return [
            self._examples,
            self._grown,
            [tree.pack() for tree in self._trees],
            self._rows.tobytes(),
            np.packbits(self._labels).tobytes(),
        ]

    def restore(self, state: Any) -> None:
        self._examples, self._grown, trees, rows, labels = state
        self._trees = [Tree.unpack(packed) for packed in trees]
        self._rows = np.frombuffer(rows, dtype=np.float32).reshape(-1, self._width)
        bits = np.frombuffer(labels, dtype=np.uint8)
        self._labels = np.unpackbits(bits, count=len(self._rows)).astype(np.bool_)

    def _grow(self) -> Tree:
        draw = np.random.default_rng([self._target.seed, self._grown])
        self._grown += 1
        chosen = np.sort(draw.integers(len(self._labels), size=len(self._labels)))
        rows, labels = self._rows[chosen], self._labels[chosen]
        found = DecisionTreeClassifier(
            max_features="sqrt",
            min_samples_leaf=_LEAST,
            max_leaf_nodes=_LEAVES,
            random_state=int(draw.integers(2**31)),
        ).fit(rows, labels)
        return _arrays(found.tree_, found.classes_)


def _arrays(grown: Any, classes: NDArray[np.bool_]) -> Tree:
    count = grown.weighted_n_node_samples[:, None]
    mass = np.zeros((len(count), 2))
    mass[:, classes.astype(np.intp)] = grown.value[:, 0, :] * count
    feature = np.maximum(grown.feature, -1).astype(np.int32)
    left, right = grown.children_left.astype(np.int32), grown.children_right.astype(np.int32)
    return Tree.grown(feature, grown.threshold, left, right, mass)
