"""A Kafka and a Redis that a campaign may break, and the proxies between them and each worker."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis

from eddyline.testing.servers import LocalKafka, LocalRedis, free_port
from stream.errors import Unreachable
from tests.proxy import Proxy

_TRIES = 2  # of a broker that may come after one that was killed


class BreakableKafka(LocalKafka):
    """One broker that each worker reaches through a proxy of its own.

    A broker tells clients where to connect, so each worker has a listener of its own, whose advertised address is its
    proxy. The campaign itself connects without one.
    """

    def __init__(self, slots: int) -> None:
        super().__init__(quick=True)
        self._listeners = [free_port() for _ in range(slots)]
        self.proxies = [Proxy(port) for port in self._listeners]
        self._extended = False

    def _command(self) -> list[str]:
        command = super()._command()
        if not self._extended:
            self._extended = True
            self._extend(Path(command[-1]))
        return command

    def _extend(self, properties: Path) -> None:
        """Add the listeners: of a property that is there twice, Java takes the last."""
        values = dict(line.split("=", 1) for line in properties.read_text().split("\n") if "=" in line)
        for place, (port, proxy) in enumerate(zip(self._listeners, self.proxies, strict=True)):
            values["listeners"] += f",W{place}://127.0.0.1:{port}"
            values["advertised.listeners"] += f",W{place}://127.0.0.1:{proxy.port}"
            values["listener.security.protocol.map"] += f",W{place}:PLAINTEXT"
        values["transaction.abort.timed.out.transaction.cleanup.interval.ms"] = "500"
        # The controller takes a killed broker for alive for this long, and refuses the one in its place.
        values["broker.session.timeout.ms"], values["broker.heartbeat.interval.ms"] = "2000", "500"
        properties.write_text("".join(f"{name}={value}\n" for name, value in values.items()))

    def kill(self) -> None:
        """End the broker at once: it has no time to write anything down."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def start(self) -> None:
        """See `LocalServer.start`; the proxies are there first, since the broker tells their ports."""
        for proxy in self.proxies:
            if not proxy.port:
                proxy.__enter__()
        for _ in range(_TRIES):
            with suppress(Unreachable):
                return super().start()
        return super().start()

    def close(self) -> None:
        """See `LocalServer.close`."""
        super().close()
        for proxy in self.proxies:
            if proxy.port:
                proxy.__exit__()


class BreakableRedis(LocalRedis):
    """A Redis with an append-only file, which can lose all of it, or the end of it."""

    def __init__(self, slots: int) -> None:
        super().__init__(persistent=True)
        self.proxies = [Proxy(self.port) for _ in range(slots)]

    def start(self) -> None:
        """See `LocalServer.start`."""
        super().start()
        for proxy in self.proxies:
            if not proxy.port:
                proxy.__enter__()

    def close(self) -> None:
        """See `LocalServer.close`."""
        super().close()
        for proxy in self.proxies:
            if proxy.port:
                proxy.__exit__()

    @property
    def client(self) -> Any:
        """A client of one's own, without a proxy."""
        return redis.Redis(port=self.port, socket_timeout=10)

    def kill(self) -> None:
        """End the server at once. What it has written to its file is in the file."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def size(self) -> int:
        """Bytes in the append-only file now."""
        return self._file().stat().st_size

    def truncate(self, size: int) -> None:
        """Let a stopped server forget all that it wrote after its file had this size."""
        with self._file().open("r+b") as file:
            file.truncate(size)

    def empty(self) -> None:
        """Let a stopped server forget everything."""
        for path in self._directory.glob("*.aof*"):
            path.unlink()
        shutil.rmtree(self._directory / "appendonlydir", ignore_errors=True)

    def misconfigure(self) -> None:
        """Let the server's snapshots fail, so that it refuses writes with MISCONF."""
        (self._directory / "directory.rdb").mkdir(exist_ok=True)
        with self.client as client:
            client.config_set("dbfilename", "directory.rdb")
            client.config_set("save", "3600 1")
            client.bgsave()

    def configure(self) -> None:
        """Undo `misconfigure` and a limit of the memory."""
        with self.client as client:
            client.config_set("save", "")
            client.config_set("maxmemory", 0)

    def fill(self) -> None:
        """Let the server be out of memory: it refuses writes with OOM."""
        with self.client as client:
            client.config_set("maxmemory", 1)

    def _file(self) -> Path:
        found = sorted(self._directory.glob("**/*.aof"), key=lambda path: path.stat().st_mtime)
        return found[-1]
