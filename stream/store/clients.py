"""Clients of Redis by address."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import redis
from redis.backoff import ExponentialBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.retry import Retry
from redis.sentinel import Sentinel

from stream.errors import ConfigError
from stream.store.address import RedisAddress

Client = redis.Redis | RedisCluster

_node: Any = ClusterNode  # neither has types
_sentinel: Any = Sentinel
_CONNECT_SECONDS, _ANSWER_SECONDS = 1.0, 5.0


def make_client(address: RedisAddress) -> Client:
    """A client. Only that of a cluster connects at once.

    Raises
    ------
    ConfigError
        When the URL or a file of the address cannot be used.
    redis.RedisError, redis.exceptions.RedisClusterException
        When no node of the cluster can be used.
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
        master: redis.Redis = sentinel.master_for(place.service)
        return master
    try:
        return redis.Redis.from_url(address.url.get_secret_value(), **options)
    except ValueError:
        # The cause may quote a piece of a password.
        raise ConfigError("The Redis URL is not valid: write redis://host:port/db, rediss://… or unix:///…") from None


def login_of(address: RedisAddress) -> dict[str, Any]:
    """User and password, for any client."""
    netloc = urlsplit(address.url.get_secret_value()).netloc
    user, _, password = netloc.rpartition("@")[0].partition(":")
    return {
        "username": address.username or unquote(user) or None,
        "password": address.secret or unquote(password) or None,
    }


def options_of(address: RedisAddress) -> dict[str, Any]:
    """Protocol, timeouts and TLS, for any client."""
    options: dict[str, Any] = {
        # RESP2: with RESP3, redis-py 8 hands out idle connections without looking whether they have died.
        "protocol": 2,
        "socket_connect_timeout": _CONNECT_SECONDS,
        "socket_timeout": _ANSWER_SECONDS,
    }
    if address.place.tls:
        options |= {
            "ssl_ca_certs": address.ssl_cafile,
            "ssl_certfile": address.ssl_certfile,
            "ssl_keyfile": address.ssl_keyfile,
            "ssl_check_hostname": address.ssl_check_hostname,
        }
        if address.place.kind != "server":
            options["ssl"] = True
    return options
