"""State in a Redis Cluster: each commit in one slot, all else wherever it falls, and a master that dies."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from stream.errors import DeploymentError, Unreachable
from stream.store.address import RedisAddress
from stream.store.base import Delta
from stream.store.redis import RedisStore
from tests.deployments.conftest import found
from tests.deployments.redis_servers import Redis, cluster, wait_for
from tests.stream.store.conftest import EVERYTHING

pytestmark = pytest.mark.redis
SECONDS = 60.0


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[Redis]]:
    """Three masters, and a replica of the first."""
    with found(), cluster(replicas=1) as started:
        yield started


@pytest.fixture
def store(nodes: list[Redis]) -> Iterator[RedisStore]:
    """A store that knows two of the nodes."""
    opened = RedisStore(url(*nodes[1:3]), "events")
    yield opened
    opened.close()


def url(*nodes: Redis) -> str:
    return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)


def keys(nodes: list[Redis]) -> dict[int, set[bytes]]:
    """All keys of each master, by its place in the list."""
    held = {}
    for number, node in enumerate(nodes[:3]):
        with node.client as client:
            held[number] = set(client.scan_iter(count=1000))
    return held


def test_memory_is_that_of_all_masters(nodes: list[Redis], store: RedisStore) -> None:
    used = store.memory()
    assert used is not None
    with nodes[0].client as client:
        one = client.info("memory")["used_memory"]
    assert used[0] > 2 * one


def test_all_keys_of_a_commit_are_in_one_slot(nodes: list[Redis], store: RedisStore) -> None:
    slots = set()
    for partition in range(12):
        before = set().union(*keys(nodes).values())
        epoch = store.acquire(partition)
        store.commit(partition, epoch, EVERYTHING, b"out")
        store.commit(partition, epoch, EVERYTHING, b"out")  # a second generation of hashes
        touched = set().union(*keys(nodes).values()) - before
        assert len(touched) >= 8
        with nodes[0].client as client:
            found_slots = {client.execute_command("CLUSTER", "KEYSLOT", key) for key in touched}
        assert len(found_slots) == 1
        slots |= found_slots
    assert len(slots) == 12  # partitions spread


def test_shared_keys_spread_over_the_nodes(nodes: list[Redis], store: RedisStore) -> None:
    store.claim("shop", 4)
    store.put_shared("model", b"1")
    store.publish_similar({f"item {number}": {"tea": 1.0, "jam": 0.5} for number in range(60)})
    held = keys(nodes)
    assert all(any(b":similar:" in key for key in some) for some in held.values())
    assert store.shared("model") == b"1"
    assert all(store.similar(f"item {number}") == [("tea", 1.0), ("jam", 0.5)] for number in range(60))
    store.publish_similar({f"item {number}": {} for number in range(60)})
    assert all(store.similar(f"item {number}") == [] for number in range(60))


def test_the_rights_that_the_page_lists_suffice(nodes: list[Redis]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "deployment.md").read_text()
    rules = next(line for line in page.splitlines() if line.startswith("user eddyline")).split()[2:]
    assert "`+cluster +command`" in page
    for node in nodes:
        with node.client as client:
            given = [rule.replace("PASSWORD", "l3ast") for rule in rules]
            client.execute_command("ACL", "SETUSER", "eddyline", "reset", *given, "+cluster", "+command")
    login = {"username": "eddyline", "password": SecretStr("l3ast")}
    store = RedisStore(RedisAddress(url=SecretStr(url(*nodes[:2])), **login), "events")
    store.commit(20, store.acquire(20), EVERYTHING, b"out")
    assert store.load(20) is not None
    store.publish_similar({f"item {number}": {"tea": 1.0} for number in range(10)})
    assert store.similar("item 9") == [("tea", 1.0)]
    assert store.memory() is None  # +info, which is optional, is not among them
    store.wipe(20)
    store.close()


def test_slots_may_move_to_another_node(nodes: list[Redis], store: RedisStore) -> None:
    epoch = store.acquire(0)
    store.commit(0, epoch, Delta(5), b"out")
    with nodes[0].client as first:
        slot = first.execute_command("CLUSTER", "KEYSLOT", "eddyline:{events:0}:epoch")
    at = next(number for number, some in keys(nodes).items() if b"eddyline:{events:0}:epoch" in some)
    source, target = nodes[at], nodes[(at + 1) % 3]
    with source.client as old, target.client as new:
        here, there = (one.execute_command("CLUSTER", "MYID").decode() for one in (old, new))
        new.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", here)
        old.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", there)
        for key in old.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 100):
            old.execute_command("MIGRATE", "127.0.0.1", target.port, key, 0, 5000)
        for node in nodes[:3]:
            with node.client as client:
                client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", there)
    with pytest.raises(Unreachable, match="moving keys"):
        store.commit(0, epoch, Delta(6, follows=(5, 0)), b"")
    assert store.position(0) == (5, 0)
    store.commit(0, epoch, Delta(6, follows=(5, 0)), b"")
    assert store.position(0) == (6, 0)


def test_a_replica_takes_over_from_a_master_that_died(nodes: list[Redis], store: RedisStore) -> None:
    epochs = {partition: store.acquire(partition) for partition in range(6)}
    for partition, epoch in epochs.items():
        store.commit(partition, epoch, Delta(5), b"out")
    with nodes[3].client as replica, nodes[0].client as master:
        wait_for(lambda: replica.info("replication")["master_link_status"] == "up")
        assert master.wait(1, 30_000) == 1
    nodes[0].signal(signal.SIGKILL)
    interrupted = 0
    for partition, epoch in epochs.items():
        deadline = time.monotonic() + SECONDS
        while store_position(store, partition) != (6, 0):
            assert time.monotonic() < deadline
            try:
                store.commit(partition, epoch, Delta(6, follows=(5, 0)), b"")
            except Unreachable:
                interrupted += 1
                time.sleep(0.2)
    assert interrupted


def test_a_cluster_is_not_taken_for_a_server_nor_the_other_way_round(nodes: list[Redis]) -> None:
    with Redis() as plain, pytest.raises(DeploymentError, match="is no cluster: write redis://"):
        RedisStore(url(plain), "events").position(0)
    one = RedisStore(f"redis://127.0.0.1:{nodes[1].port}/0", "events")
    with pytest.raises(DeploymentError, match=r"write redis\+cluster://"):
        one.items(0, [str(one.position(partition)) for partition in range(12)])


def store_position(store: RedisStore, partition: int) -> tuple[int, int] | None:
    try:
        return store.position(partition)
    except Unreachable:
        return None
