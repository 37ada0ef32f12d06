"""How long until a killed worker's partitions go on: real Kafka and Redis, two workers, `kill -9` of one.

    python benchmarks/takeover.py [ROUNDS]

While 1,000 events a second come in, the second worker is killed: between two batches, or inside its transaction with
the offsets sent. For each round this prints the seconds from the kill to the first commit of the new owner in one of
the two partitions, and in both. `tuned` is `kafka.session_timeout = "3s"`, which brokers allow when their
`group.min.session.timeout.ms` is no more (6,000 by default). Needs Java 17, and Maven the first time.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import RetriableError

from eddyline.testing.servers import LocalKafka, LocalRedis

_EDDYLINE = [sys.executable, "-m", "eddyline"]
_WORKER = [sys.executable, __file__, "--worker"]
_PATIENCE = 120.0
_SETTINGS = {"default": {}, "tuned": {"EDDYLINE_KAFKA__SESSION_TIMEOUT": "3s"}}
_BARS = {"default": 15.0, "tuned": 5.0}


def main(rounds: int) -> None:
    """Measure, and print a table."""
    with LocalRedis() as redis, LocalKafka() as kafka, tempfile.TemporaryDirectory() as directory:
        print("settings  killed                  first commit s  both s")
        for settings, variables in _SETTINGS.items():
            worst = 0.0
            for inside in (False, True):
                for _ in range(rounds):
                    name = f"t{uuid.uuid4().hex[:8]}"
                    place = {
                        "EDDYLINE_KAFKA__BOOTSTRAP_SERVERS": kafka.address,
                        "EDDYLINE_REDIS__URL": redis.address,
                        "EDDYLINE_REDIS__PREFIX": name,
                        "EDDYLINE_TOPICS__PREFIX": f"{name}.",
                        "EDDYLINE_GROUP": name,
                    }
                    first, both = _round(dict(os.environ) | place | variables, Path(directory) / name, inside)
                    worst = max(worst, both)
                    where = "inside its transaction" if inside else "between two batches"
                    print(f"{settings:<9} {where:<23} {first:>14.1f} {both:>7.1f}", flush=True)
            print(f"{settings}: {worst:.1f} s at worst; the bar is {_BARS[settings]:g} s", flush=True)


def _round(environment: dict[str, str], stem: Path, inside: bool) -> tuple[float, float]:
    create, simulate = ["topics", "create"], ["simulate", "--customers=500", "--rate=1000"]
    subprocess.run([*_EDDYLINE, *create], env=environment, check=True, stdout=subprocess.DEVNULL)
    processes, trigger = [], stem.with_suffix(".trigger")
    group, topic = environment["EDDYLINE_GROUP"], f"{environment['EDDYLINE_GROUP']}.events"
    admin = KafkaAdminClient(bootstrap_servers=environment["EDDYLINE_KAFKA__BOOTSTRAP_SERVERS"])
    try:
        with stem.with_suffix(".log").open("w") as output:
            processes.append(subprocess.Popen([*_EDDYLINE, "run"], env=environment, stderr=output))
            _wait(lambda: len(_assignment(admin, group)) == 1)
            processes.append(subprocess.Popen([*_WORKER, str(trigger)], env=environment, stderr=output))
            _wait(lambda: sorted(map(len, _assignment(admin, group).values())) == [2, 2])
            processes.append(subprocess.Popen([*_EDDYLINE, *simulate], env=environment, stdout=subprocess.DEVNULL))
        _wait(lambda: len(_committed(admin, group, topic)) == 4)
        time.sleep(5)
        theirs = next(ours for name, ours in _assignment(admin, group).items() if name.endswith(f"-{processes[1].pid}"))
        if inside:
            trigger.touch()
        else:
            processes[1].kill()
        processes[1].wait()
        killed, before = time.monotonic(), _committed(admin, group, topic)
        took: dict[int, float] = {}
        while len(took) < len(theirs):
            now = _committed(admin, group, topic)
            took |= {one: time.monotonic() - killed for one in theirs - took.keys() if now[one] > before[one]}
            if time.monotonic() - killed > _PATIENCE:
                raise SystemExit(f"no commit within {_PATIENCE:.0f} s: {stem.with_suffix('.log').read_text()[-500:]}")
            time.sleep(0.02)
        return min(took.values()), max(took.values())
    finally:
        admin.close()
        for process in processes:
            process.kill()
            process.wait()


def _assignment(admin: KafkaAdminClient, group: str) -> dict[str, set[int]]:
    """Partitions of each member, by its client's name."""
    try:
        members = admin.describe_groups([group])[group]["members"]
    except RetriableError:  # nobody has joined yet, or the coordinator is loading
        return {}
    found = {}
    for member in members:
        parts = member["member_assignment"]
        topics = parts["assigned_partitions"] if parts else []
        found[member["client_id"]] = {partition for topic in topics for partition in topic["partitions"]}
    return {name: partitions for name, partitions in found.items() if partitions}


def _committed(admin: KafkaAdminClient, group: str, topic: str) -> dict[int, int]:
    found = admin.list_group_offsets(group)[group]
    return {at.partition: offset.offset for at, offset in found.items() if at.topic == topic}


def _wait(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise SystemExit(f"the workers did not get ready within {_PATIENCE:.0f} s")
        time.sleep(0.05)


def _worker(trigger: Path) -> None:
    """A worker that dies inside its transaction once the file `trigger` is there."""
    from eddyline.serve import run_worker
    from eddyline.settings import load_settings

    def probe(point: str) -> None:
        if point == "offsets" and trigger.exists():
            os.kill(os.getpid(), signal.SIGKILL)

    run_worker(load_settings(), probe=probe)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        _worker(Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
