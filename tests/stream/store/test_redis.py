"""What only a store on a real server can get wrong: keys, slots, rivals between two commands, lost connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.connection import Connection, parse_url
from redis.crc import key_slot
from redis.retry import Retry

from stream.errors import Aborted, DeploymentError, Fenced, Unreachable
from stream.store.base import Delta, Saved
from stream.store.redis import RedisStore
from tests.stream.store.conftest import EVERYTHING

pytestmark = pytest.mark.redis


@pytest.fixture
def client(own_url: str) -> Iterator[redis.Redis]:
    """A client of an empty database."""
    with redis.Redis.from_url(own_url) as client:
        client.flushall()
        yield client


@pytest.fixture
def store(client: redis.Redis) -> RedisStore:
    """The store of the topic `events`."""
    return RedisStore(client, "events")


def meddling(url: str, before: Callable[[], Any], after: Callable[[], Any], **options: Any) -> redis.Redis:
    """A client that lets something happen just before or just after it sends a transaction."""
    options |= parse_url(url)

    class Meddling(options.pop("connection_class", Connection)):  # type: ignore[misc]
        def send_packed_command(self, command: Any, check_health: bool = True) -> None:
            command = list(command)
            transaction = b"MULTI" in b"".join(command)
            if transaction:
                before()
            super().send_packed_command(command, check_health)
            if transaction:
                after()

    return redis.Redis(connection_pool=redis.ConnectionPool(connection_class=Meddling, **options))


def nothing() -> None:
    """Do not meddle."""


def test_all_keys_of_a_partition_share_a_slot(store: RedisStore, client: redis.Redis) -> None:
    epoch = store.acquire(3)
    for _ in range(3):
        store.commit(3, epoch, EVERYTHING, b"out")
    keys = set(client.scan_iter())
    assert keys == {
        b"eddyline:{events:3}:" + name
        for name in (
            b"epoch", b"watermark", b"number", b"outbox", b"profiles", b"items", b"lists", b"scalars", b"seen",
            b"seen:older", b"seen:limit",
        )
    }  # fmt: skip
    assert len({key_slot(key) for key in keys}) == 1
    assert {client.type(b"eddyline:{events:3}:" + name) for name in (b"profiles", b"items", b"scalars")} == {b"hash"}


def test_partitions_spread_over_slots(store: RedisStore, client: redis.Redis) -> None:
    for partition in range(16):
        store.acquire(partition)
    assert len({key_slot(key) for key in client.scan_iter()}) == 16


def test_any_service_can_read_similar_items(store: RedisStore, client: redis.Redis) -> None:
    store.publish_similar({"85123A": {"22423": 0.75, "47566": 0.5, "20725": 0.25}})
    assert client.execute_command("ZREVRANGE", "eddyline:events:similar:85123A", 0, 1) == [b"22423", b"47566"]
    assert client.zscore("eddyline:events:similar:85123A", "22423") == 0.75


def test_the_claim_is_json_that_an_operator_can_read(store: RedisStore, client: redis.Redis) -> None:
    store.claim("shop", 4)
    assert client.get("eddyline:deployment:events") == b'{"deployment": "shop", "partitions": 4}'


def test_a_large_commit_goes_out_in_small_pieces(own_url: str, store: RedisStore) -> None:
    """A worker's memory has no room for a second copy of all that it writes."""
    pieces: list[int] = []
    options = parse_url(own_url)

    class Watched(options.pop("connection_class", Connection)):  # type: ignore[misc]
        def send_packed_command(self, command: Any, check_health: bool = True) -> None:
            def measured() -> Iterator[bytes]:
                for piece in command:
                    pieces.append(len(piece))
                    yield piece

            super().send_packed_command(measured(), check_health)

    client = redis.Redis(connection_pool=redis.ConnectionPool(connection_class=Watched, **options))
    watched = RedisStore(client, "events")
    written = {f"c{number}": number.to_bytes(2, "big") * 500 for number in range(12_000)}
    watched.commit(0, watched.acquire(0), Delta(7, written), b"out")
    assert sum(pieces) > 12_000_000
    assert max(pieces) < 200_000
    assert dict(store.scan(0)) == written
    client.close()


def test_prefixes_do_not_mix(client: redis.Redis) -> None:
    one, other = RedisStore(client, "events", "one"), RedisStore(client, "events", "other")
    one.claim("shop", 4)
    other.claim("bank", 2)
    one.commit(0, one.acquire(0), EVERYTHING, b"out")
    assert other.load(0) is None


def test_an_epoch_raised_between_watch_and_exec_fails_the_exec(own_url: str, store: RedisStore) -> None:
    raised: list[int] = []
    zombie = RedisStore(meddling(own_url, lambda: raised.append(store.acquire(0)), nothing), "events")
    epoch = zombie.acquire(0)
    with pytest.raises(Fenced):
        zombie.commit(0, epoch, EVERYTHING, b"zombie")
    assert raised[0] > epoch
    assert store.load(0) is None
    assert store.outbox(0) is None
    store.commit(0, raised[0], Delta(9), b"owner")
    assert store.load(0) == Saved(9)


def test_what_is_lost_between_watch_and_exec_fails_the_exec(own_url: str, store: RedisStore, client: Any) -> None:
    losing = RedisStore(meddling(own_url, client.flushall, nothing), "events")
    epoch = losing.acquire(0)
    with pytest.raises(Aborted, match="lost"):
        losing.commit(0, epoch, EVERYTHING, b"out")
    assert store.load(0) is None


