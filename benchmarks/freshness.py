"""How soon an order is in the cache: from its append to the topic until its items' neighbours can be read in Redis.

    python benchmarks/freshness.py                                       # 1,000 events a second, two workers
    python benchmarks/freshness.py --source online-retail:FILE           # a real catalogue is counted first
    python benchmarks/freshness.py --rate 500 --workers 1 --json

Workers run on a Kafka and a Redis of their own. Among the events of a simulated shop, ten times a second, is an order
of two items that nobody has ordered yet: it is appended, acknowledged by the broker, and there when one of them is in
the other's sorted set. Also printed: what the cache costs the worker that writes it, and the bytes of Redis an item
takes, by MEMORY USAGE of all keys that grow with items. Needs Java 17, and Maven the first time.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import numpy as np
import redis
from kafka import KafkaProducer

from eddyline.testing.servers import LocalKafka, LocalRedis

_EDDYLINE = [sys.executable, "-m", "eddyline"]
_BARS = {"p99_s": 1.0, "bytes_per_item": 3_072}


def main() -> None:
    """Measure, and print numbers or JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rate", type=int, default=1_000, help="events a second beside the measured orders")
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--partitions", type=int, default=4)
    options.add_argument("--source", help="loaded first, as by `eddyline load`")
    options.add_argument("--json", action="store_true", help="one JSON document")
    given = options.parse_args()
    document = run(given.rate, given.seconds, given.workers, given.partitions, given.source)
    if given.json:
        print(json.dumps(document))
    else:
        for name, value in document.items():
            bar = f"   (bar: {_BARS[name]:g})" if name in _BARS else ""
            print(f"{name:<28} {value:>12,.3f}{bar}")
    sys.exit(0 if all(document[name] <= bar for name, bar in _BARS.items()) else 1)


def run(rate: int, seconds: float, workers: int, partitions: int, source: str | None) -> dict[str, float]:
    """Start all, measure, and read what there is to read."""
    with LocalRedis() as server, LocalKafka() as kafka, tempfile.TemporaryFile() as log:
        name = f"f{uuid.uuid4().hex[:8]}"
        variables = dict(os.environ) | {
            "EDDYLINE_KAFKA__BOOTSTRAP_SERVERS": kafka.address,
            "EDDYLINE_REDIS__URL": server.address,
            "EDDYLINE_TOPICS__PREFIX": f"{name}.",
            "EDDYLINE_GROUP": name,
        }
        subprocess.run(
            [*_EDDYLINE, "topics", "create", "--partitions", str(partitions)],
            env=variables,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        ports = [_free_port() for _ in range(workers)]
        commands = [[*_EDDYLINE, "run", "--http", f"127.0.0.1:{port}"] for port in ports]
        with _running(commands, variables, log), redis.Redis.from_url(server.address) as client:
            topic = f"{name}.events"
            if source:
                subprocess.run([*_EDDYLINE, "load", source], env=variables, check=True, stdout=subprocess.DEVNULL)
            _probe(kafka.address, client, topic, [f"ready{number}" for number in range(20)], 0.0, 600.0)
            while any(_metric(port, "lag_records") + _metric(port, "cache_waiting_items") for port in ports):
                time.sleep(1)
            before = [(_cost(port), _metric(port, "records_total")) for port in ports]
            simulate = [*_EDDYLINE, "simulate", "--customers=2000", f"--rate={rate}"]
            with _running([simulate], variables, log):
                time.sleep(5)  # until the simulation is under way
                probes = [f"probe{number}" for number in range(int(10 * seconds))]
                took = _probe(kafka.address, client, topic, probes, 0.1, 60.0)
                after = [(_cost(port), _metric(port, "records_total")) for port in ports]
            cost = sum(now - then for (now, _), (then, _) in zip(after, before, strict=True))
            records = sum(now - then for (_, now), (_, then) in zip(after, before, strict=True))
            return {
                "p50_s": float(np.quantile(took, 0.5)),
                "p99_s": float(np.quantile(took, 0.99)),
                "worst_s": max(took),
                "orders": len(took),
                "events_per_s": records / (seconds + 5),
                "cache_us_per_event": 1e6 * cost / records,
            } | _bytes(client, topic, partitions)


def _probe(
    bootstrap: str, client: redis.Redis, topic: str, names: list[str], every: float, patience: float
) -> list[float]:
    """Seconds from the append of each order until it can be read."""
    producer, took = KafkaProducer(bootstrap_servers=bootstrap, acks="all"), []
    waiting: dict[str, float] = {}
    start, sent = time.perf_counter(), 0
    while sent < len(names) or waiting:
        now = time.perf_counter()
        if sent < len(names) and now >= start + sent * every:
            name = names[sent]
            value = {
                "type": "track",
                "userId": name,
                "event": "Order Completed",
                "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:23] + "Z",
                "properties": {"products": [{"product_id": f"{name}-{one}", "price": 1} for one in "ab"]},
            }
            producer.send(topic, json.dumps(value).encode(), name.encode()).get(30)
            waiting[name] = time.perf_counter()
            sent += 1
        pipeline = client.pipeline(transaction=False)
        for name in waiting:
            pipeline.zscore(f"eddyline:{topic}:similar:{name}-a", f"{name}-b")
        for name, found in zip(list(waiting), pipeline.execute(), strict=True):
            if found is not None:
                took.append(time.perf_counter() - waiting.pop(name))
        if waiting and time.perf_counter() - min(waiting.values()) > patience:
            raise RuntimeError(f"{len(waiting)} orders are not in the cache after {patience:g} s")
        time.sleep(0.005)
    producer.close()
    return took


def _bytes(client: redis.Redis, topic: str, partitions: int) -> dict[str, float]:
    """Bytes of Redis that items take, by what they are for."""
    counted = {item for number in range(partitions) for item in client.hkeys(f"eddyline:{{{topic}:{number}}}:items")}
    counts = sum(
        client.memory_usage(f"eddyline:{{{topic}:{number}}}:{key}", samples=0) or 0
        for number in range(partitions)
        for key in ("items", "index:items:changed")
    )
    similar = sum(client.memory_usage(key, samples=0) for key in client.scan_iter(f"eddyline:{topic}:similar:*", 1_000))
    return {
        "items": len(counted),
        "counts_bytes_per_item": counts / len(counted),
        "similar_bytes_per_item": similar / len(counted),
        "bytes_per_item": (counts + similar) / len(counted),
    }


def _metric(port: int, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    return sum(float(value) for value in re.findall(rf"^eddyline_{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE))


def _cost(port: int) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        found = re.search(r'eddyline_commit_seconds_sum\{phase="cache"\} (\S+)', answer.read().decode())
    return float(found[1]) if found else 0.0


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


@contextmanager
def _running(commands: list[list[str]], variables: dict[str, str], log: object) -> Iterator[None]:
    processes = [
        subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=log)  # type: ignore[call-overload]
        for command in commands
    ]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(60)


if __name__ == "__main__":
    main()
