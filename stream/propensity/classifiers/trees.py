"""Decision trees as arrays: a frozen vote of trees, and what partitions contribute to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from stream.preprocessing.pipeline import Preprocessing
from stream.propensity.classifiers.base import Array, Classifier, Part, log_odds

Places = NDArray[np.int32]

VOTERS = 64
"""Trees in a merged classifier at most."""

_PRIOR = 5.0  # examples' worth of belief that a node is like its parent
_NEAR = 1e-9  # as a difference of chances: nearer than this, the slope of the log-odds is taken for the chord


class Tree(NamedTuple):
    """One tree; node 0 is its root.

    Attributes
    ----------
    feature
        Column that a node asks about, -1 for a leaf, shape [nodes].
    threshold
        Rows up to it go left.
    left, right
        Nodes that follow.
    chance
        Share of positives among a node's examples, drawn to that of its parent as by five examples of it.
    """

    feature: Places
    threshold: Array
    left: Places
    right: Places
    chance: Array

    @classmethod
    def grown(cls, feature: Places, threshold: Array, left: Places, right: Places, mass: Array) -> Tree:
        """From the counts of negatives and positives at each node, shape [nodes, 2]; children come after parents.

        A leaf's chance by its own few examples would be extreme: it is smoothed towards its parent's, and so on up to
        the root, which starts from a half (m-estimates along the path; Cestnik, 1990; Provost and Domingos, 2003).
        """
        count, chance = mass.sum(axis=1), np.empty(len(mass))
        believed = np.full(len(mass), 0.5)
        for node in range(len(mass)):
            chance[node] = (mass[node, 1] + _PRIOR * believed[node]) / (count[node] + _PRIOR)
            if feature[node] >= 0:
                believed[left[node]] = believed[right[node]] = chance[node]
        return cls(feature, threshold, left, right, chance)

    def leaves_of(self, rows: Array) -> NDArray[np.intp]:
        """The leaf of each row [n, d], shape [n]."""
        return _descend(self.feature, self.threshold, self.left, self.right, rows, np.zeros(len(rows), dtype=np.intp))

    def pack(self) -> list[bytes]:
        """Plain values for msgpack; floats exact."""
        return [array.tobytes() for array in self]

    @classmethod
    def unpack(cls, packed: Sequence[bytes]) -> Tree:
        """Reverse of `pack`."""
        kinds = (np.int32, np.float64, np.int32, np.int32, np.float64)
        return cls(*(np.frombuffer(part, dtype=kind) for part, kind in zip(packed, kinds, strict=True)))


@dataclass(frozen=True, eq=False)
class Trees(Classifier):
    """A vote of trees: the weighted mean of their chances, as log-odds.

    Attributes
    ----------
    tree
        All trees' nodes one after the other, for standardised features.
    roots
        Where each tree begins, shape [trees].
    weights
        Of the votes, shape [trees]; they sum to 1. Without trees, the chance is a half.
    """

    tree: Tree
    roots: Places
    weights: Array

    @property
    def base(self) -> float:  # type: ignore[override]
        """Log-odds of the vote of the roots: of all that the trees were grown from."""
        return float(log_odds(np.array(self._voted(self.tree.chance[self.roots]))))

    def logits_many(self, standard: Array) -> Array:
        if not len(self.roots):
            return np.zeros(len(standard))
        total = np.zeros(len(standard))
        for root, weight in zip(self.roots.tolist(), self.weights.tolist(), strict=True):
            start = np.full(len(standard), root, dtype=np.intp)
            leaves = _descend(*self.tree[:4], standard, start)
            total += weight * self.tree.chance[leaves]
        return log_odds(total)

    def terms(self, row: Array) -> Array:
        """By the trees' paths: each step from a node to its child moves the chance, and that is its feature's.

        Their sum over trees is the way from the roots' chance to the vote; it is stretched so that it is the way in
        log-odds.

        Sources: Palczewska et al., "Interpreting random forest classification models using a feature contribution
        method" (2013); Saabas' treeinterpreter.
        """
        found = np.zeros(len(row))
        feature, threshold, left, right, chance = self.tree
        start, end = 0.5, 0.5
        if len(self.roots):
            leaves = []
            for root, weight in zip(self.roots.tolist(), self.weights.tolist(), strict=True):
                node = root
                while feature[node] >= 0:
                    child = left[node] if row[feature[node]] <= threshold[node] else right[node]
                    found[feature[node]] += weight * (chance[child] - chance[node])
                    node = child
                leaves.append(node)
            start, end = self._voted(chance[self.roots]), self._voted(chance[leaves])
        if abs(end - start) > _NEAR:
            way = log_odds(np.array([start, end]))
            return found * (float(way[1] - way[0]) / (end - start))
        return found / (start * (1.0 - start))

    def _voted(self, chances: Array) -> float:
        total = 0.0
        for weight, chance in zip(self.weights.tolist(), chances.tolist(), strict=True):
            total += weight * chance
        return total if len(chances) else 0.5

    def to_dict(self) -> dict[str, Any]:
        return {
            **{name: array.tolist() for name, array in self.tree._asdict().items()},
            "roots": self.roots.tolist(),
            "weights": self.weights.tolist(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        tree = Tree(
            np.array(values["feature"], dtype=np.int32),
            np.array(values["threshold"], dtype=np.float64),
            np.array(values["left"], dtype=np.int32),
            np.array(values["right"], dtype=np.int32),
            np.array(values["chance"], dtype=np.float64),
        )
        weights = np.array(values["weights"], dtype=np.float64)
        return cls(tree, np.array(values["roots"], dtype=np.int32), weights)


@dataclass(frozen=True, eq=False)
class TreesPart(Part):
    """The trees of some partitions, in units that no scaling changes: merging puts them side by side.

    The merged classifier is their soft vote: each partition's trees vote with the share of the examples that the
    partition has learnt. So it is not the tree that all examples together would have given, but a committee of those
    that each partition's did. Of many partitions only the newest trees of each are asked, 64 in all, so that a model's
    size and the time of a score do not grow with the number of partitions.

    Attributes
    ----------
    members
        Of each partition the examples learnt, and its trees, oldest first (see `Tree.pack`).
    """

    members: tuple[tuple[int, tuple[tuple[bytes, ...], ...]], ...]

    @classmethod
    def of(cls, examples: int, trees: Sequence[Tree]) -> Self:
        """Of one partition."""
        return cls(((examples, tuple(tuple(tree.pack()) for tree in trees)),) if trees else ())

    def plus(self, other: Self) -> Self:
        return type(self)(tuple(sorted(self.members + other.members)))

    def freeze(self, scaling: Preprocessing) -> Trees:
        members = sorted(self.members, key=lambda member: -member[0])[:VOTERS]  # those alike keep their order
        whole = max(sum(examples for examples, _ in members), 1)
        share = max(VOTERS // max(len(members), 1), 1)
        trees = [
            (Tree.unpack(packed), examples / whole / len(grown[-share:]))
            for examples, grown in members
            for packed in grown[-share:]
        ]
        return vote([tree for tree, _ in trees], np.array([weight for _, weight in trees]), scaling)

    def to_list(self) -> list[Any]:
        return [[examples, [list(packed) for packed in grown]] for examples, grown in self.members]

    @classmethod
    def from_list(cls, values: list[Any]) -> Self:
        return cls(tuple((examples, tuple(tuple(packed) for packed in grown)) for examples, grown in values))


def vote(trees: Sequence[Tree], weights: Array, scaling: Preprocessing) -> Trees:
    """A vote of trees over plain features, for features standardised by `scaling`."""
    sizes = [len(tree.feature) for tree in trees]
    roots = np.cumsum([0, *sizes])[:-1].astype(np.int32) if sizes else np.zeros(0, dtype=np.int32)
    columns = [np.concatenate(column) for column in zip(*trees, strict=True)] if trees else [np.zeros(0)] * 5
    feature, threshold, left, right, chance = columns
    inside, offset = feature >= 0, np.repeat(roots, sizes)
    asked = np.where(inside, feature, 0).astype(np.int32)
    std, mean = scaling.std[asked], scaling.mean[asked]
    with np.errstate(divide="ignore", invalid="ignore"):
        standard = (threshold - mean) / std
    # a feature without spread is 0 for every row, whose plain value is the mean
    standard = np.where(std > 0, standard, np.where(mean <= threshold, np.inf, -np.inf))
    nodes = Tree(
        feature.astype(np.int32),
        np.where(inside, standard, 0.0),
        np.where(inside, left + offset, 0).astype(np.int32),
        np.where(inside, right + offset, 0).astype(np.int32),
        chance,
    )
    return Trees(nodes, roots, weights)


def _descend(
    feature: Places, threshold: Array, left: Places, right: Places, rows: Array, nodes: NDArray[np.intp]
) -> NDArray[np.intp]:
    """From given nodes down to the leaves, level by level."""
    active = np.flatnonzero(feature[nodes] >= 0)
    while len(active):
        here = nodes[active]
        goes_left = rows[active, feature[here]] <= threshold[here]
        nodes[active] = np.where(goes_left, left[here], right[here])
        active = active[feature[nodes[active]] >= 0]
    return nodes
