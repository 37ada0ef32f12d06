"""How long a killed worker's partitions have no owner: real Kafka and Redis, two `eddyline run`, `kill -9` of one.

    python benchmarks/takeover.py [ROUNDS]

While 300 events a second come in, the second worker is killed. For each round this prints the seconds until the first
one has taken over the last of its partitions, and what the log says of them. Needs Java 17, and Maven the first time.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from eddyline.testing.servers import LocalKafka, LocalRedis

_EDDYLINE = [sys.executable, "-m", "eddyline"]
_PATIENCE = 120.0
_taken = re.compile(r"(partition (\d+): taken over .*)").findall


def main(rounds: int) -> None:
    """Measure."""
    with LocalRedis() as redis, LocalKafka() as kafka, tempfile.TemporaryDirectory() as directory:
        for number in range(1, rounds + 1):
            name = f"t{uuid.uuid4().hex[:8]}"
            variables = {
                "EDDYLINE_KAFKA__BOOTSTRAP_SERVERS": kafka.address,
                "EDDYLINE_REDIS__URL": redis.address,
                "EDDYLINE_REDIS__PREFIX": name,
                "EDDYLINE_TOPICS__PREFIX": f"{name}.",
                "EDDYLINE_GROUP": name,
            }
            seconds, said = _round(dict(os.environ) | variables, Path(directory) / name)
            print(f"round {number}: {seconds:.1f} s", *said, sep="\n  ", flush=True)


def _round(environment: dict[str, str], stem: Path) -> tuple[float, list[str]]:
    create, simulate = ["topics", "create"], ["simulate", "--customers=500", "--rate=300"]
    subprocess.run([*_EDDYLINE, *create], env=environment, check=True, stdout=subprocess.DEVNULL)
    logs = [stem.with_suffix(f".{number}") for number in (1, 2)]
    processes = []
    try:
        for log, partitions in zip(logs, (4, 2), strict=True):
            with log.open("w") as output:
                processes.append(subprocess.Popen([*_EDDYLINE, "run"], env=environment, stderr=output))
            _wait_for(log, set(), partitions)
        processes.append(subprocess.Popen([*_EDDYLINE, *simulate], env=environment, stdout=subprocess.DEVNULL))
        time.sleep(10)
        theirs, before = {partition for _, partition in _taken(logs[1].read_text())}, len(logs[0].read_text())
        processes[1].kill()
        killed = time.monotonic()
        said = _wait_for(logs[0], theirs, len(theirs), before)
        return time.monotonic() - killed, said
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _wait_for(log: Path, which: set[str], count: int, start: int = 0) -> list[str]:
    """What a log says from `start` on of takeovers of `which` partitions (empty: any), once it does so of `count`."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        found = {number: line for line, number in _taken(log.read_text()[start:]) if not which or number in which}
        if len(found) >= count:
            return [found[number] for number in sorted(found)]
        time.sleep(0.02)
    raise SystemExit(f"no takeover within {_PATIENCE:.0f} s; the log ends with: {log.read_text()[-500:]}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
