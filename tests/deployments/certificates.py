"""Certificates for tests, made by openssl: an authority, a server of this machine and a client."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from stream.errors import Unreachable

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Pair(NamedTuple):
    """Files of a certificate and its private key, PEM."""

    certificate: Path
    key: Path

    @property
    def both(self) -> Path:
        """One file with both, as Kafka takes them."""
        path = self.key.with_suffix(".both.pem")
        path.write_text(self.key.read_text() + self.certificate.read_text())
        return path


class Certificates:
    """An authority of its own, and what it has signed.

    Attributes
    ----------
    authority
        Its certificate, PEM.
    server
        For `localhost` and 127.0.0.1.
    elsewhere
        For a host of another name.
    client
        For a client.
    """

    def __init__(self, directory: Path) -> None:
        if shutil.which("openssl") is None:
            raise Unreachable("tests of TLS need openssl on the PATH")
        self._directory = directory
        self.authority = directory / "authority.pem"
        self._authority_key = directory / "authority.key"
        own = ["-out", str(self.authority), "-keyout", str(self._authority_key)]
        _openssl("req", "-x509", *_KEY, "-days", "2", "-subj", "/CN=authority of a test", *own)
        self.server = self._signed("server", "DNS:localhost,IP:127.0.0.1")
        self.elsewhere = self._signed("elsewhere", "DNS:elsewhere.example")
        self.client = self._signed("client", "DNS:client.example")

    def _signed(self, name: str, names: str) -> Pair:
        pair = Pair(self._directory / f"{name}.pem", self._directory / f"{name}.key")
        request, extensions = self._directory / f"{name}.request", self._directory / f"{name}.extensions"
        extensions.write_text(f"subjectAltName={names}\n")
        _openssl("req", *_KEY, "-subj", f"/CN={name}", "-out", str(request), "-keyout", str(pair.key))
        signing = ["-CA", str(self.authority), "-CAkey", str(self._authority_key), "-CAcreateserial"]
        given = ["-in", str(request), "-out", str(pair.certificate), "-extfile", str(extensions)]
        _openssl("x509", "-req", "-days", "2", *signing, *given)
        return pair


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, stdin=subprocess.DEVNULL)
