"""A small HTTP port of the worker, for whoever watches it: `/health/live`, `/health/ready` and `/metrics`.

It answers on threads of its own from what the `Monitor` holds. It asks no server and takes no lock that the loop holds
while it waits, so that it answers just as well when the loop hangs, and never holds it up.
"""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET6
from socketserver import TCPServer
from threading import Thread
from types import TracebackType

from consumers.metrics import CONTENT_TYPE
from consumers.monitor import Monitor
from stream.errors import InputError

log = logging.getLogger(__name__)

_JSON = "application/json"
_SECONDS = 10.0  # for a client to say what it wants


class Endpoint:
    """Serves a monitor at an address; a context manager.

    Parameters
    ----------
    monitor
        What is told.
    address
        `host:port`; with port 0 a free one is taken.

    Raises
    ------
    InputError
        When the address cannot be listened on, such as because another process does.

    Attributes
    ----------
    port
        The port that is listened on.
    """

    def __init__(self, monitor: Monitor, address: str) -> None:
        host, _, port = address.rpartition(":")
        handler = type("Handler", (_Handler,), {"monitor": monitor})
        try:
            self._server = (_ServerV6 if ":" in host else _Server)((host.strip("[]"), int(port)), handler)
        except OSError as error:
            raise InputError(
                f"cannot listen on {address} for health and metrics: {error.strerror or error}; set worker.http "
                "or --http to another address: each worker of a machine needs a port of its own"
            ) from error
        self.port = int(self._server.server_address[1])
        self._thread = Thread(target=self._server.serve_forever, args=(0.1,), name="eddyline-http", daemon=True)

    def __enter__(self) -> Endpoint:
        self._thread.start()
        log.info("health and metrics are served on port %d", self.port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a client that says nothing does not hold up the end

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # without looking up the host's name, which may take a while


class _ServerV6(_Server):
    address_family = AF_INET6


class _Handler(BaseHTTPRequestHandler):
    monitor: Monitor
    timeout = _SECONDS
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].rstrip("/")
        if path == "/metrics":
            self._answer(HTTPStatus.OK, self.monitor.metrics.text(), CONTENT_TYPE)
        elif path == "/health/live":
            live, silent = self.monitor.live, round(self.monitor.silent_for(), 3)
            self._say(live, {"live": live, "seconds_since_loop_moved": silent})
        elif path == "/health/ready":
            condition, live = self.monitor.condition, self.monitor.live
            reasons = [*condition.troubles, *([] if live else ["the loop does not move on"])]
            said = {"ready": not reasons, "reasons": reasons, "partitions": list(condition.partitions)}
            self._say(not reasons, said)
        else:
            there = "there are /health/live, /health/ready and /metrics"
            self._answer(HTTPStatus.NOT_FOUND, json.dumps({"error": there}).encode(), _JSON)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _say(self, well: bool, said: dict[str, object]) -> None:
        status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
        self._answer(status, json.dumps(said).encode(), _JSON)

    def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self) -> str:
        return "eddyline"

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged: a probe each second would bury what matters."""
