"""Kafka as it is deployed: listeners that ask for a login or speak TLS, and an authorizer."""

from __future__ import annotations

from typing import Any

from eddyline.testing.servers import LocalKafka, free_port
from producers.kafka_client import KafkaSettings
from tests.deployments.certificates import Certificates

LOGINS = {
    "worker": "w0rker=secret",
    "events": "3vents-secret",
    "reader": "re4der-secret",
    "operator": "0perator-secret",
}
"""Users and their passwords, for all mechanisms."""

_PROTOCOLS = {
    "CONTROLLER": "PLAINTEXT",
    "PLAINTEXT": "PLAINTEXT",
    "SASL": "SASL_PLAINTEXT",
    "TLS": "SSL",
    "MUTUAL": "SSL",
    "ELSEWHERE": "SSL",
    "BOTH": "SASL_SSL",
}
_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


class SecureKafka(LocalKafka):
    """A broker with a listener of each kind; who comes without a login may do everything.

    Parameters
    ----------
    certificates
        Whose files the listeners use.
    everyone
        Whether everybody else may do everything too.

    Attributes
    ----------
    ports
        By listener: `PLAINTEXT`, `SASL` (PLAIN and SCRAM), `TLS`, `MUTUAL` (which asks for a client's certificate),
        `ELSEWHERE` (whose certificate is another host's) and `BOTH` (a login inside TLS).
    """

    def __init__(self, certificates: Certificates, *, everyone: bool = False) -> None:
        scram = [
            f"--add-scram={mechanism}=[name={user},password={password}]"
            for mechanism in _MECHANISMS[1:]
            for user, password in LOGINS.items()
        ]
        super().__init__(quick=True, options=scram)
        self.certificates, self._everyone = certificates, everyone
        self.ports = {name: free_port() for name in _PROTOCOLS} | {"PLAINTEXT": self.port}
        self._extra = "\n".join(self._lines())

    def settings(self, listener: str, user: str | None = None, **changed: Any) -> KafkaSettings:
        """Settings of a client of a listener."""
        given: dict[str, Any] = {
            "bootstrap_servers": f"127.0.0.1:{self.ports[listener]}",
            "security_protocol": _PROTOCOLS[listener],
        }
        if user is not None:
            given |= {"sasl_mechanism": "SCRAM-SHA-512", "username": user, "password": LOGINS[user]}
        if _PROTOCOLS[listener].endswith("SSL"):
            given["ssl_cafile"] = str(self.certificates.authority)
        return KafkaSettings(**{name: value for name, value in (given | changed).items() if value is not None})

    def _lines(self) -> list[str]:
        ours = self.certificates
        listeners = ",".join(f"{name}://127.0.0.1:{port}" for name, port in self.ports.items())
        advertised = listeners.partition(",")[2]
        lines = [
            f"controller.quorum.voters=1@127.0.0.1:{self.ports['CONTROLLER']}",
            f"listeners={listeners}",
            f"advertised.listeners={advertised}",
            "listener.security.protocol.map=" + ",".join(f"{name}:{kind}" for name, kind in _PROTOCOLS.items()),
            "inter.broker.listener.name=PLAINTEXT",
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users=User:ANONYMOUS",
            f"allow.everyone.if.no.acl.found={str(self._everyone).lower()}",
        ]
        users = " ".join(f'user_{user}="{password}"' for user, password in LOGINS.items())
        module = "org.apache.kafka.common.security"
        for listener in ("sasl", "both"):
            at = f"listener.name.{listener}"
            lines.append(f"{at}.sasl.enabled.mechanisms={','.join(_MECHANISMS)}")
            lines.append(f"{at}.plain.sasl.jaas.config={module}.plain.PlainLoginModule required {users};")
            for mechanism in _MECHANISMS[1:]:
                module_of = f"{module}.scram.ScramLoginModule required;"
                lines.append(f"{at}.{mechanism.lower()}.sasl.jaas.config={module_of}")
        for listener in ("tls", "mutual", "elsewhere", "both"):
            at = f"listener.name.{listener}"
            pair = ours.elsewhere if listener == "elsewhere" else ours.server
            lines += [f"{at}.ssl.keystore.type=PEM", f"{at}.ssl.keystore.location={pair.both}"]
            lines += [f"{at}.ssl.truststore.type=PEM", f"{at}.ssl.truststore.location={ours.authority}"]
            lines.append(f"{at}.ssl.client.auth={'required' if listener == 'mutual' else 'none'}")
        return lines
