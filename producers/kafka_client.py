"""What every Kafka client of ours shares: where the brokers are, and what their errors mean."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any, Literal

import kafka.errors as errors
from kafka import KafkaAdminClient, codec
from pydantic import Field, SecretStr, field_validator, model_validator

from producers.kafka_probe import refused
from stream.certificates import checked_files
from stream.durations import Duration
from stream.errors import (
    Aborted,
    DataError,
    DeploymentError,
    EddylineError,
    Fenced,
    Forbidden,
    MissingTopic,
    Unreachable,
)
from stream.secret import checked, reveal
from stream.section import Section

log = logging.getLogger(__name__)

MAX_RECORD_BYTES = 16 * 1024 * 1024
"""Largest record written or read: models take 1 to 5 MB."""


_CODECS = {
    "lz4": ("lz4", codec.has_lz4),
    "snappy": ("python-snappy", codec.has_snappy),
    "zstd": ("zstandard", codec.has_zstd),
}


class KafkaSettings(Section):
    """Where Kafka is and how to log in.

    >>> KafkaSettings(bootstrap_servers="kafka:9092", timeout="5s").timeout
    5000
    """

    bootstrap_servers: str = Field("localhost:9092", min_length=1, description="host:port, more of them after commas")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = Field(None, description="A file that holds the password")
    ssl_cafile: str | None = Field(None, description="Certificate authorities, PEM; default: the system's")
    ssl_certfile: str | None = Field(None, description="This client's certificate, PEM")
    ssl_keyfile: str | None = Field(None, description="This client's private key, PEM")
    ssl_check_hostname: bool = True
    client_id: str = "eddyline"
    compression: Literal["gzip", "lz4", "snappy", "zstd"] | None = Field(
        None, description="Of what is written; all but gzip need a package of their own"
    )
    timeout: Duration = Field(30_000, description="A broker that takes longer counts as unreachable")
    session_timeout: Duration = Field(
        10_000,
        ge=1_000,
        description="A silent worker loses its partitions after this span, in which it gives six signs of life or more",
    )
    group_instance_id: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9._-]{1,200}$",
        description="A worker's own name, for static membership: restarted within the session timeout, it has its "
        "partitions back at once and no other worker stops; stopped for good, it keeps them for that span",
    )
    assignment: Literal["eager", "cooperative"] = Field(
        "eager",
        description="In a rebalance each worker gives all partitions back for a moment, or only those that move, in "
        "two rounds; the same for all workers of a group",
    )
    max_poll_interval: Duration = Field(900_000, description="A worker may take this long for a batch or a recovery")
    transaction_timeout: Duration = Field(
        15_000,
        ge=1_000,
        le=900_000,  # what a broker allows unless it is told otherwise; it would not say that this is wrong
        description="Kafka aborts a transaction that is open for longer: a killed worker's holds up the next",
    )

    @field_validator("compression")
    @classmethod
    def _installed(cls, compression: str | None) -> str | None:
        package, present = _CODECS.get(compression or "", ("", lambda: True))
        if not present():
            raise ValueError(f"{compression} needs a package: pip install {package}")
        return compression

    @model_validator(mode="after")
    def _complete(self) -> KafkaSettings:
        for server in self.bootstrap_servers.split(","):
            if not server.strip().rpartition(":")[2].isdigit():
                raise ValueError(f"bootstrap_servers: {server.strip()!r} is not host:port")
        checked("password", self.password, self.password_file)
        password = self.password or self.password_file
        if self.security_protocol.startswith("SASL") and None in (self.sasl_mechanism, self.username, password):
            raise ValueError(f"{self.security_protocol} needs sasl_mechanism, username and password")
        files = (self.ssl_cafile, self.ssl_certfile, self.ssl_keyfile)
        checked_files(*files)
        if any(files) and not self.security_protocol.endswith("SSL"):
            raise ValueError(f"ssl_… files need TLS, {self.security_protocol} has none: SSL and SASL_SSL have")
        return self

    def client(self) -> dict[str, Any]:
        """Keyword arguments that producers, consumers and admin clients have in common."""
        return {
            "bootstrap_servers": [server.strip() for server in self.bootstrap_servers.split(",")],
            "security_protocol": self.security_protocol,
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.username,
            "sasl_plain_password": reveal("kafka.password", self.password, self.password_file),
            "ssl_cafile": self.ssl_cafile,
            "ssl_certfile": self.ssl_certfile,
            "ssl_keyfile": self.ssl_keyfile,
            "ssl_check_hostname": self.ssl_check_hostname,
            "client_id": self.client_id,
            "request_timeout_ms": max(self.timeout, 1_000),
            "bootstrap_timeout_ms": self.timeout,
            "reconnect_backoff_max_ms": 1_000,
        }


_PATIENCE = 2.0  # seconds of silence
_usable: set[KafkaSettings] = set()  # with which a client of this process has been made

_FENCED = (errors.ProducerFencedError, errors.InvalidProducerEpochError, errors.TransactionCoordinatorFencedError)
_SILENT = (
    errors.KafkaTimeoutError,
    errors.KafkaConnectionError,
    errors.NodeNotReadyError,
    errors.BrokerNotAvailableError,
    errors.MetadataEmptyBrokerList,
    errors.RequestTimedOutError,
    errors.NotEnoughReplicasError,
    errors.NotEnoughReplicasAfterAppendError,
)
_STALE = (
    errors.CommitFailedError,
    errors.IllegalGenerationError,
    errors.UnknownMemberIdError,
    errors.RebalanceInProgressError,
    errors.TransactionAbortedError,
    errors.IllegalStateError,
    errors.OutOfOrderSequenceNumberError,
    errors.UnknownProducerIdError,
    errors.InvalidProducerIdMappingError,
)
_UNFIT = (errors.MessageSizeTooLargeError, errors.RecordListTooLargeError, errors.InvalidRecordError)


def meaning(error: errors.KafkaError, servers: str) -> EddylineError:
    """Our error for one of the client's."""
    what = str(error) or type(error).__name__
    if isinstance(error, _FENCED):
        return Fenced("a newer producer uses this transactional id, or the transaction was open for too long")
    if isinstance(error, errors.FencedInstanceIdError):
        return Fenced("a newer worker uses this kafka.group_instance_id")
    if isinstance(error, errors.InvalidSessionTimeoutError):
        return DeploymentError(
            f"Kafka at {servers} does not allow this kafka.session_timeout: its group.min.session.timeout.ms and "
            "group.max.session.timeout.ms are the bounds (6 s and 30 min by default)"
        )
    if isinstance(error, errors.InconsistentGroupProtocolError):
        return DeploymentError("other workers of the group have another kafka.assignment: it must be the same for all")
    if isinstance(error, errors.UnknownTopicOrPartitionError):
        return MissingTopic(f"Kafka knows no such topic: {what}")
    if isinstance(error, _STALE):
        return Aborted(f"Kafka took no more of this transaction: {what}")
    if isinstance(error, _UNFIT):
        return DataError(f"Kafka refuses the record: {what}")
    if isinstance(error, _SILENT) or _hides_silence(error):
        return Unreachable(f"Kafka at {servers} does not answer: {what}")
    if isinstance(error, errors.SaslAuthenticationFailedError):
        return Forbidden(f"Kafka at {servers} refuses the login: check kafka.username and kafka.password")
    if isinstance(error, errors.AuthorizationError):
        return forbidden(servers, *_lacking(error))
    return DeploymentError(f"Kafka at {servers} refuses: {what}")


