"""Whole partitions beside the living ones: copied at one commit, and put in their place at one moment."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
import redis

from stream.errors import Fenced, Mismatch
from stream.store import redis_areas
from stream.store.base import Delta, StateStore
from stream.store.claim import Claim
from stream.store.redis import RedisStore
from tests.stream.store.conftest import EVERYTHING, Open, hashes


def contents(store: StateStore, partition: int = 0) -> object:
    lists = sorted(store.lists(partition))
    return store.load(partition), sorted(store.scan(partition)), lists, store.outbox(partition)


def indexes(store: StateStore, partition: int = 0) -> dict[str, list[tuple[str, int]]]:
    return {name: store.range(partition, name, -(2**53), 100) for name in store.indexes(partition)}


def test_a_copy_stays_as_it_was(store: StateStore) -> None:
    epoch = store.acquire(0)
    store.commit(0, epoch, EVERYTHING, b"out")
    before = contents(store)
    store.copy(0, "frozen")
    store.commit(0, epoch, Delta(8, {"ada": None, "bob": b"2"}, {"tea": None}, hashes(0, 1), 9), b"")
    assert contents(store.area("frozen")) == before
    assert contents(store) != before
    store.copy(0, "frozen")
    assert contents(store.area("frozen")) == contents(store)
    assert store.load(1) is None
    store.area("frozen").wipe(0)
    assert store.area("frozen").load(0) is None
    assert store.load(0) is not None


def test_a_copy_of_nothing_is_nothing(store: StateStore) -> None:
    store.commit(0, store.acquire(0), EVERYTHING, b"out")
    store.copy(0, "frozen")
    store.wipe(0)
    store.copy(0, "frozen")
    assert store.area("frozen").load(0) is None


def test_a_copy_is_of_one_commit_while_commits_go_on(open_store: Open) -> None:
    """Every commit writes its number into all of a partition: a copy that holds two numbers was torn."""
    store, owner = open_store(), open_store()
    epoch, stop = owner.acquire(0), threading.Event()
    names = [f"customer {number}" for number in range(300)]

    def commits() -> None:
        count = 0
        while not stop.is_set():
            count += 1
            value = b"%d" % count
            owner.commit(0, epoch, Delta(count, dict.fromkeys(names, value), items={"tea": value}, number=count), value)

    writer = threading.Thread(target=commits)
    writer.start()
    try:
        copied = set()
        while len(copied) < 5:
            store.copy(0, "frozen")
            frozen = store.area("frozen")
            if (saved := frozen.load(0)) is None:
                continue
            values = {frozen.profile(0, name) for name in names} | set(saved.items.values()) | {frozen.outbox(0)}
            assert values == {b"%d" % saved.watermark}
            copied.add(saved.watermark)
    finally:
        stop.set()
        writer.join()


def test_what_was_prepared_takes_the_place_of_what_was_there(store: StateStore) -> None:
    epoch = store.acquire(0)
    store.commit(0, epoch, replace(EVERYTHING, indexes={"hot": {"ada": 1}}), b"out")
    area = store.area("next")
    prepared = area.acquire(0)
    area.commit(0, prepared, Delta(1, {"bob": b"1"}, seen=hashes(0, 3), seen_limit=3), b"")
    area.commit(
        0, prepared, Delta(2, {"cid": b"2"}, scalars={"model": b"m"}, number=4, indexes={"due": {"cid": 9}}), b"next"
    )
    expected, before = contents(area), contents(store)
    assert contents(store) == before
    store.acquire(0)
    store.move(0, "next")
    assert contents(store) == expected
    assert indexes(store) == {"due": [("cid", 9)]}
    assert store.position(0) == (2, 4)
    assert area.load(0) is None
    store.move(0, "next")  # once more, as by someone who did not see the answer
    assert contents(store) == expected
    with pytest.raises(Fenced):
        store.commit(0, epoch, Delta(9), b"")
    store.commit(0, store.acquire(0), Delta(3, follows=(2, 4)), b"")


@pytest.mark.redis
def test_a_copy_that_takes_longer_than_a_client_waits(own_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client gives up, and Redis makes the copy all the same when it comes to it."""

    def busy(*arguments: object) -> None:
        sleeper = other.connection_pool.get_connection()
        sleeper.send_command("DEBUG", "SLEEP", "3")
        time.sleep(0.2)  # until Redis has begun
        before(*arguments)

    before = redis_areas._at_once
    with redis.Redis.from_url(own_url) as other, redis.Redis.from_url(own_url, socket_timeout=1.0) as client:
        store = RedisStore(client, "events", "slow")
        store.commit(0, store.acquire(0), EVERYTHING, b"out")
        monkeypatch.setattr(redis_areas, "_at_once", busy)
        store.copy(0, "frozen")
        assert store.area("frozen").position(0) == (7, 0)


def test_partitions_do_not_mix(store: StateStore) -> None:
    for partition in (1, 11):
        store.commit(partition, store.acquire(partition), Delta(partition, {"ada": b"%d" % partition}), b"")
        store.copy(partition, "next")
    store.wipe(1)
    store.move(1, "next")
    assert store.position(1) == (1, 0)
    assert store.area("next").position(11) == (11, 0)


def test_a_claim_is_replaced(store: StateStore) -> None:
    assert store.claimed() is None
    store.claim("shop", 2)
    with pytest.raises(Mismatch):
        store.claim("shop", 4)
    assert store.claimed() == Claim("shop", 2)
    store.reclaim("shop", 4)
    store.claim("shop", 4)
    with pytest.raises(Mismatch):
        store.claim("shop", 2)
