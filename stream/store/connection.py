"""The way to a Redis server: clients, private connections, and what their errors mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from stream.errors import ConfigError, DeploymentError, Unreachable
from stream.store.resp import Command, pack

_PASSING = (
    redis.OutOfMemoryError,
    redis.ReadOnlyError,
    redis.exceptions.MasterDownError,
    redis.exceptions.ClusterDownError,
)
_PASSING_CODES = ("NOREPLICAS", "MISCONF", "BUSY ")  # for which the client has no class


class Server:
    """A Redis server as a store uses it.

    Parameters
    ----------
    client_or_url
        `redis://`, `rediss://` or `unix://` URL, or a client with `decode_responses` off. A client stays the
        caller's to close, and keeps its own timeouts.

    Attributes
    ----------
    client
        For single commands, within `answering`.
    where
        The server's address for messages, without credentials.

    Raises
    ------
    ConfigError
        When the URL cannot be understood or the client decodes replies.
    """

    def __init__(self, client_or_url: redis.Redis | str) -> None:
        self._owned = isinstance(client_or_url, str)
        # Any: redis-py's types allow for decoded replies, which are refused below.
        self.client: Any = _connect(client_or_url) if isinstance(client_or_url, str) else client_or_url
        options = self.client.connection_pool.connection_kwargs
        if options.get("decode_responses"):
            raise ConfigError("The Redis client must not decode replies: leave decode_responses off.")
        place = options.get("path") or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
        self.where = f"Redis at {place}, database {options.get('db') or 0}"

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Say what the client's errors mean. Neither credentials nor values get into a message."""
        try:
            yield
        except redis.AuthenticationError as error:
            raise Unreachable(f"{self.where} refuses the login: check user and password.") from error
        except (redis.ConnectionError, redis.TimeoutError) as error:
            raise Unreachable(f"{self.where} does not answer: check that it runs and its URL ({error}).") from error
        except redis.RedisError as error:
            reason = str(error).partition(", with args")[0].rstrip(".")
            if isinstance(error, _PASSING) or reason.startswith(_PASSING_CODES):
                raise Unreachable(f"{self.where} takes no writes at present; check it: {reason}.") from error
            raise DeploymentError(f"{self.where} refuses a command: {reason}.") from error

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """A connection of our own, for `exchange`, within `answering`.

        After any error it is dropped, and a WATCH or an unread reply with it.
        """
        pool = self.client.connection_pool
        with self.answering():
            connection = pool.get_connection()
            try:
                yield connection
            except BaseException:
                connection.disconnect()
                raise
            finally:
                pool.release(connection)

    def close(self) -> None:
        """Close the client, unless it is the caller's."""
        if self._owned:
            self.client.close()


def exchange(connection: Any, commands: Iterable[Command]) -> list[Any]:
    """Send all commands, then read all replies: one round trip. The first refusal is raised when all are read."""
    sent = list(commands)
    # No health check: it may reconnect, and a transaction on a new connection would watch nothing.
    connection.send_packed_command([pack(sent)], check_health=False)
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


def _connect(url: str) -> redis.Redis:
    retry = Retry(ExponentialBackoff(cap=0.5, base=0.05), retries=2, supported_errors=(redis.ConnectionError,))
    try:
        # RESP2: with RESP3, redis-py 8 hands out idle connections without looking whether they have died.
        return redis.Redis.from_url(url, protocol=2, retry=retry, socket_connect_timeout=1.0, socket_timeout=5.0)
    except ValueError:
        # The cause may quote a piece of a password.
        raise ConfigError("The Redis URL is not valid: write redis://host:port/db, rediss://… or unix:///…") from None
