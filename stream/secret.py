"""Secrets: given as a value, or as the file that holds it, as Docker and Kubernetes mount them."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from stream.errors import ConfigError


class Hidden(str):
    """Text that a client may use and that no printout of its settings shows.

    >>> {"password": Hidden("s3cret")}
    {'password': '***'}
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """Nothing of it."""
        return "'***'"


def checked(name: str, value: SecretStr | None, file: Path | None) -> None:
    """Whether a secret is given in one way at most, and its file can be read.

    Raises
    ------
    ValueError
        Naming the setting; for validators of settings.
    """
    if value is not None and file is not None:
        raise ValueError(f"give {name} or {name}_file, not both")
    try:
        reveal(name, value, file)
    except ConfigError as error:
        raise ValueError(str(error)) from None


def reveal(name: str, value: SecretStr | None, file: Path | None) -> Hidden | None:
    """The secret itself. Its file is read anew each time, so that a new secret needs no new settings.

    Raises
    ------
    ConfigError
        When the file cannot be read or holds nothing.
    """
    if file is None:
        return Hidden(value.get_secret_value()) if value is not None else None
    try:
        secret = file.read_text().removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise ConfigError(f"{name}_file: {file} cannot be read: {why}") from None
    if not secret:
        raise ConfigError(f"{name}_file: {file} is empty")
    return Hidden(secret)
