"""The benchmarks of memory and of overload run from a checkout; at this size their bars say little."""

from __future__ import annotations

import json
import math
import shutil

import pytest

from eddyline.testing.servers import kafka_jars
from stream.errors import Unreachable
from tests.benchmarks.checkout import run
from tests.servers import missing


def test_memory() -> None:
    done = run("memory.py", "--events", "2000", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [row["events"] for row in document["rows"]] == list(range(100, 2_001, 100))
    customers = [row["customers"] for row in document["rows"]]
    assert customers == sorted(customers)
    assert all(row["mib"] > 10 for row in document["rows"])
    assert document["flat"] == (document["growth"] <= document["most"])


@pytest.mark.kafka
@pytest.mark.redis
def test_overload() -> None:
    try:
        if shutil.which("java") is None:
            raise Unreachable("the benchmark of overload needs Java")
        kafka_jars()
    except Unreachable as reason:
        missing(reason)
    arguments = ("--rate", "50", "--times", "4", "--before", "2", "--burst", "1", "--after", "2", "--partitions", "2")
    done = run("overload.py", *arguments, "--json")
    assert done.stdout, done.stderr
    document = json.loads(done.stdout)
    assert document["events"] == 50 * (2 + 4 + 2)
    assert sum(row["sent"] for row in document["rows"]) == document["events"]
    assert (document["lost"], document["doubled"]) == (0, 0)
    assert {row["phase"] for row in document["rows"]} == {"before", "burst", "after"}
    assert math.isfinite(document["normal"])
    assert len(document["bars"]) == 3
    assert done.returncode == (0 if all(bar["met"] for bar in document["bars"]) else 1)


@pytest.mark.parametrize(
    ("script", "arguments", "words"),
    [("memory.py", ["--events", "10"], "at least 1,000"), ("overload.py", ["--rate", "0"], "must be above 0")],
)
def test_wrong_options_are_refused(script: str, arguments: list[str], words: str) -> None:
    done = run(script, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
