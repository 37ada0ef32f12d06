"""Where a Redis is and how to log in: one server, Sentinel or Cluster, with or without TLS."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator

from stream.certificates import checked_files
from stream.errors import ConfigError
from stream.secret import checked, reveal
from stream.section import Section

_KINDS: dict[str, Literal["server", "sentinel", "cluster"]] = {
    "redis": "server",
    "rediss": "server",
    "unix": "server",
    "redis+sentinel": "sentinel",
    "rediss+sentinel": "sentinel",
    "redis+cluster": "cluster",
    "rediss+cluster": "cluster",
}
_PORTS = {"server": 6379, "sentinel": 26379, "cluster": 6379}
_FORMS = (
    "write redis://host:port/db, rediss://… for TLS, unix:///path, redis+sentinel://host:port,host:port/SERVICE/db or "
    "redis+cluster://host:port,host:port; in passwords, write %40 for @, %2F for / and so on, or give them apart"
)


class Place(NamedTuple):
    """What a URL says.

    Attributes
    ----------
    kind
        `server`, `sentinel` (`nodes` are the sentinels) or `cluster` (`nodes` are some of its nodes).
    tls
        Whether all connections are encrypted.
    nodes
        Hosts and ports; none for a unix socket.
    service
        Sentinel's name of the master.
    db
        Number of the database.
    """

    kind: Literal["server", "sentinel", "cluster"]
    tls: bool
    nodes: tuple[tuple[str, int], ...]
    service: str = ""
    db: int = 0


class RedisAddress(Section):
    """Where Redis is and how to log in.

    >>> RedisAddress(url="redis+sentinel://one:26379,two/shop/0").place.nodes
    (('one', 26379), ('two', 26379))
    >>> "secret" in repr(RedisAddress(url="redis://ann:secret@cache:6379/0"))
    False
    """

    url: SecretStr = Field(
        SecretStr("redis://localhost:6379/0"),
        description="redis://host:port/db, unix:///path, redis+sentinel://host:port,host:port/SERVICE/db or "
        "redis+cluster://host:port,host:port; rediss… instead of redis… for TLS",
    )
    username: str | None = Field(None, description="An ACL user; default: the user named default")
    password: SecretStr | None = None
    password_file: Path | None = Field(None, description="A file that holds the password")
    sentinel_username: str | None = None
    sentinel_password: SecretStr | None = Field(None, description="Where the sentinels themselves ask for one")
    sentinel_password_file: Path | None = None
    ssl_cafile: str | None = Field(None, description="Certificate authorities, PEM; default: the system's")
    ssl_certfile: str | None = Field(None, description="This client's certificate, PEM")
    ssl_keyfile: str | None = Field(None, description="This client's private key, PEM")
    ssl_check_hostname: bool = True

    @field_validator("url")
    @classmethod
    def _known_form(cls, url: SecretStr) -> SecretStr:
        place_of(url.get_secret_value())
        return url

    @model_validator(mode="after")
    def _complete(self) -> RedisAddress:
        checked("password", self.password, self.password_file)
        checked("sentinel_password", self.sentinel_password, self.sentinel_password_file)
        files = (self.ssl_cafile, self.ssl_certfile, self.ssl_keyfile)
        checked_files(*files)
        if any(files) and not self.place.tls:
            raise ValueError("ssl_… files need TLS: begin the url with rediss")
        return self

    @property
    def place(self) -> Place:
        """What the URL says, without credentials."""
        return place_of(self.url.get_secret_value())

    @property
    def secret(self) -> str | None:
        """The password, if it is given apart from the URL."""
        return reveal("redis.password", self.password, self.password_file)

    @property
    def sentinel_secret(self) -> str | None:
        """The password of the sentinels themselves."""
        return reveal("redis.sentinel_password", self.sentinel_password, self.sentinel_password_file)


def address_of(url: str) -> RedisAddress:
    """The address that a URL is.

    Raises
    ------
    ConfigError
        When it cannot be understood.
    """
    try:
        return RedisAddress(url=SecretStr(url))
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ConfigError(f"The Redis URL is not valid: {said}.") from None  # the cause quotes the URL


def place_of(url: str) -> Place:
    """What a URL says; credentials in it are left out.

    Raises
    ------
    ValueError
        Saying which forms there are, without a piece of the URL.

    Examples
    --------
    >>> place_of("rediss+cluster://ann:secret@one:7000,two:7001").nodes
    (('one', 7000), ('two', 7001))
    """
    try:
        parts = urlsplit(url)
        kind = _KINDS[parts.scheme]
        if kind == "server":
            nodes = ((parts.hostname or "localhost", parts.port or _PORTS[kind]),) if parts.scheme != "unix" else ()
            return Place(kind, parts.scheme == "rediss", nodes)
        return _several(kind, parts)
    except (KeyError, ValueError):
        raise ValueError(_FORMS) from None  # the cause may quote a piece of a password


def _several(kind: Literal["sentinel", "cluster"], parts: SplitResult) -> Place:
    nodes = tuple(_node(one, _PORTS[kind]) for one in parts.netloc.rpartition("@")[2].split(","))
    service, _, db = parts.path.strip("/").partition("/")
    if kind == "cluster":
        if service not in ("", "0") or db:  # a cluster has database 0 alone
            raise ValueError
        service = ""
    elif not service:
        raise ValueError
    if parts.query or parts.fragment:
        raise ValueError
    return Place(kind, parts.scheme.startswith("rediss"), nodes, service, int(db or 0))


def _node(text: str, port: int) -> tuple[str, int]:
    one = urlsplit(f"//{text}")
    if not one.hostname:
        raise ValueError
    return one.hostname, one.port or port
