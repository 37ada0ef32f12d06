"""Diversity: lists of unlike items where it is asked for, full, the best first, and as before where it is not."""

from __future__ import annotations

from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.config import RecommendConfig
from stream.durations import DAY
from stream.items import UPDATED
from stream.profiles.profile import Profile
from stream.recommend.blend import best
from stream.recommend.diverse import CONSIDERED, diverse
from stream.recommend.lists import Lists
from stream.recommend.model import ItemsModel
from stream.store.base import Saved

START = 1_700_000_000_000


@given(
    scores=st.lists(st.floats(-5, 5), max_size=40),
    count=st.integers(1, 12),
    weight=st.sampled_from([0.0, 0.3, 0.9]),
    kinds=st.integers(1, 6),
)
def test_full_distinct_the_best_first_and_without_weight_the_best(
    scores: list[float], count: int, weight: float, kinds: int
) -> None:
    given_, kind = np.array(scores), np.arange(len(scores)) % kinds
    found = diverse(given_, count, weight, lambda place: (kind == kind[place]).astype(np.float64)).tolist()
    assert len(found) == len(set(found)) == min(count, len(scores))
    assert found[:1] == best(given_, 1).tolist()
    assert set(found) <= set(best(given_, CONSIDERED * count).tolist())
    if weight == 0.0:
        assert given_[found].tolist() == given_[best(given_, count)].tolist()


def shop(diversity: float, told: bool) -> Lists:
    """Ten bags, ordered together and more than anything else, and ten other things."""
    lists = Lists(RecommendConfig(diversity=diversity, exclude_bought=None), Saved(0), ItemsModel({}, ()))
    bags, others = [f"bag{number}" for number in range(10)], [f"thing{number}" for number in range(10)]
    for number in range(40):
        lists.counts.learn_order(bags if not told else [bags[number % 10]], START)
        if number % 4 == 0:
            lists.counts.learn_order([others[number // 4]], START)
    if told:
        for place, (bag, other) in enumerate(zip(bags, others, strict=True)):
            lists.counts.tell(UPDATED, {"product_id": bag, "name": f"Jumbo bag {place}", "category": "bags"})
            lists.counts.tell(UPDATED, {"product_id": other, "name": f"Other{place} what{place}"})
    return lists


@pytest.mark.parametrize("told", [True, False], ids=["by content", "by what is ordered together"])
def test_a_list_of_bags_becomes_one_of_a_bag_and_other_things(told: bool) -> None:
    kinds = []
    for diversity in (0.0, 0.6):
        found = shop(diversity, told).recommend(Profile("ann", array("d"), []), START + DAY, 8)
        assert len({one.item for one in found}) == 8
        kinds.append([one.item[:3] for one in found])
    plain, spread = kinds
    assert plain == ["bag"] * 8
    assert spread[0] == "bag"
    assert spread.count("bag") <= 3
