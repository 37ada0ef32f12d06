"""A look at a broker before a client is made: what no waiting would cure is said at once.

The client itself tries to connect until its timeout, whatever the reason, and says only that it could not.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import kafka.errors as errors
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector

from stream.errors import DeploymentError

_SECONDS = 3.0
_TRIES = 4  # a broker may close the connection before its refusal of a login has been read
_ABSENT = ("DNS", "ECONNREFUSED", "timed out", "Timeout", "ETIMEDOUT", "unreachable")


def refused(options: dict[str, Any], servers: str) -> DeploymentError | None:
    """What is wrong with protocol, login or certificates, if anything; None too when no broker can be asked.

    Parameters
    ----------
    options
        Keyword arguments of a client.
    servers
        The brokers, for messages.
    """
    for server in options["bootstrap_servers"]:
        error = _attempt(options, server)
        for _ in range(_TRIES - 1):
            if not _closed(error):
                break
            error = _attempt(options, server)
        if error is None:
            return None
        if not any(word in str(error) for word in _ABSENT):
            said = _reason(error, options, server)
            return DeploymentError(f"Kafka at {servers} {said}.") if said else None
    return None


def _reason(error: Exception, options: dict[str, Any], server: str) -> str | None:
    protocol = options["security_protocol"]
    said = str(error)
    if isinstance(error, errors.SaslAuthenticationFailedError):
        return "refuses the login: check kafka.username, kafka.password and kafka.sasl_mechanism"
    if isinstance(error, errors.UnsupportedSaslMechanismError):
        return f"does not take logins by {options['sasl_mechanism']}: check kafka.sasl_mechanism"
    if isinstance(error, errors.IllegalSaslStateError):
        return "asks for no login at this port: check kafka.security_protocol"
    if "CERTIFICATE_VERIFY_FAILED" in said:
        why = said.partition("verify failed: ")[2].partition(" (_ssl")[0].rstrip(".")
        return f"shows a certificate that is not trusted ({why}): check kafka.ssl_cafile and kafka.bootstrap_servers"
    if "ALERT" in said:
        return "refuses TLS: check kafka.ssl_certfile and kafka.ssl_keyfile, it may ask for a client's certificate"
    if not _closed(error):
        return None
    if not protocol.endswith("SSL") and _speaks_tls(server):
        return "expects TLS at this port: check kafka.security_protocol"
    if protocol.endswith("SSL") and _greets(options | {"security_protocol": "PLAINTEXT"}, server):
        return "does not speak TLS at this port: check kafka.security_protocol"
    bare = options | {"security_protocol": protocol.removeprefix("SASL_")}
    if _greets(bare, server):
        if protocol.startswith("SASL"):
            return "refuses the login: check kafka.username, kafka.password and kafka.sasl_mechanism"
        return "closes connections without a login: check kafka.security_protocol"
    return None


def _closed(error: Exception | None) -> bool:
    """Whether the broker has closed the connection without a word, or with one that is no Kafka, as of TLS."""
    if isinstance(error, errors.InvalidReceiveError):
        return True
    said = str(error)
    ended = any(word in said for word in ("disconnected", "EOF", "ECONNRESET", "reset by peer"))
    return ended and isinstance(error, errors.KafkaConnectionError)


def _attempt(options: dict[str, Any], server: str) -> Exception | None:
    """Connect, log in and ask for the cluster; what went wrong."""
    with _manager(options, server) as (manager, run):
        node = manager.cluster.bootstrap_brokers()[0].node_id

        async def ask() -> None:
            await manager.get_connection(node, timeout_ms=_SECONDS * 1000, pop_on_close=False)
            await manager.cluster.refresh_metadata(node)

        return run(ask)


def _greets(options: dict[str, Any], server: str) -> bool:
    """Whether a broker answers to the very first request of a client, for which nobody needs a login."""
    with _manager(options, server) as (manager, run):
        node = manager.cluster.bootstrap_brokers()[0].node_id

        async def ask() -> None:
            await manager.get_connection(node, timeout_ms=_SECONDS * 1000, pop_on_close=False)

        return run(ask) is None


@contextmanager
def _manager(options: dict[str, Any], server: str) -> Iterator[tuple[Any, Callable[[Any], Exception | None]]]:
    network: Any = NetworkSelector()
    network.start()
    own = {"bootstrap_servers": [server], "request_timeout_ms": int(_SECONDS * 1000)}
    manager: Any = KafkaConnectionManager(network, **options | own)

    def run(coroutine: Any) -> Exception | None:
        try:
            network.run(coroutine)
        except (errors.KafkaError, OSError) as error:
            return error
        return None

    try:
        yield manager, run
    finally:
        manager.close()
        network.stop()


def _speaks_tls(server: str) -> bool:
    host, _, port = server.rpartition(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # who it is does not matter here
    try:
        plain = socket.create_connection((host.strip("[]"), int(port)), _SECONDS)
        with plain, context.wrap_socket(plain):
            return True
    except (OSError, ValueError):
        return False
