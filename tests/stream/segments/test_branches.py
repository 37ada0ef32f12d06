"""The hierarchy as people see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from stream.config import EngineConfig
from stream.errors import InputError
from stream.segments.branches import Branch, branches
from stream.segments.learner import learn
from stream.segments.model import SegmentsModel

Make = Callable[..., NDArray[np.float64]]
Config = Callable[..., EngineConfig]


def learnt(customers: Make, settings: EngineConfig) -> SegmentsModel:
    model = learn(customers(900), settings, None)
    assert model is not None
    return model


def ends(branch: Branch) -> Iterator[Branch]:
    if not branch.parts:
        yield branch
    for part in branch.parts:
        assert part.height <= branch.height
        yield from ends(part)


@pytest.mark.parametrize("k", [None, 1, 2, 8])
def test_all_customers_part_into_k_groups(k: int | None, customers: Make, config: Config) -> None:
    settings = config(algorithm="hierarchical")
    model = learnt(customers, settings)
    top = branches(model, settings.features, k)
    groups = list(ends(top))
    assert top.size == sum(group.size for group in groups) == 900
    assert len(groups) == (5 if k is None else k)
    assert len({group.name for group in groups}) == len(groups)
    if k is None:
        assert sorted((*group.segments, group.name, group.size) for group in groups) == sorted(
            zip(model.ids, model.names, model.sizes, strict=True)
        )


def test_without_a_hierarchy_or_out_of_range_is_a_clear_error(customers: Make, config: Config) -> None:
    settings = config(algorithm="hierarchical")
    with pytest.raises(InputError, match="between 1 and"):
        branches(learnt(customers, settings), settings.features, 999)
    with pytest.raises(InputError, match="hierarchical"):
        branches(learnt(customers, config()), settings.features)
