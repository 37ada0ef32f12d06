"""The way to Redis: one client, private connections, and errors that say what is wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any

import redis
from redis.cluster import RedisCluster
from redis.exceptions import AskError, ClusterDownError
from redis.sentinel import MasterNotFoundError, SentinelConnectionPool

from stream.errors import ConfigError, DeploymentError, EddylineError, Unreachable
from stream.store.address import RedisAddress, address_of
from stream.store.clients import Client, make_client
from stream.store.refusals import ERRORS, meaning
from stream.store.resp import Command, pack

_MOVED = (redis.ConnectionError, redis.TimeoutError, AskError, ClusterDownError)  # after which slots are looked up anew


class Server:
    """A Redis as a store uses it: one server, what Sentinel calls the master, or a cluster.

    Parameters
    ----------
    at
        An address, a URL (see `RedisAddress`), or a client with `decode_responses` off. A client stays the caller's
        to close, and keeps its own timeouts.

    Attributes
    ----------
    where
        The server's address for messages, without credentials.

    Raises
    ------
    ConfigError
        When the URL cannot be understood or the client decodes replies.
    """

    def __init__(self, at: Client | RedisAddress | str) -> None:
        self._given = address_of(at) if isinstance(at, str) else at
        at = self._given
        if not isinstance(at, RedisAddress) or at.place.kind == "server":
            options = self.client.get_connection_kwargs()
            if options.get("decode_responses"):
                raise ConfigError("The Redis client must not decode replies: leave decode_responses off.")
        self.where = self._described()

    @cached_property
    def client(self) -> Any:  # redis-py's types allow for decoded replies, which are refused
        """For single commands, within `answering`. That of a cluster connects when it is asked for first."""
        return make_client(self._given) if isinstance(self._given, RedisAddress) else self._given

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Say what the client's errors mean.

        Raises
        ------
        Unreachable
            When it may pass: no answer, no writes at present, keys that move.
        DeploymentError
            When something is set wrongly, such as login, rights or TLS.
        """
        try:
            yield
        except MasterNotFoundError as error:
            self._know_service()
            raise self.meaning(error) from error
        except ERRORS as error:
            raise self.meaning(error) from error

    @contextmanager
    def connection(self, key: str) -> Iterator[Any]:
        """A connection of our own to where a key is, for `exchange`.

        After any error it is dropped, and a WATCH or an unread reply with it.

        Raises
        ------
        Unreachable, DeploymentError
            See `answering`.
        """
        with self.answering():
            pool = self._pool(key)
            connection = pool.get_connection()
            try:
                yield connection
            except BaseException as error:
                connection.disconnect()
                if isinstance(error, _MOVED):
                    self._look_again()
                raise
            finally:
                pool.release(connection)

    def by_node(self, keys: Iterable[str]) -> list[list[str]]:
        """Keys, those of one node together."""
        if not isinstance(self.client, RedisCluster):
            return [list(keys)]
        groups: defaultdict[str, list[str]] = defaultdict(list)
        for key in keys:
            groups[self._node(key).name].append(key)
        return list(groups.values())

    def memory(self) -> list[dict[str, Any]]:
        """What the server says of its memory; of a cluster, what each of its masters says."""
        if not isinstance(self.client, RedisCluster):
            return [self.client.info("memory")]
        told = self.client.info("memory", target_nodes=RedisCluster.PRIMARIES)
        return [told] if "used_memory" in told else list(told.values())

    def close(self) -> None:
        """Close the client, unless it is the caller's."""
        if isinstance(self._given, RedisAddress) and "client" in vars(self):
            self.client.close()

    def meaning(self, error: Exception) -> EddylineError:
        """Our error for one of the client's."""
        place = self._given.place if isinstance(self._given, RedisAddress) else None
        tls = place is not None and place.tls
        cluster = place.kind == "cluster" if place is not None else isinstance(self._given, RedisCluster)
        return meaning(error, self.where, tls=tls, cluster=cluster)

    def _pool(self, key: str) -> Any:
        if not isinstance(self.client, RedisCluster):
            return self.client.connection_pool
        return self.client.get_redis_connection(self._node(key)).connection_pool

    def _node(self, key: str) -> Any:
        node = self.client.get_node_from_key(key)
        if node is None:
            raise ClusterDownError("no node has this key's slot")
        return node

    def _look_again(self) -> None:
        if isinstance(self.client, RedisCluster):
            with suppress(*ERRORS):  # it is tried again by whoever comes next
                self.client.nodes_manager.initialize()

    def _know_service(self) -> None:
        """Refuse a service that a sentinel does not know; one that it knows has no master only for a while."""
        pool = self.client.connection_pool
        if not isinstance(pool, SentinelConnectionPool):
            return
        for sentinel in pool.sentinel_manager.sentinels:
            try:
                known = sentinel.sentinel_masters()
            except (redis.ConnectionError, redis.TimeoutError) as error:
                reason = self.meaning(error)
                if isinstance(reason, Unreachable):
                    continue
                raise reason from error
            if pool.service_name not in known:
                there = f"they know {', '.join(map(repr, known))}" if known else "they know none"
                raise DeploymentError(
                    f"{self.where}: the sentinels know no master {pool.service_name!r}, {there}: check redis.url."
                )
            return

    def _described(self) -> str:
        if isinstance(self._given, RedisAddress) and self._given.place.kind != "server":
            place = self._given.place
            nodes = ",".join(f"{host}:{port}" for host, port in place.nodes)
            if place.kind == "cluster":
                return f"Redis Cluster at {nodes}"
            return f"Redis {place.service!r} of the sentinels at {nodes}, database {place.db}"
        options = self.client.get_connection_kwargs()
        if isinstance(self.client, RedisCluster):
            nodes = ",".join(sorted(self.client.nodes_manager.startup_nodes))
            return f"Redis Cluster at {nodes}"
        at = options.get("path") or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
        return f"Redis at {at}, database {options.get('db') or 0}"


def exchange(connection: Any, commands: Iterable[Command]) -> list[Any]:
    """Send all commands, then read all replies: one round trip. The first refusal is raised when all are read."""
    sent = list(commands)
    # No health check: it may reconnect, and a transaction on a new connection would watch nothing.
    connection.send_packed_command(pack(sent), check_health=False)
    replies: list[Any] = []
    refusals: list[Exception] = []
    for _ in sent:
        try:
            replies.append(connection.read_response())
        except redis.ResponseError as error:
            refusals.append(error)
        else:
            nested = replies[-1] if isinstance(replies[-1], list) else []
            refusals += [reply for reply in nested if isinstance(reply, redis.ResponseError)]
    if refusals:
        raise refusals[0]
    return replies