def _lacking(error: errors.KafkaError) -> tuple[str, str]:
    """What is needed, and on what."""
    named = error.args[0] if error.args else ""
    names = ", ".join(map(repr, sorted(named))) if isinstance(named, set) else repr(named)
    if isinstance(error, errors.TopicAuthorizationFailedError):
        return "Read or Write", f"topic {names}"
    if isinstance(error, errors.GroupAuthorizationFailedError):
        return "Read", f"group {names}"
    if isinstance(error, errors.TransactionalIdAuthorizationFailedError):
        return "Write", "its transactional id, which begins with the group's name"
    return "a right", f"the cluster ({error})"


def forbidden(servers: str, right: str, what: str) -> Forbidden:
    """The error for a right that is missing."""
    return Forbidden(
        f"Kafka at {servers} does not give this user {right} on {what}: docs/deployment.md lists all that is needed"
    )


def _hides_silence(error: errors.KafkaError) -> bool:
    """Whether it is the client's "unknown reasons" for which a transaction failed, and these are a silent broker."""
    return type(error) is errors.KafkaError and any(kind.__name__ in str(error) for kind in _SILENT)


@contextmanager
def translated(settings: KafkaSettings) -> Iterator[None]:
    """Turn the client's errors into ours."""
    try:
        yield
    except errors.KafkaError as error:
        raise meaning(error, settings.bootstrap_servers) from error


@contextmanager
def connecting(settings: KafkaSettings) -> Iterator[None]:
    """Like `translated`, around making a client; a broker that is slow to answer is said to be waited for."""
    seconds = settings.timeout / 1000
    said = f"waiting for Kafka at {settings.bootstrap_servers}, for {seconds:g} s at most"
    notice = Timer(_PATIENCE, log.warning, [said])
    notice.daemon = True
    notice.start()
    try:
        if settings not in _usable:
            reason = refused(settings.client(), settings.bootstrap_servers)
            if reason is not None:
                raise reason
        with translated(settings):
            yield
        _usable.add(settings)
    finally:
        notice.cancel()


def require_topics(settings: KafkaSettings, topics: Iterable[str]) -> None:
    """Whether topics exist; a producer would wait for them until its timeout.

    Raises
    ------
    MissingTopic
        Naming the first that does not exist.
    Forbidden
        Naming the first that the user may not see.
    """
    with connecting(settings):
        admin = KafkaAdminClient(**settings.client())
        try:
            found = {topic["name"]: topic["error_code"] for topic in admin.describe_topics(sorted(topics))}
        finally:
            admin.close()
    for topic, code in found.items():
        if code == errors.TopicAuthorizationFailedError.errno:
            raise forbidden(settings.bootstrap_servers, "Describe, which Read and Write include,", f"topic {topic!r}")
        if code in (errors.UnknownTopicOrPartitionError.errno, errors.InvalidTopicError.errno):
            raise MissingTopic(f"topic {topic!r} does not exist: create it first")
