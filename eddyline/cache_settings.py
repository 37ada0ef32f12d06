"""Where the cache is: the part of a deployment's settings that its readers need, without what only workers need."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from producers.topics import Topics
from stream.config import load_toml
from stream.errors import ConfigError
from stream.explain import explain
from stream.store.address import RedisAddress


class RedisSettings(RedisAddress):
    """Where the state is kept."""

    prefix: str = Field("eddyline", pattern=r"^[A-Za-z0-9._-]+$", description="Start of every key")


class CacheSettings(BaseSettings):
    """Redis and the names of topics, by the same file and variables as all settings."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_prefix="EDDYLINE_", env_nested_delimiter="__", env_ignore_empty=True
    )

    redis: RedisSettings = RedisSettings()
    topics: Topics = Topics()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables before the file."""
        return env_settings, init_settings


def load_cache_settings(file: Path | str | None = None) -> CacheSettings:
    """Settings from a file and the environment.

    Parameters
    ----------
    file
        A TOML file; without it, the one that the variable EDDYLINE_CONFIG names, if it does.

    Raises
    ------
    ConfigError
        Naming the field that is unknown or out of range; never with a value that may be secret.
    """
    file = file or os.environ.get("EDDYLINE_CONFIG") or None
    try:
        return CacheSettings(**({} if file is None else load_toml(Path(file))))
    except ValidationError as error:
        raise ConfigError(explain(error, CacheSettings)) from None  # the cause would quote values
    except SettingsError as error:
        raise ConfigError(f"a variable EDDYLINE_… is not valid JSON: {error}") from None
