"""Where the tests' servers are: the environment, else Docker, else a local process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from eddyline.testing.servers import LocalKafka, LocalRedis
from stream.errors import Unreachable


@contextmanager
def kafka_server() -> Iterator[str]:
    """Bootstrap servers of a real Kafka; raises Unreachable, saying why there is none."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        yield given
    elif _docker_answers():
        from testcontainers.community.kafka import KafkaContainer

        container = KafkaContainer().with_kraft()
        container.with_env("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1")
        container.with_env("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1")
        container.with_env("KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS", "1000")
        with container:
            yield container.get_bootstrap_server()
    else:
        with LocalKafka(quick=True) as server:
            yield server.address


@contextmanager
def redis_server() -> Iterator[str]:
    """URL of a real Redis; raises Unreachable, saying why there is none."""
    given = os.environ.get("REDIS_URL")
    if given:
        yield given
    elif _docker_answers():
        from testcontainers.community.redis import RedisContainer

        with RedisContainer("redis:7") as container:
            yield f"redis://{container.get_container_host_ip()}:{container.get_exposed_port(6379)}/0"
    else:
        with LocalRedis() as server:
            yield server.address


def missing(reason: Unreachable) -> None:
    """Skip, and say why; with REQUIRE_SERVERS=1, as in CI, fail."""
    if os.environ.get("REQUIRE_SERVERS") == "1":
        pytest.fail(str(reason))
    pytest.skip(str(reason))


def _docker_answers() -> bool:
    import docker
    from docker.errors import DockerException

    try:
        client = docker.from_env(timeout=3)
    except DockerException:
        return False
    try:
        return bool(client.ping())
    except DockerException:
        return False
    finally:
        client.close()
