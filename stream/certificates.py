"""Files of certificates in settings."""

from __future__ import annotations

import ssl
from pathlib import Path


def checked_files(authority: str | None, certificate: str | None, key: str | None) -> None:
    """Whether the files `ssl_cafile`, `ssl_certfile` and `ssl_keyfile` hold what they should.

    Raises
    ------
    ValueError
        Naming the setting; for validators of settings.
    """
    for name, path in (("ssl_cafile", authority), ("ssl_certfile", certificate), ("ssl_keyfile", key)):
        if path is not None and not Path(path).is_file():
            raise ValueError(f"{name}: there is no file {path}")
    if key is not None and certificate is None:
        raise ValueError("ssl_keyfile needs ssl_certfile")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if authority is not None:
            context.load_verify_locations(authority)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"ssl_cafile: {authority} holds no certificate: {_why(error)}") from None
    try:
        if certificate is not None:
            context.load_cert_chain(certificate, key, password=_refuse)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"ssl_certfile, ssl_keyfile: they cannot be used: {_why(error)}") from None


def _refuse() -> bytes:
    """Encrypted keys would have Python ask for a password at the terminal."""
    return b""


def _why(error: Exception) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    return str(reason).replace("_", " ").lower()
