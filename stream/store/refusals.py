"""What the errors of the Redis client mean. Neither credentials nor values get into a message."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import redis
from redis.exceptions import AskError, ClusterDownError, MasterDownError, RedisClusterException, TryAgainError
from redis.sentinel import MasterNotFoundError

from stream.errors import DeploymentError, EddylineError, Forbidden, Unreachable

ERRORS = (redis.RedisError, RedisClusterException)
"""All that the client raises."""

_PASSING = (redis.OutOfMemoryError, redis.ReadOnlyError, MasterDownError, ClusterDownError)
_PASSING_CODES = ("NOREPLICAS", "MISCONF", "BUSY ")  # for which the client has no class
_NO_LOGIN = ("called without any password configured", "wrong number of arguments for 'auth' command")
_CLOSED = ("closed by server", "Connection reset", "Connection closed")


def meaning(error: Exception, where: str, *, tls: bool, cluster: bool) -> EddylineError:
    """Our error for one of the client's: `Unreachable` for what may pass, `DeploymentError` for what is set wrongly.

    Parameters
    ----------
    error
        One of `ERRORS`.
    where
        The server, for messages.
    tls
        Whether connections are to be encrypted.
    cluster
        Whether a cluster is expected.
    """
    chain = list(_chain(error))

    def among(*kinds: type[BaseException]) -> bool:
        return any(isinstance(one, kinds) for one in chain)

    reason = next((str(one) for one in chain if isinstance(one, redis.RedisError)), str(error))
    reason = reason.partition(", with args")[0].rstrip(".")
    if certificate := next((one for one in chain if isinstance(one, ssl.SSLCertVerificationError)), None):
        why = certificate.verify_message.rstrip(".")
        return DeploymentError(f"{where} shows a certificate that is not trusted ({why}): check redis.ssl_cafile.")
    if among(ssl.SSLError) and not among(ssl.SSLEOFError):
        return DeploymentError(f"{where} refuses TLS ({reason}): check its port, and redis.ssl_certfile.")
    if among(redis.AuthenticationError) or any(text in reason for text in _NO_LOGIN):
        return Forbidden(f"{where} refuses the login: check user and password.")
    if among(redis.exceptions.NoPermissionError):
        return Forbidden(f"{where} does not let this user: {reason}. docs/deployment.md lists all that is needed.")
    if "cluster support disabled" in reason:
        return DeploymentError(f"{where} is no cluster: write redis:// in place of redis+cluster:// in redis.url.")
    if among(redis.InvalidResponse):
        return DeploymentError(
            f"{where} speaks another protocol: if its port expects TLS, write rediss:// in redis.url."
        )
    if any(type(one).__name__ == MasterNotFoundError.__name__ for one in chain):  # asyncio has one of its own
        return Unreachable(f"{where}: no sentinel names a master at present; check that both run, and redis.url.")
    if among(AskError, TryAgainError) and not cluster:
        return DeploymentError(f"{where} is a node of a cluster: write redis+cluster://host:port,… in redis.url.")
    if among(AskError, TryAgainError):
        return Unreachable(f"{where} is moving keys from node to node; check it: {reason}.")
    if among(*_PASSING) or reason.startswith(_PASSING_CODES):
        return Unreachable(f"{where} takes no writes at present; check it: {reason}.")
    if among(redis.ResponseError):
        return DeploymentError(f"{where} refuses a command: {reason}.")
    hint = ""
    if among(ssl.SSLEOFError):
        hint = "; if it asks for a client's certificate, set redis.ssl_certfile and redis.ssl_keyfile"
    if not tls and any(text in reason for text in _CLOSED):
        hint = "; if its port expects TLS, write rediss:// in redis.url"
    if tls and among(redis.TimeoutError, TimeoutError):
        hint = "; if its port does not speak TLS, write redis:// in redis.url"
    return Unreachable(f"{where} does not answer: check that it runs and its URL ({reason}){hint}.")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those that led to it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
