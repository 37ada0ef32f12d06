"""`store`, `open_store`: a test runs in memory, on a real Redis and on a cluster. `own_url`: one to tamper with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
import redis

from stream.store.base import Delta, StateStore
from stream.store.embedded import embedded_redis
from stream.store.memory import MemoryStore
from stream.store.redis import RedisStore
from tests.deployments.conftest import found
from tests.deployments.redis_servers import cluster

Open = Callable[..., StateStore]
EVERYTHING = Delta(7, {"ada": b"1"}, {"tea": b"1"}, b"12345678", 1, {"clock": b"1"}, lists={"ada": b"[]"})


REAL = [pytest.param(kind, marks=pytest.mark.redis) for kind in ("redis", "cluster")]


@pytest.fixture(params=["memory", *REAL])
def open_store(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens a topic's store, as each new owner does; all owners of a topic see the same state."""
    if request.param == "memory":
        stores: dict[str, StateStore] = {}
        yield lambda topic="events": stores.setdefault(topic, MemoryStore())
        return
    url = request.getfixturevalue("redis_url" if request.param == "redis" else "cluster_url")
    prefix = f"test-{uuid4().hex}"
    opened: list[RedisStore] = []

    def open_redis(topic: str = "events") -> StateStore:
        opened.append(RedisStore(url, topic, prefix))
        return opened[-1]

    yield open_redis
    for store in opened:
        store.close()
    if request.param == "redis":
        with redis.Redis.from_url(url) as client:
            for key in client.scan_iter(match=f"{prefix}:*", count=1000):
                client.delete(key)


@pytest.fixture(scope="module")
def cluster_url() -> Iterator[str]:
    """Three nodes of this module's own."""
    with found(), cluster() as nodes:
        yield "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)


@pytest.fixture
def store(open_store: Open) -> StateStore:
    """The store of the topic `events`."""
    return open_store()


def hashes(first: int, last: int) -> bytes:
    """Message-id hashes `first` to `last - 1`."""
    return b"".join(number.to_bytes(8, "big") for number in range(first, last))


@pytest.fixture(scope="module")
def own_url() -> Iterator[str]:
    """A server of this module's own, whose settings may be changed."""
    with embedded_redis() as url:
        yield url
