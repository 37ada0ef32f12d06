"""What every state store keeps: one suite, run in memory and on a real Redis."""

from __future__ import annotations

import pytest

from stream.store.base import Delta, Saved, StateStore
from tests.stream.store.conftest import Open, hashes

ODD_NAMES = ["ada", "Zoë 🛒", "a\0b", "line\nbreak", "{events:9}", " ", "x" * 300]
ODD_VALUES = [b"plain", b"", b"\0\xff\r\n$5\r\n", bytes(range(256)) * 40]


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
        items={name: value + b"!" for name, value in names.items()},
        seen=hashes(0, 5),
        scalars={name: value + b"?" for name, value in names.items()},
        number=17,
    )
    assert dict(other.scan(3)) == names
    assert other.customers(3) == len(names)
    assert other.position(3) == (2**53 + 1, 17)
    assert other.outbox(3) == b"\0out\xff"
    for name, value in names.items():
        assert other.profile(3, name) == value
        assert other.scalar(3, name) == value + b"?"


def test_what_is_loaded_is_the_callers_own(store: StateStore) -> None:
    store.commit(0, store.acquire(0), Delta(1, items={"tea": b"1"}), b"")
    loaded = store.load(0)
    assert loaded is not None
    loaded.items["jam"] = b"2"
    assert store.items(0) == {"tea": b"1"}


def test_a_commit_adds_replaces_and_deletes(store: StateStore) -> None:
    epoch = store.acquire(0)
    first = Delta(1, {"ada": b"1", "bob": b"1"}, {"tea": b"1", "jam": b"1"}, scalars={"clock": b"1", "model": b"1"})
    store.commit(0, epoch, first, b"first")
    second = Delta(2, {"ada": None, "eve": b"2", "nobody": None}, {"tea": b"2", "jam": None}, scalars={"clock": b"2"})
    store.commit(0, epoch, second, b"")
    assert store.load(0) == Saved(2, {"tea": b"2"}, scalars={"clock": b"2", "model": b"1"})
    assert dict(store.scan(0)) == {"bob": b"1", "eve": b"2"}
    assert store.outbox(0) == b""


def test_more_fields_than_one_command_carries(store: StateStore) -> None:
    epoch = store.acquire(0)
    many = {f"customer {number}": b"%d" % number for number in range(12_001)}
    store.commit(0, epoch, Delta(1, dict(many), dict(many)), b"")
    loaded = store.load(0)
    assert loaded is not None
    assert dict(store.scan(0)) == store.profiles(0, many) == many
    assert store.items(0) == many
    assert store.items(0, many) == many
    store.commit(0, epoch, Delta(2, dict.fromkeys(many)), b"")
    loaded = store.load(0)
    assert loaded is not None
    assert dict(store.scan(0)) == {}
    assert loaded.items == many


def test_what_is_hidden_is_of_the_same_commit_and_may_be_written_anew(open_store: Open) -> None:
    store = open_store()
    epoch = store.acquire(0)
    store.commit(0, epoch, Delta(1, hidden={"tea": b"hidden", "cup": b"stock"}), b"")
    store.commit(0, epoch, Delta(2, hidden={"tea": None, "pot": b"adult"}), b"")
    assert open_store().hidden(0) == {"cup": b"stock", "pot": b"adult"}
    store.commit(0, epoch, Delta(3), b"")
    assert store.hidden(0) == {"cup": b"stock", "pot": b"adult"}
    store.commit(0, epoch, Delta(4, hidden={"mug": b"hidden"}, hidden_anew=True), b"")
    assert store.hidden(0) == {"mug": b"hidden"}
    assert store.hidden(1) == {}
    store.wipe(0)
    assert store.hidden(0) == {}


def test_lists_are_of_the_same_commit_and_not_loaded(open_store: Open) -> None:
    names = {name: ODD_VALUES[index % len(ODD_VALUES)] for index, name in enumerate(ODD_NAMES)}
    store = open_store()
    epoch = store.acquire(0)
    store.commit(0, epoch, Delta(1, lists=dict(names)), b"")
    assert dict(open_store().lists(0)) == names
    store.commit(0, epoch, Delta(2, lists={"ada": None, " ": b"new", "nobody": None}), b"")
    assert dict(store.lists(0)) == {name: value for name, value in names.items() if name != "ada"} | {" ": b"new"}
    assert store.load(0) == Saved(2)
    assert dict(store.lists(1)) == {}
    store.wipe(0)
    assert dict(store.lists(0)) == {}


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
    assert store.load(11) == Saved(11, {"tea": b"11"}, hashes(0, 11), {"clock": b"11"})
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


def test_shared_values(open_store: Open) -> None:
    open_store().put_shared("model", b"\0\1")
    assert open_store().shared("model") == b"\0\1"
    open_store().put_shared("model", b"")
    assert open_store().shared("model") == b""
    assert open_store().shared("other") is None
