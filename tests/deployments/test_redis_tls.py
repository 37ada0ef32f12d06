"""Redis with TLS: who is trusted, who is let in, and what is said where a setting is wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from stream.errors import EddylineError
from stream.store.address import RedisAddress
from stream.store.redis import RedisStore
from tests.deployments.certificates import Certificates
from tests.deployments.conftest import found
from tests.deployments.redis_servers import Redis, TlsRedis
from tests.stream.store.conftest import EVERYTHING

pytestmark = pytest.mark.redis
PASSWORD = "p@ss:w/rd%"
USERS = ("--user", "shop", "on", f">{PASSWORD}", "~*", "+@all", "--user", "default", "off")
SOON = 20.0  # seconds: far below a worker's patience


@pytest.fixture(scope="module")
def server(certificates: Certificates) -> Iterator[TlsRedis]:
    """A server that knows the user `shop`."""
    with found(), TlsRedis(certificates, *USERS) as started:
        yield started


@pytest.fixture(scope="module")
def strict(certificates: Certificates) -> Iterator[TlsRedis]:
    """A server that asks clients for a certificate."""
    with found(), TlsRedis(certificates, clients=True) as started:
        yield started


def address(server: Redis, certificates: Certificates, **changed: Any) -> RedisAddress:
    given = {"url": SecretStr(server.address), "ssl_cafile": str(certificates.authority), **changed}
    return RedisAddress(**{name: value for name, value in given.items() if value is not None})


def refusal(at: RedisAddress | str) -> str:
    """What a store says of a server that it cannot use, which it finds out soon."""
    began = time.monotonic()
    with pytest.raises(EddylineError) as refused:
        RedisStore(at, "events").claim("shop", 4)
    assert time.monotonic() - began < SOON
    assert PASSWORD not in str(refused.value)
    return str(refused.value)


def test_a_user_with_a_password_of_a_file(server: TlsRedis, certificates: Certificates, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    store = RedisStore(address(server, certificates, username="shop", password_file=file), "events")
    store.commit(0, store.acquire(0), EVERYTHING, b"out")
    assert store.position(0) == (7, 0)
    assert store.outbox(0) == b"out"
    store.close()


def test_wrong_logins(server: TlsRedis, certificates: Certificates) -> None:
    for login in ({}, {"username": "shop", "password": "wrong"}, {"username": "nobody", "password": PASSWORD}):
        assert "refuses the login: check user and password" in refusal(address(server, certificates, **login))


def test_an_authority_that_is_not_trusted(server: TlsRedis) -> None:
    assert "not trusted (self-signed certificate in certificate chain): check redis.ssl_cafile" in refusal(
        server.address
    )


def test_a_certificate_of_another_host(certificates: Certificates) -> None:
    with found(), TlsRedis(certificates, presents=certificates.elsewhere) as server:
        assert "IP address mismatch" in refusal(address(server, certificates))
        store = RedisStore(address(server, certificates, ssl_check_hostname=False), "events")
        assert store.position(0) is None
        store.close()


def test_a_certificate_of_the_client(strict: TlsRedis, certificates: Certificates) -> None:
    said = refusal(address(strict, certificates))
    assert "redis.ssl_certfile" in said
    own = {"ssl_certfile": str(certificates.client.certificate), "ssl_keyfile": str(certificates.client.key)}
    store = RedisStore(address(strict, certificates, **own), "events")
    assert store.acquire(0) > 0
    store.close()


def test_plain_and_tls_mistaken_for_each_other(server: TlsRedis) -> None:
    assert "if its port expects TLS, write rediss://" in refusal(f"redis://127.0.0.1:{server.port}/0")
    with Redis() as plain:
        assert "if its port does not speak TLS, write redis://" in refusal(f"rediss://127.0.0.1:{plain.port}/0")


def test_files_that_cannot_be_used(certificates: Certificates, tmp_path: Path) -> None:
    url = SecretStr("rediss://cache")
    with pytest.raises(ValidationError, match="ssl_cafile: there is no file"):
        RedisAddress(url=url, ssl_cafile=str(tmp_path / "none.pem"))
    other = tmp_path / "other.pem"
    other.write_text("other")
    with pytest.raises(ValidationError, match="holds no certificate: no certificate or crl found"):
        RedisAddress(url=url, ssl_cafile=str(other))
    own, foreign = str(certificates.client.certificate), str(certificates.server.key)
    with pytest.raises(ValidationError, match="key values mismatch"):
        RedisAddress(url=url, ssl_certfile=own, ssl_keyfile=foreign)
    with pytest.raises(ValidationError, match="begin the url with rediss"):
        RedisAddress(url=SecretStr("redis://cache"), ssl_cafile=str(certificates.authority))
    with pytest.raises(ValidationError, match=f"password_file: {tmp_path}/none cannot be read: No such file"):
        RedisAddress(password_file=tmp_path / "none")
    with pytest.raises(ValidationError, match="give password or password_file, not both"):
        RedisAddress(password=SecretStr("p"), password_file=other)
