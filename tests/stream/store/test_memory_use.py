"""How much memory the server uses, where it says so."""

from __future__ import annotations

from uuid import uuid4

import pytest
import redis

from stream.store.redis import RedisStore

pytestmark = pytest.mark.redis


def test_memory_and_its_limit(own_url: str) -> None:
    with redis.Redis.from_url(own_url) as client:
        store = RedisStore(own_url, "events")
        before = store.memory()
        assert before is not None
        assert before[1] == 0
        client.set("big", b"x" * 5_000_000)
        client.config_set("maxmemory", 1_000_000_000)
        after = store.memory()
        client.config_set("maxmemory", 0)
        client.delete("big")
        store.close()
    assert after is not None
    assert after[0] - before[0] > 4_000_000
    assert after[1] == 1_000_000_000


def test_a_user_who_may_not_ask_is_told_nothing_and_stops_nothing(own_url: str) -> None:
    user = f"user-{uuid4().hex[:8]}"
    with redis.Redis.from_url(own_url) as admin:
        admin.acl_setuser(user, enabled=True, passwords=["+secret"], keys=["*"], commands=["+get", "-info"])
        options = dict(admin.connection_pool.connection_kwargs)
        place = {name: options[name] for name in ("host", "port", "path") if name in options}
        kind = redis.UnixDomainSocketConnection if "path" in place else redis.Connection
        pool = redis.ConnectionPool(connection_class=kind, username=user, password="secret", protocol=2, **place)
        store = RedisStore(redis.Redis(connection_pool=pool), "events")
        assert store.memory() is None
        store.close()
        pool.disconnect()
        admin.acl_deluser(user)
