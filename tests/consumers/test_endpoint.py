"""Health and metrics, asked for as a probe and a scraper ask."""

from __future__ import annotations

import json
import socket
from http.client import HTTPConnection
from threading import Event, Thread
from threading import enumerate as enumerate_threads

import pytest

from consumers.clock import ManualClock
from consumers.endpoint import Endpoint
from stream.errors import InputError
from tests.consumers.world import RECORDS


def ask(port: int, path: str, method: str = "GET") -> tuple[int, str, str]:
    """Status, type and body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read().decode()
    finally:
        connection.close()


def test_ready_and_metrics(here):
    here.load(RECORDS)
    worker = here.worker()
    with Endpoint(worker.monitor, "127.0.0.1:0") as endpoint:
        status, _, body = ask(endpoint.port, "/health/ready")
        assert (status, json.loads(body)["reasons"]) == (503, ["it has not joined the group yet"])
        worker.drain()
        status, kind, body = ask(endpoint.port, "/health/ready")
        assert (status, kind) == (200, "application/json")
        assert json.loads(body) == {"ready": True, "reasons": [], "partitions": [0]}
        status, kind, body = ask(endpoint.port, "/metrics")
        assert status == 200
        assert kind.startswith("text/plain; version=")
        assert f"eddyline_records_total {len(RECORDS)}.0" in body.splitlines()
        assert "process_resident_memory_bytes" in body
        status, _, body = ask(endpoint.port, "/")
        assert status == 404
        assert "/health/live" in body
        assert ask(endpoint.port, "/metrics", "HEAD")[::2] == (200, "")
    worker.close()
    with pytest.raises(ConnectionRefusedError):
        ask(endpoint.port, "/health/live")


def test_a_loop_that_hangs_is_told_and_answers_hold_nothing_up(here):
    clock, held, go = ManualClock(), Event(), Event()

    def hang(point: str) -> None:
        if point == "stored":
            held.set()
            go.wait(60)

    here.load(RECORDS[:10])
    worker = here.worker(hang, clock=clock, stuck_after=60_000)
    with Endpoint(worker.monitor, "127.0.0.1:0") as endpoint:
        loop = Thread(target=worker.drain)
        loop.start()
        assert held.wait(60)
        assert ask(endpoint.port, "/health/live")[0] == 200
        clock.sleep(61)
        status, _, body = ask(endpoint.port, "/health/live")
        assert (status, json.loads(body)) == (503, {"live": False, "seconds_since_loop_moved": 61.0})
        assert "the loop does not move on" in ask(endpoint.port, "/health/ready")[2]
        assert ask(endpoint.port, "/metrics")[0] == 200
        go.set()
        loop.join(60)
        assert ask(endpoint.port, "/health/live")[0] == 200
    worker.close()


def test_a_client_that_says_nothing_does_not_hold_up_the_end(here):
    worker = here.worker()
    with Endpoint(worker.monitor, "127.0.0.1:0") as endpoint:
        silent = socket.create_connection(("127.0.0.1", endpoint.port))
        assert ask(endpoint.port, "/health/live")[0] == 200
    assert any("process_request_thread" in thread.name for thread in enumerate_threads())  # it is waited for no more
    silent.close()
    worker.close()


def test_a_port_that_is_taken_is_a_clear_error(here):
    worker = here.worker()
    with (
        Endpoint(worker.monitor, "127.0.0.1:0") as endpoint,
        pytest.raises(InputError, match=f"cannot listen on 127.0.0.1:{endpoint.port} .*a port of its own"),
    ):
        Endpoint(worker.monitor, f"127.0.0.1:{endpoint.port}")
    worker.close()
