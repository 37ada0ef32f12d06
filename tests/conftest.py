"""Real servers, started once for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from stream.errors import Unreachable
from tests.servers import kafka_server, missing, redis_server


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
