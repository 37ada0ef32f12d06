"""All settings of a deployment: where the servers are, and what the engine does.

Later ones win: the preset, then a TOML file, then variables `EDDYLINE_SECTION__FIELD`.
"""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from consumers.settings import WorkerSettings
from eddyline.cache_settings import RedisSettings
from producers.kafka_client import KafkaSettings
from producers.topics import Topics
from stream.config import (
    EngineConfig,
    EvaluateConfig,
    EventsConfig,
    Feature,
    LearningConfig,
    ProfilesConfig,
    RecommendConfig,
    SegmentsConfig,
    load_toml,
    preset,
    targets_of,
)
from stream.errors import ConfigError
from stream.explain import explain
from stream.section import Section
from stream.target import Target

_PREFIX = "EDDYLINE_"
_OTHERS = ("EDDYLINE_CONFIG",)  # the command line's own
# Kubernetes sets these for services whose names begin with "eddyline".
_of_kubernetes = re.compile(
    r"EDDYLINE_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)"
).fullmatch


class Settings(BaseSettings):
    """Settings of a deployment; make them with `load_settings`."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=_PREFIX, env_nested_delimiter="__", env_ignore_empty=True
    )

    deployment: str = Field("eddyline", min_length=1, description="Recorded in Redis: state is of one deployment only")
    group: str = Field("eddyline", min_length=1, description="Consumer group that the workers share")
    kafka: KafkaSettings = KafkaSettings()
    redis: RedisSettings = RedisSettings()
    topics: Topics = Topics()
    worker: WorkerSettings = WorkerSettings()
    preset: str = Field("shop", description="What the sections below are, where they say nothing else")
    units: dict[str, str] = Field(default_factory=dict, description="A feature's unit -> what it is called instead")
    events: EventsConfig
    profiles: ProfilesConfig
    features: tuple[Feature, ...] = Field(min_length=1)
    segments: SegmentsConfig
    targets: tuple[Target, ...]
    recommend: RecommendConfig
    evaluate: EvaluateConfig
    learning: LearningConfig

    @cached_property
    def engine(self) -> EngineConfig:
        """The engine's part, with units by the names that they have here."""
        parts = {name: getattr(self, name) for name in EngineConfig.model_fields}
        named = [one.model_copy(update={"unit": self.units.get(one.unit, one.unit)}) for one in self.features]
        return EngineConfig(**{**parts, "features": tuple(named)})

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables before the file, and the preset last."""
        return env_settings, init_settings, _Preset(settings_cls)


class _Preset(PydanticBaseSettingsSource):
    """The preset that the sources before it have named."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        config = preset(str(self.current_state.get("preset", "shop")))
        values = {name: () if name == "targets" else {} for name in EngineConfig.model_fields}
        values |= config.model_dump(exclude_unset=True)
        if "features" in self.current_state:
            values["targets"] = targets_of(values["targets"], self.current_state["features"])
        return values


def load_settings(file: Path | None = None) -> Settings:
    """Settings from a file and the environment.

    Parameters
    ----------
    file
        A TOML file; without it, the preset and the environment decide.

    Raises
    ------
    ConfigError
        Naming the field that is unknown or out of range; never with a value that may be secret.
    """
    _refuse_unknown_variables()
    try:
        settings = Settings(**({} if file is None else load_toml(file)))
    except ValidationError as error:
        raise ConfigError(explain(error, Settings)) from None  # the cause would quote values
    except SettingsError as error:
        raise ConfigError(f"a variable {_PREFIX}… is not valid JSON: {error}") from None
    try:
        settings.engine  # noqa: B018  (what its sections say of each other is checked now, not at the first event)
    except ValidationError as error:
        raise ConfigError(explain(error, EngineConfig)) from None
    return settings


def changed(section: WorkerSettings, values: dict[str, Any]) -> WorkerSettings:
    """A section with some of its values replaced, by options of a command.

    Raises
    ------
    ConfigError
        Naming the field that is out of range.

    >>> changed(WorkerSettings(), {"batch": 10}).batch
    10
    """
    try:
        return type(section)(**(section.model_dump() | values))
    except ValidationError as error:
        raise ConfigError(explain(error, type(section))) from None


def _refuse_unknown_variables() -> None:
    """A misspelt variable would be ignored, and the default used in its place, without a word."""
    known = [*_OTHERS] + [
        variable for name, field in Settings.model_fields.items() for variable in _variables(name, field)
    ]
    for name in sorted(os.environ):
        variable = name.upper()
        section, nested, _ = variable.removeprefix(_PREFIX).partition("__")
        if not variable.startswith(_PREFIX) or variable in known or _of_kubernetes(variable):
            continue
        if nested and section.lower() in Settings.model_fields:
            continue  # what is wrong within a section is told like an error of the file
        near = get_close_matches(variable, known, 1, 0.8)
        hint = f"did you mean {near[0]}?" if near else f"sections are {', '.join(Settings.model_fields)}"
        raise ConfigError(f"there is no setting for the variable {name}: {hint}")


def _variables(name: str, field: FieldInfo) -> list[str]:
    section = field.annotation
    inner = section.model_fields if isinstance(section, type) and issubclass(section, Section) else {}
    return [f"{_PREFIX}{name}".upper(), *(f"{_PREFIX}{name}__{one}".upper() for one in inner)]
