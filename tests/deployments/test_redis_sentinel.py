"""State in the Redis that Sentinel calls the master: found by its name, also after another has taken its place."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from pydantic import SecretStr

from stream.errors import Aborted, DeploymentError, Unreachable
from stream.store.address import RedisAddress
from stream.store.base import Delta
from stream.store.redis import RedisStore
from tests.deployments.conftest import found
from tests.deployments.redis_servers import Redis, SentinelServer, wait_for

pytestmark = pytest.mark.redis
SECONDS = 60.0
ASKED = "s3ntinel"


class Watched(NamedTuple):
    """A master, its replica, and the sentinel that watches them."""

    master: Redis
    replica: Redis
    sentinel: SentinelServer

    def address(self, service: str = "shop", password: str = ASKED) -> RedisAddress:
        return RedisAddress(
            url=SecretStr(f"redis+sentinel://127.0.0.1:1,127.0.0.1:{self.sentinel.port}/{service}/0"),
            sentinel_password=SecretStr(password),
        )


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    """A master, a replica in step with it, and a sentinel, which asks for a password, that knows both."""
    with found(), Redis() as master, Redis("--replicaof", "127.0.0.1", str(master.port)) as replica:
        with replica.client as client:
            wait_for(lambda: client.info("replication")["master_link_status"] == "up")
        with SentinelServer(master.port, ASKED) as sentinel:
            yield Watched(master, replica, sentinel)


def test_a_name_that_the_sentinels_do_not_know_is_said(watched: Watched) -> None:
    with pytest.raises(DeploymentError, match="know no master 'shoe', they know 'shop'") as refused:
        RedisStore(watched.address("shoe"), "events").position(0)
    assert not isinstance(refused.value, Unreachable)


def test_a_wrong_password_of_a_sentinel_is_said_without_it(watched: Watched) -> None:
    with pytest.raises(DeploymentError, match="refuses the login") as refused:
        RedisStore(watched.address(password="gu3ssed"), "events").position(0)
    assert "gu3ssed" not in str(refused.value)


def test_what_the_promoted_replica_had_not_got_yet_is_noticed(watched: Watched) -> None:
    store = RedisStore(watched.address(), "events")
    epoch = store.acquire(0)
    store.commit(0, epoch, Delta(5, {"ada": b"1"}), b"out")
    with watched.master.client as master:
        assert master.wait(1, 30_000) == 1
    with watched.sentinel.client as asked, watched.master.client as master:
        wait_for(lambda: asked.sentinel_master("shop")["num-slaves"] == 1)
        watched.replica.signal(signal.SIGSTOP)
        master.execute_command("CLIENT", "KILL", "TYPE", "replica")  # what comes now does not reach the replica
        store.commit(0, epoch, Delta(9, follows=(5, 0)), b"lost")
        watched.master.signal(signal.SIGKILL)
        watched.replica.signal(signal.SIGCONT)
    with pytest.raises(Aborted, match="has lost what was written of partition 0"):
        commit_at_last(store, epoch, Delta(12, follows=(9, 0)))
    assert store.position(0) == (5, 0)
    store.commit(0, epoch, Delta(12, follows=(5, 0)), b"")
    assert store.position(0) == (12, 0)
    store.close()


def commit_at_last(store: RedisStore, epoch: int, delta: Delta) -> None:
    """Commit when a master is there, as a worker does."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return store.commit(0, epoch, delta, b"")
        except Unreachable:
            assert time.monotonic() < deadline
            time.sleep(0.2)
