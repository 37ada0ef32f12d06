"""The rights that docs/deployment.md lists suffice, and without any one of a worker's it says which is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ACLResourcePatternType, ResourcePattern, ResourceType
from pydantic import SecretStr

from consumers.kafka import KafkaReader, KafkaSource
from consumers.writers import Writers, open_writer
from eddyline.connected import create_topics, open_sink
from eddyline.serve import run_worker
from eddyline.settings import Settings, load_settings
from stream.errors import Forbidden
from stream.records import Outgoing, TopicPartition
from tests.consumers.world import RECORDS
from tests.deployments.certificates import Certificates
from tests.deployments.conftest import found
from tests.deployments.kafka_servers import SecureKafka
from tests.deployments.redis_servers import Redis

pytestmark = [pytest.mark.kafka, pytest.mark.redis]
PAGE = (Path(__file__).parents[2] / "docs" / "deployment.md").read_text()
PASSWORD = "l3ast"
SMALL = """
[segments]
k = 3
warm_up = 20
sample = 64

[learning]
every = 60

[[targets]]
name = "again"
events = ["Order Completed"]
horizon = "3d"
min_examples = 5
"""
ROW = re.compile(r"^\| (\w+) \| (topic|group|transactional id|cluster) \| `(.+?)` \| ([\w, ]+) \|$", re.MULTILINE)
KINDS = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional id": ResourceType.TRANSACTIONAL_ID,
    "cluster": ResourceType.CLUSTER,
}


class Right(NamedTuple):
    """A row of the page's table, one for each operation."""

    principal: str
    kind: str
    name: str
    operation: str

    def __str__(self) -> str:
        return f"{self.operation} {self.kind} {self.name}"

    def lists(self) -> Iterator[ACL]:
        """As Kafka keeps it."""
        prefixed = self.name.endswith("*") and self.name != "*"
        pattern = ACLResourcePatternType.PREFIXED if prefixed else ACLResourcePatternType.LITERAL
        name = self.name.removesuffix("*") if prefixed else self.name
        yield ACL(
            f"User:{self.principal}",
            "*",
            ACLOperation[self.operation.upper()],
            ACLPermissionType.ALLOW,
            ResourcePattern(KINDS[self.kind], name, pattern),
        )


RIGHTS = [Right(who, kind, name, one) for who, kind, name, said in ROW.findall(PAGE) for one in said.split(", ")]
OF_WORKER = [right for right in RIGHTS if right.principal == "worker"]
USER = next(line for line in PAGE.splitlines() if line.startswith("user eddyline"))


class Place(NamedTuple):
    """Servers on which the page's rights hold."""

    kafka: SecureKafka
    redis: Redis
    config: Path

    def settings(self, user: str | None) -> Settings:
        """Of a deployment whose topics have the default names."""
        base = load_settings(self.config)
        if user is None:
            kafka = self.kafka.settings("PLAINTEXT")
        else:
            kafka = self.kafka.settings("SASL", user, timeout="8s", session_timeout="6s")
        redis = base.redis.model_copy(
            update={"url": SecretStr(self.redis.address), "username": "eddyline", "password": SecretStr(PASSWORD)}
        )
        worker = base.worker.model_copy(update={"patience": 4_000, "poll": 50})
        return base.model_copy(update={"kafka": kafka, "redis": redis, "worker": worker})


