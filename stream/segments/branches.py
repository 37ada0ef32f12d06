"""The hierarchy of segments from the top down to k groups, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stream.config import Feature
from stream.errors import InputError
from stream.segments.model import SegmentsModel
from stream.segments.naming import name_segments


class Branch(NamedTuple):
    """A part of the customers.

    Attributes
    ----------
    name
        Of a group at the cut; empty above it.
    segments
        Ids of the present segments that have customers here.
    size
        Customers of the sample.
    height
        At which the two parts join: the square root of twice the error that this adds; 0 at the cut.
    parts
        Two, or none at the cut.
    """

    name: str
    segments: tuple[str, ...]
    size: int
    height: float
    parts: tuple[Branch, ...] = ()


def branches(model: SegmentsModel, features: Sequence[Feature], k: int | None = None) -> Branch:
    """All customers, and how they part into k groups.

    Parameters
    ----------
    model
        Segments as they were learnt, by the hierarchical algorithm.
    features
        Declared features, for the names of groups that are no segments.
    k
        Groups at the cut; None: the present segments.

    Raises
    ------
    InputError
        Where there is no hierarchy, or k is not between 1 and the number of micro-clusters.
    """
    present = len(model.ids)
    k = present if k is None else k
    groups, tree = model.cut(k), model.tree
    if tree is None:
        raise InputError("there is no hierarchy")  # `cut` has said so before
    names = model.names if k == present else _names(model, groups, k, features)
    found: dict[int, Branch] = {}
    for node, group in sorted(set(zip(tree.nodes(k).tolist(), groups.tolist(), strict=True))):
        own = groups == group
        ids = tuple(model.ids[place] for place in np.unique(model.owners[own]).tolist())
        found[node] = Branch(names[group], ids, round(float(tree.weights[own].sum())), 0.0)
    leaves = len(tree.weights)
    for step in range(leaves - k, leaves - 1):
        left, right = (found.pop(node) for node in tree.merges[step, :2].astype(np.intp).tolist())
        parts = (left, right) if left.size >= right.size else (right, left)
        ids = tuple(segment for segment in model.ids if segment in left.segments or segment in right.segments)
        found[leaves + step] = Branch("", ids, left.size + right.size, float(tree.merges[step, 2]), parts)
    (top,) = found.values()
    return top


def _names(model: SegmentsModel, groups: np.ndarray, k: int, features: Sequence[Feature]) -> tuple[str, ...]:
    """Names of groups, by their weighted means."""
    weights = np.ones(0) if model.tree is None else model.tree.weights
    means = np.array([np.average(model.points[groups == g], axis=0, weights=weights[groups == g]) for g in range(k)])
    z = model.scaling.standardise_scaled(model.points)
    spread = z - np.average(z, axis=0, weights=weights)
    joint = (weights[:, None] * spread).T @ spread
    scale = np.sqrt(np.maximum(np.diag(joint), 1e-12))
    return name_segments(
        [f"g{group}" for group in range(k)],
        model.scaling.standardise_scaled(means),
        model.scaling.inverse(means),
        features,
        joint / scale / scale[:, None],
        {},
        {},
    ).names
