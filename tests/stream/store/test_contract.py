"""What every state store keeps: one suite, run in memory and on a real Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Thread
from uuid import uuid4

import pytest
import redis

from stream.errors import Aborted, Fenced, Mismatch
from stream.store.base import Delta, Saved, StateStore
from stream.store.memory import MemoryStore
from stream.store.redis import RedisStore

Open = Callable[..., StateStore]
ODD_NAMES = ["ada", "Zoë 🛒", "a\0b", "line\nbreak", "{events:9}", " ", "x" * 300]
ODD_VALUES = [b"plain", b"", b"\0\xff\r\n$5\r\n", bytes(range(256)) * 40]


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
def open_store(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens a topic's store, as each new owner does; all owners of a topic see the same state."""
    if request.param == "memory":
        stores: dict[str, StateStore] = {}
        yield lambda topic="events": stores.setdefault(topic, MemoryStore())
        return
    url, prefix = request.getfixturevalue("redis_url"), f"test-{uuid4().hex}"
    opened: list[RedisStore] = []

    def open_redis(topic: str = "events") -> StateStore:
        opened.append(RedisStore(url, topic, prefix))
        return opened[-1]

    yield open_redis
    for store in opened:
        store.close()
    with redis.Redis.from_url(url) as client:
        for key in client.scan_iter(match=f"{prefix}:*", count=1000):
            client.delete(key)


@pytest.fixture
def store(open_store: Open) -> StateStore:
    """The store of the topic `events`."""
    return open_store()


def hashes(first: int, last: int) -> bytes:
    """Message-id hashes `first` to `last - 1`."""
    return b"".join(number.to_bytes(8, "big") for number in range(first, last))


def test_nothing_is_stored_at_first(store: StateStore) -> None:
    assert store.position(0) is None
    assert store.load(0) is None
    assert store.outbox(0) is None
    assert store.profile(0, "ada") is None
    assert store.scalar(0, "clock") is None
    assert store.items(0) == {}
    assert store.items(0, ["tea"]) == {}
    assert store.shared("model") is None
    assert store.similar("tea") == []
    store.wipe(0)
    assert store.load(0) is None


def test_owning_a_partition_stores_nothing(store: StateStore) -> None:
    store.acquire(0)
    assert store.position(0) is None
    assert store.load(0) is None


def test_a_commit_is_loaded_as_it_was(open_store: Open) -> None:
    names = {name: ODD_VALUES[index % len(ODD_VALUES)] for index, name in enumerate(ODD_NAMES)}
    owner = open_store()
    owner.commit(
        3,
        owner.acquire(3),
        Delta(
            watermark=2**53 + 1,
            profiles=dict(names),
            items={name: value + b"!" for name, value in names.items()},
            seen=hashes(0, 5),
            seen_limit=10,
            scalars={name: value + b"?" for name, value in names.items()},
            number=17,
        ),
        outbox=b"\0out\xff",
    )
    other = open_store()
    assert other.load(3) == Saved(
        watermark=2**53 + 1,
        profiles=names,
        items={name: value + b"!" for name, value in names.items()},
        seen=hashes(0, 5),
        scalars={name: value + b"?" for name, value in names.items()},
        number=17,
    )
    assert other.position(3) == (2**53 + 1, 17)
    assert other.outbox(3) == b"\0out\xff"
    for name, value in names.items():
        assert other.profile(3, name) == value
        assert other.scalar(3, name) == value + b"?"


def test_what_is_loaded_is_the_callers_own(store: StateStore) -> None:
    store.commit(0, store.acquire(0), Delta(1, profiles={"ada": b"1"}), b"")
    loaded = store.load(0)
    assert loaded is not None
    loaded.profiles["bob"] = b"2"
    assert store.profile(0, "bob") is None


def test_a_commit_adds_replaces_and_deletes(store: StateStore) -> None:
    epoch = store.acquire(0)
    first = Delta(1, {"ada": b"1", "bob": b"1"}, {"tea": b"1", "jam": b"1"}, scalars={"clock": b"1", "model": b"1"})
    store.commit(0, epoch, first, b"first")
    second = Delta(2, {"ada": None, "eve": b"2", "nobody": None}, {"tea": b"2", "jam": None}, scalars={"clock": b"2"})
    store.commit(0, epoch, second, b"")
    assert store.load(0) == Saved(2, {"bob": b"1", "eve": b"2"}, {"tea": b"2"}, scalars={"clock": b"2", "model": b"1"})
    assert store.outbox(0) == b""


def test_more_fields_than_one_command_carries(store: StateStore) -> None:
    epoch = store.acquire(0)
    many = {f"customer {number}": b"%d" % number for number in range(12_001)}
    store.commit(0, epoch, Delta(1, dict(many), dict(many)), b"")
    loaded = store.load(0)
    assert loaded is not None
    assert loaded.profiles == many
    assert store.items(0) == many
    assert store.items(0, many) == many
    store.commit(0, epoch, Delta(2, dict.fromkeys(many)), b"")
    loaded = store.load(0)
    assert loaded is not None
    assert loaded.profiles == {}
    assert loaded.items == many


