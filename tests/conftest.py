"""Real servers, started once for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from stream.errors import Unreachable
from tests.servers import kafka_server, missing, redis_server

_LONGEST = (
    "consumers/test_scaling",
    "chaos/test_campaign",
    "eddyline/test_refusals",
    "consumers/test_recovery",
    "eddyline/test_deployment",
    "eddyline/test_demo",
    "consumers/test_store_failures",
    "stream/test_contribution",
    "consumers/test_snapshots",
    "eddyline/test_signals",
    "deployments/test_least_privilege",
    "deployments/test_kafka_login",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first, so that workers end together."""

    def place(item: pytest.Item) -> int:
        return next((at for at, name in enumerate(_LONGEST) if name in item.nodeid), len(_LONGEST))

    items.sort(key=place)


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """Bootstrap servers of a real Kafka."""
    with ExitStack() as stack:
        try:
            address = stack.enter_context(kafka_server())
        except Unreachable as reason:
            missing(reason)
        yield address


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """URL of a real Redis."""
    with ExitStack() as stack:
        try:
            address = stack.enter_context(redis_server())
        except Unreachable as reason:
            missing(reason)
        yield address
