"""Content: like items by what is known of them, also such that nobody has ordered; bounded, and with true reasons."""

from __future__ import annotations

import random
from array import array

import numpy as np
import pytest

from stream.config import RecommendConfig
from stream.durations import DAY
from stream.engine import Engine
from stream.entries import Event
from stream.items import UPDATED, WITHDRAWN, Item
from stream.profiles.profile import Profile
from stream.recommend.component import NONE, Offers, Own, Query
from stream.recommend.content import FEATURES, LOOKED_AT, OFFERED, Content, features_of
from stream.recommend.lists import Lists
from stream.recommend.model import ItemsModel
from stream.recommend.ranking import Ranked
from stream.store.base import Saved
from stream.updates import ItemsRecommended
from tests.stream import fold

START = 1_700_000_000_000
SHOP = {
    "tea-1": {"name": "Green tea", "category": "drinks", "brand": "Leaf", "price": 4.0},
    "tea-2": {"name": "Black tea", "category": "drinks", "brand": "Leaf", "price": 4.2},
    "cup-1": {"name": "White cup", "category": "china", "price": 9.0},
    "cup-2": {"name": "Blue cup", "category": "china", "price": 8.0},
    "lamp": {"name": "Desk lamp", "category": "light", "price": 60.0},
    "bare": {},
}


def content(*items: Item) -> Content:
    made = Content()
    for number, item in enumerate(items):
        made.know(number, item)
    return made


def own(*numbers: int) -> Own:
    size = len(numbers)
    return Own(np.array(numbers, np.intp), np.ones(size), np.zeros(size), np.zeros(size))


def likes(made: Content, *numbers: int) -> Offers:
    return made.score(Query(0, own(*numbers)))[0]


def shop(**rules: object) -> Lists:
    """Everybody orders the same few things; tea-2 and cup-2 are new."""
    config = RecommendConfig.model_validate({"rules": rules})
    lists = Lists(config, Saved(0), ItemsModel({}, ()))
    for item, given in SHOP.items():
        lists.counts.tell(UPDATED, {"product_id": item, **given})
    for number in range(20):
        lists.counts.learn_order(["tea-1", "lamp"] if number % 2 else ["cup-1"], START)
    return lists


def customer(*bought: str, added: str | None = None) -> Profile:
    profile = Profile("ann", array("d"), [])
    for item in bought:
        profile.remember_bought(item, START)
    if added:
        profile.remember_added(added, START + DAY - 1)
    return profile


def by_item(lists: Lists, profile: Profile) -> dict[str, Ranked]:
    return {one.item: one for one in lists.recommend(profile, START + DAY, 10)}


def test_an_item_that_nobody_has_ordered_is_shown_for_what_it_is_like() -> None:
    found = by_item(shop(), customer("tea-1"))
    assert (found["tea-2"].reason, found["tea-2"].because) == ("content", "tea-1")
    assert "cup-2" not in found, "nothing speaks for it"
    basket = by_item(shop(), customer("lamp", added="cup-1"))
    assert (basket["cup-2"].reason, basket["cup-2"].because) == ("content", "cup-1")


def test_reasons_are_true() -> None:
    """Take the seed away, and the item drops; take what they share, and it drops as well."""
    assert "tea-2" not in by_item(shop(), customer("lamp"))
    lists = shop()
    lists.counts.tell(UPDATED, {"product_id": "tea-2", **dict.fromkeys(("name", "category", "brand", "price"))})
    assert "tea-2" not in by_item(lists, customer("tea-1"))


def test_rules_hold_for_new_items_too() -> None:
    lists = shop(hide_categories=["china"])
    assert "cup-2" not in by_item(lists, customer("cup-1"))
    lists.counts.tell(WITHDRAWN, {"product_id": "tea-2"})
    assert "tea-2" not in by_item(lists, customer("tea-1"))