@pytest.mark.parametrize("chunk", [1, 3, 10, 25])
def test_the_newest_hashes_stay(store: StateStore, chunk: int) -> None:
    epoch = store.acquire(0)
    for last in range(chunk, 100 + chunk, chunk):
        store.commit(0, epoch, Delta(last, seen=hashes(last - chunk, last), seen_limit=10), b"")
        loaded = store.load(0)
        assert loaded is not None
        assert loaded.seen == hashes(max(0, last - 10), last)


def test_the_number_of_hashes_kept_may_change(store: StateStore) -> None:
    epoch = store.acquire(0)
    store.commit(0, epoch, Delta(1, seen=hashes(0, 20), seen_limit=20), b"")
    store.commit(0, epoch, Delta(2, seen=hashes(20, 21), seen_limit=4), b"")
    loaded = store.load(0)
    assert loaded is not None
    assert loaded.seen == hashes(17, 21)
    store.commit(0, epoch, Delta(3, seen=hashes(21, 30), seen_limit=8), b"")
    loaded = store.load(0)
    assert loaded is not None
    assert loaded.seen == hashes(22, 30)


def test_a_commit_without_messages_forgets_none(store: StateStore) -> None:
    epoch = store.acquire(0)
    store.commit(0, epoch, Delta(1, seen=hashes(0, 5), seen_limit=5), b"")
    store.commit(0, epoch, Delta(2, scalars={"clock": b"9"}), b"")
    loaded = store.load(0)
    assert loaded is not None
    assert loaded.seen == hashes(0, 5)


def test_each_owner_gets_a_higher_epoch(open_store: Open) -> None:
    epochs = [open_store().acquire(0) for _ in range(9)]
    assert epochs == sorted(set(epochs))


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


def test_wiping_forgets_the_state_but_not_the_epoch(store: StateStore) -> None:
    epoch = store.acquire(0)
    full = Delta(7, {"ada": b"1"}, {"tea": b"1"}, hashes(0, 20), 5, {"clock": b"1"})
    store.commit(0, epoch, full, b"out")
    store.commit(0, epoch, full, b"out")
    store.wipe(0)
    assert store.load(0) is None
    assert store.position(0) is None
    assert store.outbox(0) is None
    assert store.profile(0, "ada") is None
    assert store.items(0) == {}
    store.commit(0, epoch, Delta(1), b"")
    assert store.load(0) == Saved(1)
    assert store.acquire(0) > epoch


def test_one_deployment_claims_a_store(open_store: Open) -> None:
    for _ in range(2):
        open_store().claim("shop", 4)
    with pytest.raises(Mismatch, match=r"deployment 'shop'.*'bank'.*prefix of its own"):
        open_store().claim("bank", 4)
    with pytest.raises(Mismatch, match=r"4 partitions.*now it has 6.*new key prefix"):
        open_store().claim("shop", 6)
    open_store().claim("shop", 4)


def test_items_and_scalars_by_name(store: StateStore) -> None:
    scalars = {"contribution": b"\1\2", "clock": b"9"}
    store.commit(0, store.acquire(0), Delta(1, items={"tea": b"1", "jam": b"2", "cup": b"3"}, scalars=scalars), b"")
    assert store.items(0, ["jam", "none", "tea"]) == {"jam": b"2", "tea": b"1"}
    assert store.items(0, iter(["cup"])) == {"cup": b"3"}
    assert store.items(0, []) == {}
    assert store.items(0) == {"tea": b"1", "jam": b"2", "cup": b"3"}
    assert store.scalar(0, "contribution") == b"\1\2"
    assert store.scalar(0, "other") is None


def test_partitions_do_not_mix(store: StateStore) -> None:
    for partition in (1, 11):
        epoch = store.acquire(partition)
        value = b"%d" % partition
        delta = Delta(partition, {"ada": value}, {"tea": value}, hashes(0, partition), 99, {"clock": value})
        store.commit(partition, epoch, delta, value)
    store.wipe(1)
    assert store.load(1) is None
    assert store.load(11) == Saved(11, {"ada": b"11"}, {"tea": b"11"}, hashes(0, 11), {"clock": b"11"})
    assert store.outbox(11) == b"11"


def test_topics_do_not_mix(open_store: Open) -> None:
    events, clicks = open_store("events"), open_store("clicks")
    events.claim("shop", 4)
    clicks.claim("bank", 2)
    events.commit(0, events.acquire(0), Delta(5, {"ada": b"1"}), b"out")
    events.put_shared("model", b"17")
    events.publish_similar({"tea": {"jam": 1.0}})
    clicks.acquire(0)
    assert clicks.load(0) is None
    assert clicks.outbox(0) is None
    assert clicks.shared("model") is None
    assert clicks.similar("tea") == []


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


def test_shared_values(open_store: Open) -> None:
    open_store().put_shared("model", b"\0\1")
    assert open_store().shared("model") == b"\0\1"
    open_store().put_shared("model", b"")
    assert open_store().shared("model") == b""
    assert open_store().shared("other") is None


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
    assert (loaded.profiles["ada"], loaded.scalars["by"], open_store().outbox(0)) == (last, last, last)
