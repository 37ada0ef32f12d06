"""Real servers, started once for all tests."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import settings

from stream.errors import Unreachable
from tests.servers import missing
from tests.shared import server, shared_servers

_SHARED = pytest.StashKey[str]()

settings.register_profile("untimed", deadline=None)  # a slow machine is no failure
settings.load_profile("untimed")

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


def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end: the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Workers share their servers."""
    config: pytest.Config = node.config
    if _SHARED not in config.stash:
        stack = ExitStack()
        config.add_cleanup(stack.close)
        config.stash[_SHARED] = str(stack.enter_context(shared_servers()))
    node.workerinput["servers"] = config.stash[_SHARED]


@pytest.fixture(scope="session")
def kafka(pytestconfig: pytest.Config) -> Iterator[str]:
    """Bootstrap servers of a real Kafka, which other workers use too."""
    yield from _server("kafka", pytestconfig)


@pytest.fixture(scope="session")
def redis_url(pytestconfig: pytest.Config) -> Iterator[str]:
    """URL of a real Redis, which other workers use too."""
    yield from _server("redis", pytestconfig)


def _server(name: str, config: pytest.Config) -> Iterator[str]:
    with ExitStack() as stack:
        try:
            address = stack.enter_context(server(name, getattr(config, "workerinput", {}).get("servers")))
        except Unreachable as reason:
            missing(reason)
        yield address
