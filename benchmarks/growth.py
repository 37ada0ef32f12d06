"""From one worker to two, to four, and back, while events come in: real Kafka and Redis, a topic of four partitions.

    python benchmarks/growth.py [EVENTS]

First, throughput: one worker, then four, drain the same EVENTS (20,000 by default) that wait in the topic. All share
this machine's cores with Kafka and Redis, so with two cores four workers cannot be faster than the cores: what is
measured is that sharing costs nothing. Then growth: under 300 events a second workers are started and stopped, and for
each change it is printed for how long a partition was without a commit, at most and in the middle; "1 -> 1" is
when nothing changes. Needs Java 17, and Maven the first time.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
import uuid

from kafka import KafkaAdminClient
from kafka.errors import RetriableError

from eddyline.testing.servers import LocalKafka, LocalRedis

_EDDYLINE = [sys.executable, "-m", "eddyline"]
_PARTITIONS = 4
_PATIENCE = 300.0
_AFTER = 5.0


class Deployment:
    """Topics and a state of their own; starts and stops workers."""

    def __init__(self, kafka: str, redis: str, **variables: str) -> None:
        self.name = f"g{uuid.uuid4().hex[:8]}"
        self.environment = os.environ | {
            "EDDYLINE_KAFKA__BOOTSTRAP_SERVERS": kafka,
            "EDDYLINE_REDIS__URL": redis,
            "EDDYLINE_REDIS__PREFIX": self.name,
            "EDDYLINE_TOPICS__PREFIX": f"{self.name}.",
            "EDDYLINE_GROUP": self.name,
            **variables,
        }
        self.processes: list[subprocess.Popen[bytes]] = []
        self._admin = KafkaAdminClient(bootstrap_servers=kafka)
        self.run("topics", "create")

    def run(self, *arguments: str) -> None:
        """A command, to its end."""
        subprocess.run([*_EDDYLINE, *arguments], env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A command that goes on."""
        quiet = subprocess.DEVNULL
        return subprocess.Popen([*_EDDYLINE, *arguments], env=self.environment, stdout=quiet, stderr=quiet)

    def scale(self, workers: int) -> None:
        """As many workers as that; the newest are told to leave."""
        while len(self.processes) < workers:
            self.processes.append(self.start("run"))
        leaving = self.processes[workers:]
        del self.processes[workers:]
        for process in leaving:
            process.send_signal(signal.SIGTERM)
        for process in leaving:
            process.wait()

    def committed(self) -> dict[int, int]:
        """Offsets of the events by partition."""
        topic = f"{self.name}.events"
        try:
            found = self._admin.list_group_offsets(self.name)[self.name]
        except RetriableError:  # nobody has joined yet, or the coordinator is loading
            return {}
        return {at.partition: offset.offset for at, offset in found.items() if at.topic == topic}

    def shared(self) -> bool:
        """Whether each worker has its part of the partitions."""
        members = self._admin.describe_groups([self.name])[self.name]["members"]
        given = [member["member_assignment"] for member in members]
        parts = [one for part in given if part for one in part["assigned_partitions"]]
        counts = [len(one["partitions"]) for one in parts]
        return len(counts) == len(self.processes) and set(counts) == {_PARTITIONS // len(self.processes)}

    def close(self) -> None:
        """Stop all."""
        self.scale(0)
        self._admin.close()


def throughput(kafka: str, redis: str, workers: int, events: int) -> float:
    """Events a second from the first commit on, with so many workers and all events waiting."""
    deployment = Deployment(kafka, redis, EDDYLINE_WORKER__BATCH="500")
    try:
        deployment.run("simulate", "--customers=500", f"--events={events}")
        deployment.scale(workers)
        done, first, began, last = 0, 0, 0.0, (0, 0.0)
        deadline = time.monotonic() + _PATIENCE
        while done < events:
            done = sum(deployment.committed().values())
            now = time.monotonic()
            if not began and done:
                began, first = now, done
            if done != last[0]:
                last = (done, now)
            if now > deadline:
                raise SystemExit(f"{done} of {events} events within {_PATIENCE:.0f} s")
            time.sleep(0.02)
        return (done - first) / (last[1] - began)
    finally:
        deployment.close()


def gaps(deployment: Deployment, workers: int) -> list[float]:
    """Longest time between two commits of each partition while the number of workers changes, and a little longer."""
    last = {partition: (offset, time.monotonic()) for partition, offset in deployment.committed().items()}
    longest = dict.fromkeys(last, 0.0)
    deployment.scale(workers)
    end = time.monotonic() + _PATIENCE
    while (now := time.monotonic()) < end:
        if end > now + _AFTER and deployment.shared():
            end = now + _AFTER
        for partition, offset in deployment.committed().items():
            before, at = last[partition]
            if offset != before:
                now = time.monotonic()
                longest[partition], last[partition] = max(longest[partition], now - at), (offset, now)
        time.sleep(0.02)
    return sorted(longest.values())


def main(events: int) -> None:
    """Measure, and print."""
    with LocalRedis() as redis, LocalKafka() as kafka:
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start", flush=True)
        rates = {workers: throughput(kafka.address, redis.address, workers, events) for workers in (1, 4)}
        for workers, rate in rates.items():
            print(f"{workers} worker{'s' * (workers > 1)}: {rate:,.0f} events a second", flush=True)
        print(f"4 workers / 1: {rates[4] / rates[1]:.2f}; the bar is 1.0", flush=True)
        for assignment in ("eager", "cooperative"):
            deployment = Deployment(kafka.address, redis.address, EDDYLINE_KAFKA__ASSIGNMENT=assignment)
            load = deployment.start("simulate", "--customers=500", "--rate=300")
            try:
                deployment.scale(1)
                while len(deployment.committed()) < _PARTITIONS:
                    time.sleep(0.1)
                time.sleep(5)
                for before, after in ((1, 1), (1, 2), (2, 4), (4, 2), (2, 1)):
                    found = gaps(deployment, after)
                    print(
                        f"{assignment}: {before} -> {after} workers: longest pause between commits "
                        f"{found[-1]:.1f} s, middle {statistics.median(found):.1f} s",
                        flush=True,
                    )
            finally:
                load.kill()
                load.wait()
                deployment.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
