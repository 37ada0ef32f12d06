"""Lists: sensible, deterministic, with reasons, and never an excluded item."""

from __future__ import annotations

from stream.config import RecommendConfig
from stream.durations import DAY
from stream.recommend.model import ItemsModel
from stream.recommend.ranking import recommend
from tests.stream.recommend.test_merge import CONFIG, START, counted, model, planted

MODEL = model(counted(planted()))
NOW = START + 150 * DAY


def test_what_goes_with_an_item_comes_first() -> None:
    found = recommend([("t2-0", NOW)], {"t2-0", "bag"}, MODEL, 5, CONFIG)
    assert {one.item for one in found} == {f"t2-{place}" for place in range(1, 6)}
    assert {(one.reason, one.because) for one in found} == {("similar", "t2-0")}


def test_the_best_seed_is_the_reason() -> None:
    found = recommend([("t1-0", NOW), ("t3-0", NOW - DAY)], {"bag", "t1-0", "t3-0"}, MODEL, 10, CONFIG)
    for one in found:
        if one.item.startswith(("t1", "t3")):
            assert one.because is not None
            assert one.because[:2] == one.item[:2]


def test_a_later_seed_counts_less() -> None:
    first, second = (
        {one.item: one.score for one in recommend(history, {"bag"}, MODEL, 40, CONFIG)}
        for history in ([("t1-0", NOW), ("t3-0", NOW)], [("t3-0", NOW), ("t1-0", NOW)])
    )
    assert first["t1-1"] > second["t1-1"]
    assert first["t3-1"] < second["t3-1"]


def test_own_items_come_again_unless_excluded() -> None:
    history = [("t4-2", NOW)]
    found = recommend(history, (), MODEL, 10, CONFIG)
    assert ("t4-2", "again", "t4-2") in {(one.item, one.reason, one.because) for one in found}
    assert "t4-2" not in {one.item for one in recommend(history, {"t4-2"}, MODEL, 10, CONFIG)}
    never = RecommendConfig(again=0.0)
    assert all(one.reason != "again" for one in recommend(history, (), MODEL, 10, never))


def test_an_own_item_of_long_ago_comes_behind() -> None:
    """Two items alike in all but the time of the customer's order."""
    even = ItemsModel({}, (("a", 1.0), ("b", 1.0)), {"a": 0.0, "b": 0.0})
    found = recommend([("b", NOW), ("a", NOW - 60 * DAY)], (), even, 2, CONFIG)
    assert [one.item for one in found] == ["b", "a"]


def test_an_item_that_arrives_years_late_is_old() -> None:
    """Its score is of its own time: the later ones are not raised beyond all bounds by being later."""
    even = ItemsModel({}, (("a", 1.0), ("b", 1.0)), {"a": 0.0, "b": 0.0})
    for late in (900, 40_000):
        found = recommend([("b", NOW - late * DAY), ("a", NOW)], (), even, 2, RecommendConfig(half_life="1h"))
        assert found[0][:3] == ("a", found[0].score, "again")
        assert all(one.score <= 1 for one in found)


def test_popular_items_fill_up_behind_the_others() -> None:
    found = recommend([("t0-0", NOW)], (), MODEL, 30, CONFIG)
    reasons = [one.reason for one in found]
    assert reasons[0] != "popular"
    assert reasons == sorted(reasons, key=lambda reason: reason == "popular")


def test_of_two_items_as_similar_the_more_popular_is_first() -> None:
    pair = ItemsModel(
        {"seed": {"rare": 0.5, "common": 0.5}}, (("common", 9.0),), {"seed": 3.0, "rare": 1.0, "common": 4.0}
    )
    found = recommend([("seed", NOW)], {"seed"}, pair, 2, CONFIG)
    assert [(one.item, one.reason) for one in found] == [("common", "similar"), ("rare", "similar")]
