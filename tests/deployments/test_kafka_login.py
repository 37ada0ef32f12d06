"""Kafka with logins and TLS: what works, and what is said within seconds where a setting is wrong."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from consumers.kafka import KafkaReader
from consumers.kafka_admin import KafkaAdmin
from eddyline.testing.servers import free_port
from producers.kafka import KafkaSink, KafkaTransactionalSink
from producers.kafka_client import KafkaSettings
from stream.errors import DeploymentError, Unreachable
from stream.records import Outgoing, TopicPartition
from stream.store.address import RedisAddress
from tests.deployments.certificates import Certificates
from tests.deployments.conftest import found
from tests.deployments.kafka_servers import LOGINS, SecureKafka
from tests.deployments.redis_servers import Redis
from tests.eddyline.conftest import SMALL, Run, eddyline, environment, logging_as_before

__all__ = ["eddyline", "environment", "logging_as_before"]

pytestmark = [pytest.mark.kafka, pytest.mark.redis]
STORED = "st0red%secret"
SOON = 25.0  # seconds; the client itself would go on for 30


@pytest.fixture(scope="module")
def broker(certificates: Certificates) -> Iterator[SecureKafka]:
    """A broker that lets everyone who logs in do everything."""
    with found():
        server = SecureKafka(certificates, everyone=True)
        with server:
            yield server


def own(certificates: Certificates) -> dict[str, str]:
    return {"ssl_certfile": str(certificates.client.certificate), "ssl_keyfile": str(certificates.client.key)}


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("listener", ["SASL", "BOTH"])
def test_logins(broker: SecureKafka, listener: str, mechanism: str, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(LOGINS["worker"] + "\n")
    by_file = broker.settings(listener, "worker", sasl_mechanism=mechanism, password=None, password_file=file)
    written(by_file, f"{listener}-{mechanism}")


def test_tls(broker: SecureKafka, certificates: Certificates) -> None:
    written(broker.settings("TLS"), "tls")
    written(broker.settings("MUTUAL", **own(certificates)), "mutual")
    written(broker.settings("ELSEWHERE", ssl_check_hostname=False), "elsewhere")


WRONG = [
    ("SASL", {"password": "gu3ssed"}, "refuses the login"),
    ("SASL", {"password": "gu3ssed", "sasl_mechanism": "PLAIN"}, "refuses the login"),
    ("BOTH", {"username": "nobody"}, "refuses the login"),
    ("SASL", {"security_protocol": "PLAINTEXT"}, "closes connections without a login"),
    ("BOTH", {"security_protocol": "SSL"}, "closes connections without a login"),
    ("PLAINTEXT", {"security_protocol": "SASL_PLAINTEXT"}, "asks for no login at this port"),
    ("TLS", {"security_protocol": "PLAINTEXT", "ssl_cafile": None}, "expects TLS at this port"),
    ("BOTH", {"security_protocol": "SASL_PLAINTEXT", "ssl_cafile": None}, "expects TLS at this port"),
    ("PLAINTEXT", {"security_protocol": "SSL"}, "does not speak TLS at this port"),
    ("TLS", {"ssl_cafile": None}, "not trusted .unable to get local issuer certificate"),
    ("ELSEWHERE", {}, "not trusted .IP address mismatch"),
    ("MUTUAL", {}, "may ask for a client's certificate"),
]


@pytest.mark.parametrize(("listener", "changed", "said"), WRONG)
def test_what_is_wrong_is_said_soon(broker: SecureKafka, listener: str, changed: dict[str, Any], said: str) -> None:
    settings = broker.settings(listener, "worker", **changed)
    began = time.monotonic()
    for make in (KafkaAdmin, KafkaReader, KafkaSink):
        with pytest.raises(DeploymentError, match=said) as refused:
            make(settings)
        assert not isinstance(refused.value, Unreachable)
        assert str(broker.ports[listener]) in str(refused.value)
        assert "gu3ssed" not in str(refused.value)
    assert time.monotonic() - began < SOON


def test_what_cannot_go_together(certificates: Certificates, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="needs sasl_mechanism, username and password"):
        KafkaSettings(security_protocol="SASL_SSL", sasl_mechanism="PLAIN", username="worker")
    with pytest.raises(ValidationError, match="PLAINTEXT has none: SSL and SASL_SSL have"):
        KafkaSettings(ssl_cafile=str(certificates.authority))
    with pytest.raises(ValidationError, match="ssl_cafile: there is no file"):
        KafkaSettings(security_protocol="SSL", ssl_cafile=str(tmp_path / "none.pem"))
    (tmp_path / "empty").touch()
    with pytest.raises(ValidationError, match=r"password_file: .* is empty"):
        KafkaSettings(password_file=tmp_path / "empty")


def written(settings: KafkaSettings, topic: str) -> None:
    """Create a topic, write a transaction and read it."""
    with closing(KafkaAdmin(settings)) as admin:
        assert admin.create(topic, 1)
    with closing(KafkaTransactionalSink(settings, f"of-{topic}")) as sink:
        sink.begin()
        sink.send([Outgoing(topic, b"key", b"value")])
        sink.commit()
    with closing(KafkaReader(settings)) as reader:
        at = TopicPartition(topic, 0)
        assert [record.value for record in reader.read(at, *reader.bounds(at))] == [b"value"]


def test_no_output_holds_a_secret(broker: SecureKafka, eddyline: Run, tmp_path: Path) -> None:
    with Redis() as redis:
        with redis.client as client:
            client.config_set("requirepass", STORED)
        files = {"KAFKA": LOGINS["worker"], "REDIS": STORED}
        variables = SMALL | {
            "EDDYLINE_KAFKA__BOOTSTRAP_SERVERS": f"127.0.0.1:{broker.ports['SASL']}",
            "EDDYLINE_KAFKA__SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "EDDYLINE_KAFKA__SASL_MECHANISM": "PLAIN",  # which sends the password itself
            "EDDYLINE_KAFKA__USERNAME": "worker",
            "EDDYLINE_REDIS__URL": redis.address,
        }
        for section, secret in files.items():
            (tmp_path / section).write_text(secret)
            variables[f"EDDYLINE_{section}__PASSWORD_FILE"] = str(tmp_path / section)
        nobody = f"127.0.0.1:{free_port()}"
        told: list[str] = []

        def said(code: int, *command: str, **changed: str | None) -> str:
            given = {name: value for name, value in (variables | changed).items() if value is not None}
            done = eddyline(*command, **given)
            assert done.returncode == code, done.stderr
            told.append(done.stdout + done.stderr)
            return told[-1]

        said(0, "topics", "create", "--partitions", "1")
        said(0, "simulate", "--events", "100")
        worked = said(0, "run", "--until-end", "--json", "--json-logs", "--log-level", "debug")
        assert '"records"' in worked
        assert '"debug"' in worked
        wrong = {"EDDYLINE_KAFKA__PASSWORD_FILE": None, "EDDYLINE_KAFKA__PASSWORD": "gu3ssed"}
        assert "refuses the login" in said(2, "run", "--debug", "--log-level", "debug", **wrong)
        wrong = {"EDDYLINE_REDIS__PASSWORD_FILE": None, "EDDYLINE_REDIS__URL": f"redis://:gu3ssed@{redis.address[8:]}"}
        assert "refuses the login" in said(2, "run", "--debug", "--log-level", "debug", **wrong)
        away = {"EDDYLINE_KAFKA__BOOTSTRAP_SERVERS": nobody, "EDDYLINE_KAFKA__TIMEOUT": "1s"}
        assert nobody in said(2, "topics", "list", "--debug", **away)
        assert "redis.url" in said(2, "run", "--debug", EDDYLINE_REDIS__URL=f"redis+sentinel://:{STORED}@/x/y")
        everything = "\n".join(told)
        for secret in (*files.values(), "gu3ssed"):
            assert secret not in everything
            assert b64encode(secret.encode()).decode().rstrip("=") not in everything


def test_no_printout_of_settings_holds_a_secret(broker: SecureKafka, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(STORED)
    for settings in (
        broker.settings("SASL", "worker"),
        KafkaSettings(password_file=file),
        RedisAddress(password_file=file),
    ):
        shown = f"{settings!r} {settings} {settings.model_dump_json()}"
        assert STORED not in shown
        assert LOGINS["worker"] not in shown
    assert LOGINS["worker"] not in repr(broker.settings("SASL", "worker").client())
