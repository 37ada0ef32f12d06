"""Ward's hierarchy: that of scipy where weights are equal, and cut at any number of groups."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from stream.errors import InputError
from stream.evaluate.clustering import adjusted_rand_index
from stream.segments.algorithms.tree import Tree, ward

POINTS = np.random.default_rng(3).random((40, 3))


def test_with_equal_weights_it_is_scipys() -> None:
    tree, theirs = ward(POINTS, np.ones(40)), linkage(POINTS, "ward")
    assert tree.merges[:, 2] == pytest.approx(theirs[:, 2])
    for k in (1, 2, 5, 17, 40):
        same = fcluster(theirs, k, "maxclust")
        assert adjusted_rand_index(same.tolist(), tree.cut(k).tolist()) == 1.0


def test_a_weight_counts_as_so_many_points() -> None:
    weights = np.random.default_rng(4).integers(1, 4, 40)
    heavy = ward(POINTS, weights.astype(float))
    repeated = ward(np.repeat(POINTS, weights, axis=0), np.ones(weights.sum()))
    for k in (2, 6, 12):
        assert adjusted_rand_index(repeated.cut(k).tolist(), np.repeat(heavy.cut(k), weights).tolist()) == 1.0


def test_cuts_are_nested_and_numbered_as_leaves_come() -> None:
    tree = ward(POINTS, np.ones(40))
    cuts = [tree.cut(k) for k in range(1, 41)]
    for k, groups in enumerate(cuts, start=1):
        assert len(np.unique(groups)) == k
        assert list(dict.fromkeys(groups.tolist())) == list(range(k))
    for coarse, fine in pairwise(cuts):
        assert all(len(set(coarse[fine == group].tolist())) == 1 for group in range(fine.max() + 1))


def test_what_belongs_together_is_joined_first() -> None:
    within = np.arange(40) % 3
    tree = ward(POINTS, np.ones(40), within)
    assert adjusted_rand_index(within.tolist(), tree.cut(3).tolist()) == 1.0
    assert (np.diff(tree.merges[:, 2]) >= 0).all()


def test_leaves_in_another_order_are_the_same_tree() -> None:
    tree, moved = ward(POINTS, np.arange(1.0, 41.0)), np.random.default_rng(0).permutation(40)
    again = tree.renumbered(moved)
    assert again.weights.tolist() == (moved + 1.0).tolist()
    assert adjusted_rand_index(tree.cut(7)[moved].tolist(), again.cut(7).tolist()) == 1.0
    assert Tree.from_dict(json.loads(json.dumps(again.to_dict()))).to_dict() == again.to_dict()


@pytest.mark.parametrize("k", [0, 41])
def test_a_cut_out_of_range_says_the_range(k: int) -> None:
    with pytest.raises(InputError, match="between 1 and 40"):
        ward(POINTS, np.ones(40)).cut(k)


def test_one_leaf_is_a_tree() -> None:
    assert ward(POINTS[:1], np.ones(1)).cut(1).tolist() == [0]
