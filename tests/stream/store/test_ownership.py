"""Who may write to a store: deployments, owners, their epochs; in memory and on a real Redis."""

from __future__ import annotations

from threading import Thread

import pytest

from stream.errors import Aborted, Fenced, Mismatch
from stream.store.base import Delta, StateStore
from tests.stream.store.conftest import Open, hashes


def test_owning_a_partition_stores_nothing(store: StateStore) -> None:
    store.acquire(0)
    assert store.position(0) is None
    assert store.load(0) is None


def test_each_owner_gets_a_higher_epoch(open_store: Open) -> None:
    epochs = [open_store().acquire(0) for _ in range(9)]
    assert epochs == sorted(set(epochs))
    assert open_store().epoch(0) == epochs[-1]
    assert open_store().epoch(1) == 0


def test_an_earlier_owner_writes_nothing(open_store: Open) -> None:
    zombie, owner = open_store(), open_store()
    old = zombie.acquire(0)
    zombie.commit(0, old, Delta(7, {"ada": b"1"}, {"tea": b"1"}, hashes(0, 2), 5, {"clock": b"1"}), b"out")
    before = zombie.load(0)
    new = owner.acquire(0)
    changes = Delta(9, {"ada": None, "bob": b"2"}, {"tea": b"2"}, hashes(2, 9), 5, {"clock": b"2"})
    with pytest.raises(Fenced, match="another owner"):
        zombie.commit(0, old, changes, b"zombie")
    assert owner.load(0) == before
    assert owner.outbox(0) == b"out"
    owner.commit(0, new, changes, b"owner")
    assert owner.position(0) == (9, 0)
    assert owner.outbox(0) == b"owner"


@pytest.mark.parametrize("epoch", [1, 99])
def test_an_owner_that_the_store_does_not_know_writes_nothing(store: StateStore, epoch: int) -> None:
    with pytest.raises(Aborted, match="lost"):
        store.commit(0, epoch, Delta(1, {"ada": b"1"}), b"out")
    assert store.load(0) is None


@pytest.mark.parametrize("follows", [(0, 0), (6, 4), (7, 3), (7, 5), (8, 4)])
def test_a_commit_that_continues_from_elsewhere_writes_nothing(store: StateStore, follows: tuple[int, int]) -> None:
    """The store came back with older data, or with another's."""
    epoch = store.acquire(0)
    store.commit(0, epoch, Delta(7, {"ada": b"1"}, number=4, follows=(0, 0)), b"out")
    before = store.load(0)
    with pytest.raises(Aborted, match="lost"):
        store.commit(0, epoch, Delta(9, {"ada": b"2"}, number=5, follows=follows), b"next")
    assert store.load(0) == before
    assert store.outbox(0) == b"out"
    store.commit(0, epoch, Delta(9, {"ada": b"2"}, number=5, follows=(7, 4)), b"next")
    assert store.position(0) == (9, 5)


def test_a_commit_that_continues_what_was_wiped_writes_nothing(store: StateStore) -> None:
    epoch = store.acquire(0)
    store.commit(0, epoch, Delta(7, number=4), b"out")
    store.wipe(0)
    with pytest.raises(Aborted, match="lost"):
        store.commit(0, epoch, Delta(9, number=4, follows=(7, 4)), b"next")
    assert store.load(0) is None


def test_a_fenced_store_can_own_again(open_store: Open) -> None:
    first, second = open_store(), open_store()
    old = first.acquire(0)
    second.acquire(0)
    with pytest.raises(Fenced):
        first.commit(0, old, Delta(1), b"")
    first.commit(0, first.acquire(0), Delta(2), b"")
    assert second.position(0) == (2, 0)


def test_one_deployment_claims_a_store(open_store: Open) -> None:
    for _ in range(2):
        open_store().claim("shop", 4)
    with pytest.raises(Mismatch, match=r"deployment 'shop'.*'bank'.*prefix of its own"):
        open_store().claim("bank", 4)
    with pytest.raises(Mismatch, match=r"4 partitions.*now it has 6.*eddyline topics migrate"):
        open_store().claim("shop", 6)
    open_store().claim("shop", 4)


def test_rival_owners_never_interleave(open_store: Open) -> None:
    """Every commit that was accepted is whole, and an owner that was overtaken is told so."""
    accepted: list[int] = []

    def own(value: int) -> None:
        mine = open_store()
        try:
            for _ in range(20):
                epoch = mine.acquire(0)
                mine.commit(
                    0, epoch, Delta(value, {"ada": b"%d" % value}, scalars={"by": b"%d" % value}), b"%d" % value
                )
                accepted.append(value)
        except Fenced:
            pass

    rivals = [Thread(target=own, args=(number,)) for number in range(1, 4)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()
    loaded = open_store().load(0)
    assert loaded is not None  # nobody overtakes whoever acquired last
    assert loaded.watermark in accepted
    last = b"%d" % loaded.watermark
    assert (open_store().profile(0, "ada"), loaded.scalars["by"], open_store().outbox(0)) == (last, last, last)
