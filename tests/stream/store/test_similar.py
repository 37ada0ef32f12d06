"""Similar and popular items as any store answers them: highest first, replaced whole; in memory and on a real Redis."""

from __future__ import annotations

from stream.store.base import StateStore


def test_similar_items_come_most_similar_first(store: StateStore) -> None:
    close = {"jam": 0.1 + 0.2, "cup": 1.0, "äpfel 🍎": 1e-300, "pot": 0.5}
    store.publish_similar({"tea": close, "jam": {"tea": 0.25}})
    assert store.similar("tea") == sorted(close.items(), key=lambda pair: -pair[1])
    assert store.similar("tea", 2) == [("cup", 1.0), ("pot", 0.5)]
    assert store.similar("tea", 0) == []
    assert store.similar("jam") == [("tea", 0.25)]
    assert store.similar("none") == []


def test_equally_similar_items_come_by_descending_name(store: StateStore) -> None:
    store.publish_similar({"tea": {"b": 0.5, "a": 0.5, "é": 0.5, "🍎": 0.5, "B": 0.5, "z": 0.7}})
    assert [name for name, _ in store.similar("tea")] == ["z", "🍎", "é", "b", "a", "B"]


def test_similar_items_are_replaced_whole(store: StateStore) -> None:
    store.publish_similar({"tea": {"jam": 0.9, "cup": 0.8}, "jam": {"tea": 0.9}})
    store.publish_similar({"tea": {"pot": 0.1}})
    assert store.similar("tea") == [("pot", 0.1)]
    assert store.similar("jam") == [("tea", 0.9)]
    store.publish_similar({"tea": {}})
    assert store.similar("tea") == []
    store.publish_similar({})


def test_many_similar_items(store: StateStore) -> None:
    store.publish_similar({f"item {number}": {"tea": number / 7} for number in range(1_201)})
    assert [store.similar(f"item {number}") for number in (0, 499, 500, 1_200)] == [
        [("tea", number / 7)] for number in (0, 499, 500, 1_200)
    ]


def test_ten_similar_items_unless_told(store: StateStore) -> None:
    store.publish_similar({"tea": {f"item {number:02}": number / 100 for number in range(30)}})
    assert len(store.similar("tea")) == 10
    assert len(store.similar("tea", 100)) == 30


def test_popular_items_come_heaviest_first_and_are_replaced_whole(store: StateStore) -> None:
    assert store.popular() == []
    store.publish_popular({"jam": 0.1 + 0.2, "cup": 7.0, "äpfel 🍎": 7.0, "pot": 1e300})
    assert store.popular() == [("pot", 1e300), ("äpfel 🍎", 7.0), ("cup", 7.0), ("jam", 0.1 + 0.2)]
    assert store.popular(1) == [("pot", 1e300)]
    assert store.popular(0) == []
    store.publish_popular({"tea": 1.0})
    assert store.popular() == [("tea", 1.0)]
    store.publish_popular({})
    assert store.popular() == []
