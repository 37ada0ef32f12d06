"""Lists: sensible, deterministic, full, with true reasons, and never an item that is not to be shown."""

from __future__ import annotations

from array import array
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.config import RecommendConfig
from stream.durations import DAY
from stream.profiles.profile import Profile
from stream.recommend.lists import Lists
from stream.recommend.model import ItemsModel
from stream.recommend.ranking import Ranked
from stream.store.base import Saved
from tests.stream.merging import ItemsMerger
from tests.stream.recommend.test_merge import START, planted

CONFIG = RecommendConfig(refresh=10_000, exclude_bought=None)
ORDERS = tuple(planted())
NOW = START + 150 * DAY
ITEMS = ["bag", *(f"t{theme}-{place}" for theme in range(5) for place in range(6))]


@cache
def lists(parts: int = 1, of: int = 0) -> Lists:
    """What partition `of` recommends, of `parts` that have had orders in turn, with the model of all."""
    made = [Lists(CONFIG, Saved(0), None) for _ in range(parts)]
    for place, (items, time) in enumerate(ORDERS):
        made[place % parts].counts.learn_order(items, time)
    rows = [{item: one.counts.pack_item(item) for item in one.counts.items()} for one in made]
    made[of].adopt(ItemsMerger(CONFIG).merge(rows, None))
    return made[of]


def customer(*orders: tuple[str, int], added: dict[str, int] | None = None) -> Profile:
    profile = Profile("ann", array("d"), [])
    for item, time in orders:
        profile.remember_bought(item, time)
    for item, time in (added or {}).items():
        profile.remember_added(item, time)
    return profile


def recommended(
    profile: Profile, count: int = 10, hidden: set[str] | None = None, where: Lists | None = None
) -> list[Ranked]:
    return (where or lists()).recommend(profile, NOW, count, hidden or set())


def test_what_goes_with_an_item_comes_first() -> None:
    found = recommended(customer(("t2-0", NOW)), 5, {"t2-0", "bag"})
    assert {one.item for one in found} == {f"t2-{place}" for place in range(1, 6)}
    assert {(one.reason, one.because) for one in found} == {("similar", "t2-0")}


def test_the_best_seed_is_the_reason() -> None:
    found = recommended(customer(("t1-0", NOW), ("t3-0", NOW)), 8, {"bag", "t1-0", "t3-0"})
    named = [one for one in found if one.reason == "similar"]
    assert {one.item[:2] for one in named} == {"t1", "t3"}
    assert all(one.because is not None and one.because[:2] == one.item[:2] for one in named)


def test_what_goes_with_the_open_basket_is_shown_and_not_what_is_in_it() -> None:
    found = recommended(customer(("t1-0", NOW - 100 * DAY), added={"t4-1": NOW - 1_000}), 10, {"bag"})
    assert sum(one.item[:2] == "t4" and one.because == "t4-1" for one in found) >= 3
    assert "t4-1" not in {one.item for one in found}
    late = customer(("t1-0", NOW - 100 * DAY), added={"t4-1": NOW - 2 * DAY})  # it is open no more
    assert "t4-1" not in {one.because for one in recommended(late, 10, {"bag"})}


def test_own_items_come_again_unless_they_were_just_bought() -> None:
    often = customer(*[("t4-2", NOW - days * DAY) for days in (90, 60, 30)])
    assert ("t4-2", "again", "t4-2") in {(one.item, one.reason, one.because) for one in recommended(often)}
    config = CONFIG.model_copy(update={"exclude_bought": 31 * DAY})
    hides = Lists(config, Saved(0), None)
    for items, time in ORDERS:
        hides.counts.learn_order(items, time)
    assert "t4-2" not in {one.item for one in recommended(often, where=hides)}


def test_an_item_that_arrives_years_late_is_old() -> None:
    found = recommended(customer(("t0-0", NOW - 4_000 * DAY), ("t3-0", NOW)), 4, {"bag", "t0-0", "t3-0"})
    assert {one.item[:2] for one in found} == {"t3"}
    assert all(0 < one.score < 1 for one in found)


def test_nothing_known_gives_the_popular_ones() -> None:
    found = recommended(customer(), 5)
    assert found[0].item == "bag"
    assert {one.reason for one in found} == {"popular"}


def test_an_empty_catalogue_gives_an_empty_list() -> None:
    assert Lists(CONFIG, Saved(0), ItemsModel({}, ())).recommend(customer(("a", NOW)), NOW, 5) == []


@given(
    bought=st.lists(st.sampled_from([*ITEMS, "unknown"]), max_size=30),
    hidden=st.sets(st.sampled_from([*ITEMS, "unknown"])),
    count=st.integers(1, 40),
    parts=st.sampled_from([1, 3]),
)
def test_hidden_items_never_appear_and_lists_are_full(
    bought: list[str], hidden: set[str], count: int, parts: int
) -> None:
    found = recommended(customer(*[(item, NOW - DAY) for item in bought]), count, hidden, lists(parts))
    chosen = [one.item for one in found]
    assert not hidden & set(chosen)
    assert len(chosen) == len(set(chosen)) == min(count, len(set(ITEMS) - hidden))
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for one in found:
        assert (one.because is None) == (one.reason == "popular")
        assert one.because is None or one.because in bought
        assert (one.because == one.item) == (one.reason == "again")


@pytest.mark.parametrize("parts", [1, 3])
def test_without_its_seed_an_item_loses_its_reason(parts: int) -> None:
    """Reasons are true: take the seed away, and the item drops."""
    seeds = [("t0-0", NOW), ("t3-1", NOW)]
    found = recommended(customer(*seeds), 10, {"t0-0", "t3-1"}, lists(parts))
    because = [one for one in found if one.because == "t3-1"]
    assert because
    without = {one.item: one.score for one in recommended(customer(seeds[0]), 31, {"t0-0", "t3-1"}, lists(parts))}
    assert all(without.get(one.item, 0.0) < one.score for one in because)


def test_a_partition_knows_what_others_have_counted() -> None:
    """Of three partitions with a third of the orders each, one that has had none of an item knows what goes with it."""
    made = [Lists(CONFIG, Saved(0), None) for _ in range(2)]
    for items, time in ORDERS:
        made["t2-0" in items].counts.learn_order(items, time)
    rows = [{item: one.counts.pack_item(item) for item in one.counts.items()} for one in made]
    model = ItemsMerger(CONFIG).merge(rows, None)
    alone = recommended(customer(("t2-0", NOW)), 5, {"t2-0", "bag"}, made[0])
    assert {one.reason for one in alone} == {"popular"}
    made[0].adopt(model)
    found = recommended(customer(("t2-0", NOW)), 5, {"t2-0", "bag"}, made[0])
    assert sum(one.item[:2] == "t2" and one.because == "t2-0" for one in found) >= 3
