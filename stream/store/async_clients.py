"""Clients of Redis by address, for asyncio: the twins of `stream.store.clients`."""

from __future__ import annotations

from typing import Any

import redis
from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import ExponentialBackoff

from stream.errors import ConfigError
from stream.store.address import RedisAddress
from stream.store.clients import login_of, options_of

_node: Any = ClusterNode  # neither has types
_sentinel: Any = Sentinel


def make_async_client(address: RedisAddress) -> Any:
    """A client; it connects when it is first used.

    Raises
    ------
    ConfigError
        When the URL or a file of the address cannot be used.
    """
    place = address.place
    options = {**options_of(address), **login_of(address)}
    if place.kind == "cluster":
        nodes = [_node(host, port) for host, port in place.nodes]
        return RedisCluster(startup_nodes=nodes, require_full_coverage=False, **options)
    retry = Retry(ExponentialBackoff(cap=0.5, base=0.05), retries=2, supported_errors=(redis.ConnectionError,))
    options["retry"] = retry
    if place.kind == "sentinel":
        login = {"username": address.sentinel_username, "password": address.sentinel_secret}
        asking = {**options_of(address), **login, "retry": retry}
        sentinel = _sentinel(list(place.nodes), sentinel_kwargs=asking, db=place.db, **options)
        return sentinel.master_for(place.service)
    try:
        return Redis.from_url(address.url.get_secret_value(), **options)
    except ValueError:
        # The cause may quote a piece of a password.
        raise ConfigError("The Redis URL is not valid: write redis://host:port/db, rediss://… or unix:///…") from None
