"""A worker that is told to end: it finishes its batch, and loses and repeats nothing."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

pytestmark = [pytest.mark.kafka, pytest.mark.redis]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_a_worker_after_its_batch(eddyline, environment, deployment, number, code):
    eddyline("topics", "create", "--partitions", "2", **deployment)
    events = json.loads(eddyline("simulate", "--customers", "150", "--days", "60", "--json", **deployment).stdout)[
        "events"
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "eddyline", "run", "--json", "--json-logs"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment | deployment | {"EDDYLINE_WORKER__BATCH": "100"},
    )
    _until_committed(deployment)
    process.send_signal(number)
    out, err = process.communicate(timeout=240)
    assert process.returncode == code, err
    logs = [line for line in err.splitlines() if line != "Stopped."]
    assert all(json.loads(line)["message"] for line in logs)
    assert "Traceback" not in err
    assert "c-0" not in err  # no customer's id or properties in a log

    rest = json.loads(eddyline("run", "--until-end", "--json", **deployment).stdout)
    if code == 0:  # what the first has done, and what was left, is everything, once
        assert json.loads(out)["records"] + rest["records"] == events


def _until_committed(deployment: dict[str, str]) -> None:
    """Wait until the worker has stored something."""
    import redis

    events = f"{deployment['EDDYLINE_TOPICS__PREFIX']}events"
    keys = [f"{deployment['EDDYLINE_REDIS__PREFIX']}:{{{events}:{partition}}}:watermark" for partition in (0, 1)]
    deadline = time.monotonic() + 240
    with redis.Redis.from_url(deployment["EDDYLINE_REDIS__URL"]) as client:
        while not any(client.exists(key) for key in keys):
            assert time.monotonic() < deadline, "nothing was committed within four minutes"
            time.sleep(0.02)
