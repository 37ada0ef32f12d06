"""What is said when a deployment is not as it should be: one sentence, and never a secret."""

from __future__ import annotations

import json

import pytest

from eddyline.testing.servers import free_port
from tests.eddyline.conftest import SECRET, refused

pytestmark = [pytest.mark.kafka, pytest.mark.redis]


def test_missing_topics_are_named(eddyline, deployment):
    listed = json.loads(eddyline("topics", "list", "--json", **deployment).stdout)
    assert {topic["state"] for topic in listed} == {"missing"}
    events = f"{deployment['EDDYLINE_TOPICS__PREFIX']}events"
    refused(eddyline("run", **deployment), events, "eddyline topics create")
    refused(eddyline("simulate", "--events", "5", **deployment), events, "eddyline topics create")


def test_an_unreachable_kafka_is_said(eddyline, deployment):
    nobody = {"EDDYLINE_KAFKA__BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}", "EDDYLINE_KAFKA__TIMEOUT": "2s"}
    login = {"EDDYLINE_KAFKA__USERNAME": "eddyline", "EDDYLINE_KAFKA__PASSWORD": SECRET}
    for command in (["topics", "list"], ["run"], ["simulate", "--events", "5"], ["customer", "ann"]):
        refused(eddyline(*command, **deployment | nobody | login), "Kafka at 127.0.0.1", "kafka.bootstrap_servers")


def test_an_unreachable_redis_is_said_without_its_password(eddyline, deployment):
    eddyline("topics", "create", "--partitions", "1", **deployment)
    nobody = {
        "EDDYLINE_REDIS__URL": f"redis://ann:{SECRET}@127.0.0.1:{free_port()}/0",
        "EDDYLINE_WORKER__PATIENCE": "1s",
    }
    refused(eddyline("segments", **deployment | nobody), "Redis at 127.0.0.1")
    refused(eddyline("run", **deployment | nobody), "Redis at 127.0.0.1")
    traced = eddyline("segments", "--debug", **deployment | nobody)
    assert "Traceback" in traced.stderr
    assert SECRET not in traced.stderr


def test_other_partitions_than_recorded_are_refused(eddyline, deployment):
    from kafka import KafkaAdminClient

    eddyline("topics", "create", "--partitions", "2", **deployment)
    assert eddyline("run", "--until-end", **deployment).returncode == 0
    admin = KafkaAdminClient(bootstrap_servers=deployment["EDDYLINE_KAFKA__BOOTSTRAP_SERVERS"])
    prefix = deployment["EDDYLINE_TOPICS__PREFIX"]
    admin.create_partitions({f"{prefix}events": 3})
    refused(eddyline("run", "--until-end", **deployment), "journal", "2 partitions", "3")
    admin.create_partitions({f"{prefix}journal": 3})
    admin.close()
    refused(eddyline("run", "--until-end", **deployment), "2", "3")


def test_the_redis_of_another_deployment_is_refused(eddyline, deployment):
    eddyline("topics", "create", "--partitions", "1", **deployment)
    assert eddyline("run", "--until-end", **deployment).returncode == 0
    refused(eddyline("run", "--until-end", **deployment | {"EDDYLINE_DEPLOYMENT": "staging"}), "staging")


def test_other_features_than_recorded_are_refused(eddyline, deployment, tmp_path):
    eddyline("topics", "create", "--partitions", "1", **deployment)
    assert eddyline("run", "--until-end", **deployment).returncode == 0
    config = tmp_path / "other.toml"
    config.write_text('[[features]]\nname = "orders"\naggregate = "count"\nevents = ["Order Completed"]\n')
    refused(eddyline("run", "--config", str(config), **deployment), "features")


def test_no_output_of_any_command_holds_a_secret(process, deployment):
    """In processes of their own, since what is printed at their end counts too."""
    secret = {"EDDYLINE_KAFKA__USERNAME": "eddyline", "EDDYLINE_KAFKA__PASSWORD": SECRET}
    secret["EDDYLINE_REDIS__URL"] = deployment["EDDYLINE_REDIS__URL"].replace("://", f"://default:{SECRET}@")
    process("topics", "create", "--partitions", "1", **deployment | secret)
    commands = (
        ["topics", "list"],
        ["run", "--until-end", "--log-level", "debug"],
        ["segments", "--debug"],
        ["customer", "ann", "--debug"],
        ["simulate", "--events", "5"],
    )
    for command in commands:
        done = process(*command, **deployment | secret)
        assert SECRET not in done.stdout + done.stderr
