"""Servers that all workers of a run share: the process that starts the workers starts and holds them."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Event, Thread

from stream.errors import Unreachable
from tests.servers import kafka_server, redis_server

_SERVERS: dict[str, Callable[[], AbstractContextManager[str]]] = {"kafka": kafka_server, "redis": redis_server}
_PATIENCE = 300.0  # seconds; Kafka's jars may have to be fetched first


@contextmanager
def shared_servers() -> Iterator[Path]:
    """The directory in which workers find them; they start meanwhile, and end with the block."""
    done = Event()
    with tempfile.TemporaryDirectory(prefix="eddyline-tests-") as name:
        threads = [Thread(target=_serve, args=(server, Path(name), done)) for server in _SERVERS]
        for thread in threads:
            thread.start()
        try:
            yield Path(name)
        finally:
            done.set()
            for thread in threads:
                thread.join()


@contextmanager
def server(name: str, shared: str | None) -> Iterator[str]:
    """Address of the server `name`: the one in the directory `shared`, else one of this process's own.

    Raises
    ------
    Unreachable
        When it cannot be started here, with the reason.
    TimeoutError
        When whoever shares it has not said anything about it.
    """
    if shared is None:
        with _SERVERS[name]() as address:
            yield address
        return
    place, deadline = Path(shared) / name, time.monotonic() + _PATIENCE
    while not place.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the {name} that all workers share has not started in {_PATIENCE:.0f} s")
        time.sleep(0.05)
    said = json.loads(place.read_text())
    if "missing" in said:
        raise Unreachable(said["missing"])
    yield said["address"]


def _serve(name: str, directory: Path, done: Event) -> None:
    try:
        with _SERVERS[name]() as address:
            _say(directory / name, {"address": address})
            done.wait()
    except Unreachable as reason:
        _say(directory / name, {"missing": str(reason)})


def _say(place: Path, what: dict[str, str]) -> None:
    """All of it at once, since it is waited for."""
    written = place.with_suffix(".new")
    written.write_text(json.dumps(what))
    written.rename(place)