@pytest.fixture(scope="module")
def place(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A broker and a Redis that allow what the page lists, and nothing else."""
    assert len(OF_WORKER) > 8
    with found(), Redis() as redis, SecureKafka(certificates) as kafka:
        allow_redis(redis, USER)
        with admin(kafka) as client:
            client.create_acls([entry for right in RIGHTS for entry in right.lists()])
        config = tmp_path_factory.mktemp("config") / "small.toml"
        config.write_text(SMALL)
        yield Place(kafka, redis, config)


def test_what_the_page_lists_suffices(place: Place) -> None:
    create_topics(place.settings("operator"), 2)
    counts = work(place, "first")
    assert counts["records"] == len(RECORDS)
    with closing(KafkaReader(place.settings("reader").kafka)) as reader:
        for topic in ("segment-changes", "propensity-scores", "recommendations", "segments", "metrics"):
            written = [TopicPartition(topic, number) for number in range(reader.partitions(topic))]
            assert any(reader.bounds(at)[1] for at in written), topic
        assert any([*reader.read(at, *reader.bounds(at))] for at in written)


@pytest.mark.parametrize("right", OF_WORKER, ids=str)
def test_a_worker_says_which_right_it_lacks(place: Place, right: Right) -> None:
    if right.operation == "Read":  # what is read again when the state is lost
        with place.redis.client as client:
            client.flushall()
    with admin(place.kafka) as client:
        client.delete_acls([*right.lists()])
    try:
        with pytest.raises(Forbidden) as refused:
            work(place, str(right))
    finally:
        with admin(place.kafka) as client:
            client.create_acls([*right.lists()])
    said = str(refused.value)
    assert f"{right.kind} '{right.name}'" in said or (right.kind == "transactional id" and right.kind in said)
    assert right.operation in said
    assert "docs/deployment.md" in said


@pytest.mark.parametrize("command", ["get", "append", "zadd", "@transaction"])
def test_a_worker_says_which_command_redis_does_not_let_it_use(place: Place, command: str) -> None:
    allow_redis(place.redis, f"{USER} -{command}")
    try:
        with pytest.raises(Forbidden) as refused:
            work(place, command)
    finally:
        allow_redis(place.redis, USER)
    first = ("watch", "multi") if command == "@transaction" else (command,)
    assert any(f"'{name}'" in str(refused.value).lower() for name in first)
    assert "docs/deployment.md" in str(refused.value)


def test_keys_of_others_are_not_touched(place: Place) -> None:
    settings = place.settings("worker")
    other = settings.model_copy(update={"redis": settings.redis.model_copy(update={"prefix": "other"})})
    with pytest.raises(Forbidden, match=r"docs/deployment\.md"):
        run_worker(other, until_end=True)


def work(place: Place, name: str) -> dict[str, Any]:
    """Have new events worked on, of which each message id has not been seen."""
    with open_sink(place.settings("events")) as sink:
        for record in RECORDS:
            value = record.value and record.value.replace(b'"messageId": "', f'"messageId": "{name} '.encode())
            sink.send([record._replace(topic="events", value=value)])
        sink.flush()
    return run_worker(place.settings("worker"), until_end=True)


def test_a_right_that_a_worker_can_do_without_costs_it_no_other(place: Place) -> None:
    """It does not see transactions that hang, and ends those of the dead all the same."""
    settings = place.settings("worker")
    create_topics(place.settings("operator"), 2)
    outputs, group = settings.topics.written, settings.group
    with closing(KafkaSource(settings.kafka, group, "alive", outputs)) as source:
        source.subscribe("events", lambda partitions: None, lambda partitions: None)
        while not source._owned:
            source.poll(1, 0.5)
        with closing(Writers(settings.kafka, group, "alive", outputs)) as writers:
            for _ in range(2):
                with closing(open_writer(settings.kafka, group, "dead", outputs)) as dead:
                    dead.begin()
                    dead.send([Outgoing("metrics", b"k", b"v")])
                    dead.flush()
                    assert writers.fence_dead() == ["dead"]


@contextmanager
def admin(kafka: SecureKafka) -> Iterator[KafkaAdminClient]:
    """A client that may do everything."""
    with closing(KafkaAdminClient(bootstrap_servers=kafka.address)) as client:
        yield client


def allow_redis(redis: Redis, line: str) -> None:
    """Give a user the rights of a line as it stands in an ACL file."""
    _, user, *rules = line.replace("PASSWORD", PASSWORD).split()
    with redis.client as client:
        client.execute_command("ACL", "SETUSER", user, "reset", *rules)
