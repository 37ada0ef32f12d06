"""The tests' own proxy does to connections what it says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import redis

from tests.proxy import Proxy

pytestmark = pytest.mark.redis


@pytest.fixture
def proxy(redis_url: str) -> Iterator[Proxy]:
    with Proxy(urlsplit(redis_url).port or 6379) as between:
        yield between


def client(proxy: Proxy, timeout: float = 30.0) -> redis.Redis:
    return redis.Redis(port=proxy.port, socket_timeout=timeout, retry=None, single_connection_client=True)


def test_it_passes_everything_on(proxy: Proxy) -> None:
    with client(proxy) as one:
        one.set("proxy:large", b"x" * 3_000_000)
        assert one.get("proxy:large") == b"x" * 3_000_000
        assert proxy.connections == 1
        one.delete("proxy:large")


def test_delay(proxy: Proxy) -> None:
    with client(proxy) as one:
        proxy.delay(0.2)
        began = time.monotonic()
        one.ping()
        assert time.monotonic() - began >= 0.2


def test_cut_and_block(proxy: Proxy) -> None:
    with client(proxy) as one:
        proxy.cut()
        with pytest.raises(redis.ConnectionError):
            one.ping()
        one.ping()  # a new connection
        proxy.block()
        one.ping()  # which stands
        with pytest.raises(redis.ConnectionError):
            client(proxy).ping()
        proxy.unblock()
        with client(proxy) as another:
            another.ping()


def test_stall(proxy: Proxy) -> None:
    with client(proxy, timeout=0.3) as one:
        proxy.stall()
        with pytest.raises(redis.TimeoutError):
            one.ping()
        with pytest.raises(redis.TimeoutError):
            client(proxy, timeout=0.3).ping()
        proxy.flow()
    with client(proxy) as one:
        assert one.ping()


def test_mute(proxy: Proxy) -> None:
    with client(proxy, timeout=0.3) as one:
        proxy.mute()
        with pytest.raises(redis.TimeoutError):
            one.set("proxy:muted", "arrived")
        proxy.unmute()
    with client(proxy) as one:
        assert one.get("proxy:muted") == b"arrived"
        one.delete("proxy:muted")
