"""What is said of a server that cannot be reached, lets nobody in or is named wrongly; never a password."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
import redis

from stream.errors import ConfigError, DeploymentError, Unreachable
from stream.store.embedded import embedded_redis
from stream.store.redis import RedisStore
from tests.stream.store.conftest import EVERYTHING

pytestmark = pytest.mark.redis


def every_call(store: RedisStore) -> list[Callable[[], object]]:
    """Each way of talking to the server."""
    return [
        lambda: store.claim("shop", 4),
        lambda: store.acquire(0),
        lambda: store.position(0),
        lambda: store.load(0),
        lambda: store.commit(0, 1, EVERYTHING, b"out"),
        lambda: store.outbox(0),
        lambda: store.wipe(0),
        lambda: store.profile(0, "ada"),
        lambda: store.scalar(0, "clock"),
        lambda: store.items(0),
        lambda: store.items(0, ["tea"]),
        lambda: store.publish_similar({"tea": {"jam": 1.0}}),
        lambda: store.similar("tea"),
        lambda: store.put_shared("model", b"1"),
        lambda: store.shared("model"),
    ]


def test_an_unreachable_server_is_said_so_without_credentials() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can take the port
        port = taken.getsockname()[1]
        store = RedisStore(f"redis://eddy:s3cret@127.0.0.1:{port}/2", "events")
        for call in every_call(store):
            with pytest.raises(Unreachable, match=rf"127\.0\.0\.1:{port}, database 2 does not answer") as unreachable:
                call()
            assert "s3cret" not in str(unreachable.value)
            assert "s3cret" not in repr(unreachable.value.__cause__)


def test_a_server_that_ends_becomes_unreachable() -> None:
    with embedded_redis() as url:
        store = RedisStore(url, "events")
        epoch = store.acquire(0)
        store.commit(0, epoch, EVERYTHING, b"out")
    with pytest.raises(Unreachable):
        store.commit(0, epoch, EVERYTHING, b"out")
    with pytest.raises(Unreachable):
        store.load(0)


def test_a_wrong_password_is_said_so_without_it() -> None:
    with embedded_redis() as url, redis.Redis.from_url(url) as admin:
        admin.config_set("requirepass", "r1ght")
        RedisStore(f"{url}?password=r1ght", "events").claim("shop", 4)
        for wrong in ("", "?password=wr0ng"):
            with pytest.raises(DeploymentError) as refused:
                RedisStore(f"{url}{wrong}", "events").claim("shop", 4)
            assert "login" in str(refused.value)
            assert not isinstance(refused.value, Unreachable)  # which would be tried again
            assert "wr0ng" not in str(refused.value)
            assert "r1ght" not in str(refused.value)


@pytest.mark.parametrize("url", ["localhost:6379", "http://localhost", "redis://user:p/w@localhost:6379", ""])
def test_a_bad_url_is_said_so_without_quoting_it(url: str) -> None:
    with pytest.raises(ConfigError, match="redis://host:port/db") as refused:
        RedisStore(url, "events")
    assert "p/w" not in str(refused.value)


def test_a_client_that_decodes_is_refused(own_url: str) -> None:
    with pytest.raises(ConfigError, match="decode_responses"):
        RedisStore(redis.Redis.from_url(own_url, decode_responses=True), "events")