def test_rare_features_say_more_than_common_ones() -> None:
    common = [Item(category="all", name=f"thing{number}") for number in range(50)]
    made = content(*common, Item(category="all", brand="rare"), Item(category="all", brand="rare"))
    found = likes(made, 50)
    scores = found.scores(52)
    assert scores[51] > 3 * max(scores[number] for number in range(50))


def test_the_seed_is_the_own_item_that_it_is_most_like() -> None:
    made = content(*(Item(**one) for one in SHOP.values()))  # type: ignore[arg-type]
    found = likes(made, 0, 2)
    assert (found.because(1), found.because(3)) == (0, 2)


def test_items_of_which_little_or_nothing_is_known() -> None:
    assert features_of(Item()) == ()
    assert len(features_of(Item(price=0.0))) == 1
    assert len(features_of(Item(name="!?"))) == 0
    made = content(Item(), Item(name="tea"), Item(brand="Leaf"))
    assert likes(made, 0).items.tolist() == []
    assert likes(made, 7).items.tolist() == [], "it has no attributes at all"
    assert likes(made, 1).items.tolist() == [1]
    nothing = content(Item(), Item())
    assert all(not len(one.items) for one in nothing.score(Query(0, own(0, 1), NONE, np.array([1]))))


def test_what_is_looked_at_and_offered_is_bounded() -> None:
    made = content(*(Item(category="all", name=" ".join(f"w{n}" for n in range(50))) for _ in range(2_000)))
    assert len(features_of(Item(name=" ".join(f"w{n}" for n in range(50))))) <= FEATURES
    found = likes(made, *range(100))
    assert len(found.items) == OFFERED
    assert found.items.min() >= 2_000 - LOOKED_AT, "the newest"


def random_items(draw: random.Random, count: int) -> list[Item]:
    return [
        Item(
            name=" ".join(draw.choices(["red", "blue", "tea", "cup", "lamp", "oak"], k=draw.randrange(4))) or None,
            category=draw.choice([None, "a", "b"]),
            price=draw.choice([None, 1.0, 5.0, 30.0]),
        )
        for _ in range(count)
    ]


def same(one: Content, other: Content, size: int) -> None:
    for number in range(size):
        for mine, others in zip(likes(one, number), likes(other, number), strict=True):
            assert mine.tolist() == others.tolist()


@pytest.mark.parametrize("seed", range(5))
def test_changed_and_renumbered_it_is_as_if_it_had_been_told_so_at_once(seed: int) -> None:
    draw = random.Random(seed)
    made, items = content(*random_items(draw, 40)), random_items(draw, 40)
    order = list(range(40))
    draw.shuffle(order)
    for number in order:
        made.know(number, items[number])
    same(made, content(*items), 40)
    kept = sorted(draw.sample(range(40), 25))
    made.keep(np.array(kept, np.intp))
    same(made, content(*(items[number] for number in kept)), 25)


def test_merged_parts_are_one() -> None:
    items = random_items(random.Random(9), 30)
    first, second = content(*items[:20]), content(*items[10:])
    merged = first.merge([second], [np.arange(20), np.arange(10, 30)], 30)
    same(merged, content(*items), 30)


def test_the_sentence_names_the_item_as_customers_do() -> None:
    config = fold.config(recommend={"exclude_bought": "1s"})
    engine = Engine(config)
    engine.apply(fold.with_models(fold.events(200), config))
    told = [
        Event(10_000 + place, START, "", False, f"x{place}", UPDATED, {"product_id": item, **given}, {})
        for place, (item, given) in enumerate(SHOP.items())
    ]
    late = fold.START + 90 * DAY
    order = Event(20_000, late, "zoe", True, "z", "Order Completed", {"products": [{"product_id": "tea-1"}]}, {})
    updates, _ = engine.apply([*told, order])
    (listed,) = (one for one in updates if isinstance(one, ItemsRecommended))
    said = {one.item: one.sentence for one in listed.items}
    assert said["tea-2"] == "Like Green tea, which you ordered."
