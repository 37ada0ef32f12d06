"""`eddyline status` and the worker's HTTP port on a real Kafka and a real Redis."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from kafka import KafkaAdminClient

from eddyline.cli import main
from eddyline.connected import open_sink
from eddyline.settings import load_settings
from eddyline.testing.servers import free_port
from stream.records import Outgoing
from stream.store.embedded import embedded_redis

pytestmark = [pytest.mark.kafka, pytest.mark.redis]

PATIENCE = 120


@pytest.fixture
def deployment(deployment) -> Iterator[dict[str, str]]:
    """On a Redis of its own, whose writes can be counted."""
    with embedded_redis() as url:
        yield deployment | {"EDDYLINE_REDIS__URL": url}


@pytest.fixture
def shown(deployment, monkeypatch, capsys) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Exit code and document of `eddyline status --json`, in this process."""
    for name, value in deployment.items():
        monkeypatch.setenv(name, value)

    def status(*options: str) -> tuple[int, dict[str, Any]]:
        code = main(["status", "--json", *options])
        return code, json.loads(capsys.readouterr().out)

    return status


def send(*values: bytes) -> None:
    """Events of customer c."""
    settings = load_settings()
    with open_sink(settings) as sink:
        sink.send([Outgoing(settings.topics.events, b"c", value) for value in values])
        sink.flush()


def event(number: int) -> bytes:
    return b'{"type": "track", "userId": "c", "event": "Product Viewed", "messageId": "m%d"}' % number


def footprint(deployment) -> tuple[dict[str, Any], int]:
    """Groups that have offsets of this deployment's topics, with these, and writes that Redis has seen."""
    admin = KafkaAdminClient(bootstrap_servers=deployment["EDDYLINE_KAFKA__BOOTSTRAP_SERVERS"])
    with closing(admin), redis.Redis.from_url(deployment["EDDYLINE_REDIS__URL"]) as client:
        groups = admin.list_group_offsets([one["group_id"] for one in admin.list_groups()])
        prefix = deployment["EDDYLINE_TOPICS__PREFIX"]
        mine = {
            group: {at: offset for at, offset in offsets.items() if at.topic.startswith(prefix)}
            for group, offsets in groups.items()
        }
        writes = client.info("persistence")["rdb_changes_since_last_save"]
        return {group: at for group, at in mine.items() if at}, writes


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "eddyline topics create"),
        (["--watch", "--json"], "--watch and --json exclude each other"),
        (["--max-delay", "soon"], "--max-delay: 'soon'"),
    ],
)
def test_no_topics_or_wrong_use(deployment, monkeypatch, capsys, options, said):
    for name, value in deployment.items():
        monkeypatch.setenv(name, value)
    assert main(["status", *options]) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert out == ""


def test_without_workers_it_says_so_and_shows_how_far_they_came(deployment, shown, capsys):
    assert main(["topics", "create", "--partitions", "2"]) == 0
    capsys.readouterr()
    code, said = shown()
    assert (code, said["healthy"], said["workers"]) == (1, False, 0)
    assert said["reasons"] == [f"No worker runs: group {deployment['EDDYLINE_GROUP']!r} has no members."]
    assert [(one["lag"], one["epoch"], one["last_commit"]) for one in said["partitions"]] == [(0, 0, None)] * 2

    send(b"{", *map(event, range(30)))
    assert main(["run", "--until-end"]) == 0
    send(*map(event, range(30, 34)))
    capsys.readouterr()
    before = footprint(deployment)
    code, said = shown("--max-lag", "3")
    assert footprint(deployment) == before
    assert code == 1
    (mine,) = [one for one in said["partitions"] if one["watermark"]]
    assert (mine["offset"], mine["watermark"], mine["lag"], mine["dead_letters"]) == (31, 31, 4, 1)
    assert mine["agrees"]
    assert mine["owner"] is None
    assert mine["epoch"] > 0
    assert 0 < mine["delay"] < PATIENCE
    assert mine["last_commit"] >= "2026"
    assert said["redis_memory"][0] > 0
    assert [reason for reason in said["reasons"] if "4 records wait, more than 3" in reason]

    name = f"{deployment['EDDYLINE_REDIS__PREFIX']}:{{{deployment['EDDYLINE_TOPICS__PREFIX']}events:%d}}:watermark"
    with redis.Redis.from_url(deployment["EDDYLINE_REDIS__URL"]) as client:
        client.set(name % mine["partition"], 7)
    code, said = shown()
    assert [reason for reason in said["reasons"] if "the state is at offset 7" in reason]


def test_watching_looks_again_until_it_is_stopped(deployment, shown, monkeypatch, capsys):
    assert main(["topics", "create", "--partitions", "1"]) == 0
    capsys.readouterr()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("eddyline.cli.status.time", SimpleNamespace(sleep=sleep))
    assert main(["status", "--watch"]) == 130
    assert capsys.readouterr().out.count("No worker runs") == 3


def test_with_a_worker_it_is_healthy_and_its_port_says_so(environment, deployment, shown, capsys):
    assert main(["topics", "create", "--partitions", "2"]) == 0
    capsys.readouterr()
    port = free_port()
    worker = subprocess.Popen(
        [sys.executable, "-m", "eddyline", "run", "--http", f"127.0.0.1:{port}"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment | deployment,
    )
    try:
        until(lambda: ready(port))
        send(*map(event, range(20)))
        until(lambda: "eddyline_records_total 20.0" in ask(port, "/metrics")[1])
        code, said = shown()
        assert (code, said["reasons"], said["group_state"]) == (0, [], "Stable")
        owners = {one["owner"] for one in said["partitions"]}
        assert len(owners) == 1
        assert str(owners).count(str(worker.pid)) == 1  # a name that says which process it is
        assert all(one["host"] for one in said["partitions"])
        assert main(["status"]) == 0
        assert "Healthy." in capsys.readouterr().out
        assert main(["run", "--http", f"127.0.0.1:{port}"]) == 2
        assert f"error: cannot listen on 127.0.0.1:{port}" in capsys.readouterr().err
    finally:
        worker.send_signal(signal.SIGTERM)
        _, err = worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 0, err
    with pytest.raises(ConnectionRefusedError):
        ask(port, "/health/live")


def ask(port: int, path: str) -> tuple[int, str]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def ready(port: int) -> bool:
    try:
        return ask(port, "/health/ready")[0] == 200
    except ConnectionRefusedError:
        return False


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.1)
