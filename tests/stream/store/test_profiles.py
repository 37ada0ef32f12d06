"""Profiles are read by name, and customers are found by rank: one suite, in memory and on a real Redis."""

from __future__ import annotations

import pytest

from stream.errors import Fenced
from stream.store.base import Delta, StateStore

RANKS = {"ann": 30, "bob": 10, "cid": 20, "dot": 20, "eve": 20, "Zoë": 40}


@pytest.fixture
def ranked(store: StateStore) -> StateStore:
    store.commit(0, store.acquire(0), Delta(1, indexes={"due": dict(RANKS), "none": {}}), b"")
    return store


def test_profiles_are_read_by_name(store: StateStore) -> None:
    store.commit(0, store.acquire(0), Delta(1, {"ada": b"1", "bob": b"2"}), b"")
    assert store.profiles(0, ["bob", "nobody"]) == {"bob": b"2"}
    assert store.profiles(1, ["bob"]) == {}
    assert (store.customers(0), store.customers(1)) == (2, 0)


def test_an_index_is_read_by_rank_then_name(ranked: StateStore) -> None:
    order = [("bob", 10), ("cid", 20), ("dot", 20), ("eve", 20), ("ann", 30), ("Zoë", 40)]
    assert ranked.range(0, "due", 0, 100) == order
    assert ranked.range(0, "due", 21, 100) == order[4:]
    assert ranked.range(0, "due", 41, 100) == []
    assert ranked.range(0, "other", 0, 100) == []
    assert ranked.range(1, "due", 0, 100) == []
    assert ranked.indexes(0) == ["due"]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
def test_customers_of_one_rank_are_not_torn_apart(ranked: StateStore, count: int) -> None:
    found, low = [], 0
    while some := ranked.range(0, "due", low, count):
        assert len(some) <= count + 2
        low = some[-1][1] + 1
        found += some
    assert found == ranked.range(0, "due", 0, 100)


def test_ranks_are_replaced_and_taken_out(ranked: StateStore) -> None:
    epoch = ranked.acquire(0)
    for ann in (5, 50, 5):  # away and back
        ranked.commit(0, epoch, Delta(2, indexes={"due": {"ann": ann, "bob": None, "nobody": None}}), b"")
    assert ranked.range(0, "due", 0, 100) == [("ann", 5), ("cid", 20), ("dot", 20), ("eve", 20), ("Zoë", 40)]


def test_what_is_refused_changes_no_index(ranked: StateStore) -> None:
    ranked.acquire(0)
    with pytest.raises(Fenced):
        ranked.commit(0, 0, Delta(2, indexes={"due": {"ann": 1}}), b"")
    assert dict(ranked.range(0, "due", 0, 100)) == RANKS


def test_a_wipe_takes_the_indexes_along(ranked: StateStore) -> None:
    ranked.wipe(0)
    assert ranked.range(0, "due", 0, 100) == []
    assert ranked.indexes(0) == []
