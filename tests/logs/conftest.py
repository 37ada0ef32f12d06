"""`log`: each test of the contract runs on the in-process log and on a real Kafka."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.logs.harness import KafkaLog, Log, MemoryLog


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    made = MemoryLog() if request.param == "memory" else KafkaLog(request.getfixturevalue("kafka"))
    yield made
    made.close()