def test_an_owner_from_before_the_server_was_emptied_writes_nothing(client: redis.Redis) -> None:
    zombie, owner = RedisStore(client, "events"), RedisStore(client, "events")
    old = zombie.acquire(0)
    zombie.commit(0, old, Delta(10, {"ada": b"old"}, follows=(0, 0)), b"")
    client.flushall()
    owner.commit(0, owner.acquire(0), Delta(10, {"ada": b"new"}, follows=(0, 0)), b"new")
    with pytest.raises((Aborted, Fenced)):
        zombie.commit(0, old, Delta(20, {"ada": b"zombie"}, follows=(10, 0)), b"zombie")
    assert owner.profile(0, "ada") == b"new"
    assert owner.outbox(0) == b"new"


@pytest.mark.parametrize("health_check_interval", [0, 1e-9])
def test_a_connection_lost_before_exec_is_no_fencing(
    own_url: str, store: RedisStore, client: redis.Redis, health_check_interval: float
) -> None:
    """A new connection watches nothing, so that the transaction must not go out on it."""

    def lose() -> None:
        store.acquire(0)
        client.client_kill_filter(_type="normal", skipme=True)

    options = {"health_check_interval": health_check_interval, "retry": Retry(NoBackoff(), 3)}
    lossy = RedisStore(meddling(own_url, lose, nothing, **options), "events")
    with pytest.raises(Unreachable):
        lossy.commit(0, lossy.acquire(0), EVERYTHING, b"out")
    assert store.load(0) is None


def test_a_reply_lost_after_exec_is_not_sent_again(own_url: str, store: RedisStore, client: redis.Redis) -> None:
    def lose() -> None:
        while store.position(0) is None:
            pass
        raise redis.ConnectionError("lost")

    lossy = RedisStore(meddling(own_url, nothing, lose, retry=Retry(NoBackoff(), 3)), "events")
    epoch = lossy.acquire(0)
    client.config_resetstat()
    with pytest.raises(Unreachable):
        lossy.commit(0, epoch, EVERYTHING, b"out")
    assert client.info("commandstats")["cmdstat_exec"]["calls"] == 1
    assert store.position(0) == (7, 0)
    assert store.outbox(0) == b"out"


def test_a_commit_that_times_out_is_unreachable_and_may_have_happened(own_url: str, store: RedisStore) -> None:
    epoch = store.acquire(0)
    hasty = RedisStore(redis.Redis.from_url(own_url, socket_timeout=0.1, retry=None), "events")
    with redis.Redis.from_url(own_url) as admin:
        admin.execute_command("CLIENT", "PAUSE", 60_000, "WRITE")
        with pytest.raises(Unreachable):
            hasty.commit(0, epoch, EVERYTHING, b"out")
        admin.execute_command("CLIENT", "UNPAUSE")
    assert store.position(0) in (None, 7)
    hasty.commit(0, epoch, Delta(8), b"next")
    assert store.position(0) == (8, 0)


def test_idle_connections_that_died_are_replaced(own_url: str, client: redis.Redis) -> None:
    store = RedisStore(own_url, "events")
    epoch = store.acquire(0)
    for _ in range(2):
        client.client_kill_filter(_type="normal", skipme=True)
        store.commit(0, epoch, EVERYTHING, b"out")
    client.client_kill_filter(_type="normal", skipme=True)
    assert store.position(0) == (7, 0)
    client.client_kill_filter(_type="normal", skipme=True)
    store.publish_similar({"tea": {"jam": 1.0}})
    store.close()


def test_a_refused_commit_writes_nothing_and_shows_no_values(store: RedisStore, client: redis.Redis) -> None:
    epoch = store.acquire(0)
    store.commit(0, epoch, EVERYTHING, b"out")
    before = store.load(0)
    client.config_set("maxmemory", 1)
    try:
        with pytest.raises(Unreachable, match=r"no writes at present.*maxmemory") as refused:
            store.commit(0, epoch, Delta(8, {"ada": b"private"}), b"next")
    finally:
        client.config_set("maxmemory", 0)
    assert "private" not in str(refused.value)
    assert store.load(0) == before
    assert store.outbox(0) == b"out"
    store.commit(0, epoch, Delta(9), b"next")
    assert store.position(0) == (9, 0)


def test_a_replica_takes_no_writes_until_it_is_a_master(store: RedisStore, client: redis.Redis) -> None:
    epoch = store.acquire(0)
    client.execute_command("REPLICAOF", "127.0.0.1", "1")
    try:
        for write in (lambda: store.commit(0, epoch, EVERYTHING, b"out"), lambda: store.acquire(0)):
            with pytest.raises(Unreachable, match="no writes at present"):
                write()
    finally:
        client.execute_command("REPLICAOF", "NO", "ONE")
    store.commit(0, epoch, EVERYTHING, b"out")


def test_a_command_that_the_server_does_not_know_stays_an_error(store: RedisStore, client: redis.Redis) -> None:
    client.set("eddyline:{events:0}:profiles", "of another type")
    with pytest.raises(DeploymentError, match=r"refuses a command.*wrong kind") as refused:
        store.profile(0, "ada")
    assert not isinstance(refused.value, Unreachable)


def test_the_callers_client_stays_open(client: redis.Redis) -> None:
    RedisStore(client, "events").close()
    assert client.ping()
