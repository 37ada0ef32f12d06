"""Settings of the engine: frozen, parsed once, with errors that name the field.

Where the servers are is not the engine's business: see `eddyline.settings`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from stream.durations import DAY, Duration, Span
from stream.errors import ConfigError
from stream.explain import explain
from stream.feature import EventName
from stream.feature import Feature as Feature
from stream.names import CANONICAL
from stream.preprocessing.settings import DEFAULT, SelectStep, Steps
from stream.rules import RulesConfig
from stream.section import Section
from stream.target import Target


class EventsConfig(Section):
    """What counts as a well-formed event."""

    max_bytes: int = Field(32 * 1024, gt=0, description="Largest event, in bytes")
    max_id_length: int = Field(100, gt=0, description="Longest id or event name, in characters")
    allowed_skew: Duration = Field(3_600_000, description="How far an event may be ahead of its record's timestamp")
    require_key: bool = Field(True, description="Refuse records that are not keyed by their customer id")
    remember: int = Field(100_000, gt=0, description="Message ids remembered for each partition, to drop duplicates")
    retention: Duration | None = Field(None, description="How long the log keeps events; default: for ever")
    own: tuple[EventName, ...] = Field((), description="Events that neither the spec nor a feature knows, for targets")


class ProfilesConfig(Section):
    """What is kept of customers, and where."""

    hot: int = Field(
        20_000,
        gt=0,
        description="Customers of a partition seen last: kept in memory, and moved at once by a new model; "
        "others at their next event or look",
    )
    retention: Duration | None = Field(
        1_095 * DAY, description="A customer who has been silent for so long is forgotten; who comes back is new"
    )


class SegmentsConfig(Section):
    """Who belongs together."""

    algorithm: Literal["kmeans", "hierarchical", "density", "streamkmeans", "clustream", "denstream", "dbstream"] = (
        Field(
            "kmeans",
            description="How customers are grouped: kmeans for large, even data; hierarchical for small or nested; "
            "density for noise and odd shapes; the others are River's, to compare",
        )
    )
    k: int = Field(
        5,
        ge=2,
        le=100,
        description="Number of segments; density, denstream and dbstream find their own and do not look at it",
    )
    min_share: float = Field(
        0.02, gt=0, le=0.5, description="density: a group below this share of the customers is noise"
    )
    radius: float | None = Field(
        None,
        gt=0,
        description="denstream, dbstream: of a micro-cluster; features range from 0 to 1; default: from the sample",
    )
    warm_up: int | None = Field(None, gt=0, description="Customers seen before the first segments; default 50 * k")
    sample: int = Field(4_096, gt=0, description="Customers in the uniform sample that is learnt from")
    half_life: float = Field(1.0, gt=0, description="Half-life of a centroid's memory, in samples learnt")
    hysteresis: float = Field(
        0.05,
        ge=0,
        lt=1,
        description="A switch needs this margin, as a share of the squared distance of the centroids",
    )
    dwell: Span = Field(
        0, description="Event time in a segment before the next move; a first assignment is never delayed"
    )
    quiet_check: Duration = Field(
        DAY, description="First look at a customer who stopped coming; later ones grow by a quarter"
    )
    seed: int = Field(7, ge=0, lt=2**32)
    reasons: int = Field(5, gt=0, description="Deciding features listed in a receipt")
    steps: Steps = Field(DEFAULT, description="How features are made comparable, in order")

    @model_validator(mode="after")
    def _enough(self) -> SegmentsConfig:
        if self.k > self.sample:
            raise ValueError(f"k is {self.k}, but only {self.sample} customers are learnt from: raise sample")
        return self

    @property
    def rows_needed(self) -> int:
        """Customers that must have been seen before there are segments."""
        return self.warm_up if self.warm_up is not None else 50 * self.k


class RecommendConfig(Section):
    """What to show next."""

    count: int = Field(10, gt=0, le=100)
    half_life: Duration = Field(30 * DAY, ge=1_000, description="An order counts half after this time")
    neighbours: int = Field(64, gt=1, description="Neighbours counted for each item")
    served: int = Field(20, gt=0, description="Neighbours kept in the model and the cache for each item")
    shrink: float = Field(
        4.0, ge=0, description="Weight of joint orders (of n items: 1 / log2(2 + n)) at which similarity counts half"
    )
    pair_items: int = Field(100, gt=1, description="Distinct items of one order that are paired; more are sampled")
    refresh: int = Field(
        1_000, gt=0, description="Items whose neighbours are recomputed at a merge, the most grown first"
    )
    counted_items: int = Field(
        50_000, gt=1, description="Items that a partition counts; a quarter more, and the lightest go"
    )
    catalogue_items: int = Field(
        100_000, gt=0, description="Items of the catalogue that a partition knows, those told of last"
    )
    max_items: int = Field(50_000, gt=0, description="Items that the model carries, the heaviest first")
    basket: Duration = Field(DAY, description="What was added and not ordered is the open basket for this time")
    exclude_bought: Duration | None = Field(DAY, description="Hide items bought within this span")
    exclude_viewed: Duration | None = Field(
        None, description="Hide items viewed within this span; default: views are no reason to hide"
    )
    debounce: Duration = Field(
        60_000, description="After other triggers than an order, what to list is looked at once in this span at most"
    )
    triggers: tuple[EventName, ...] = Field(
        ("Order Completed", "Product Added"), description="Events after which it is looked at what to list"
    )
    on_segment_change: bool = Field(False, description="Look at it too when the customer comes into another segment")
    tick: Duration | None = Field(
        None, description="Look at it too at an event, or a look at a quiet customer, this long after the last time"
    )
    cache_lists: bool = Field(True, description="Keep each customer's current list in Redis, for any service to read")
    diversity: float = Field(
        0.0, ge=0, lt=1, description="How much unlikeness to the items before counts beside the score; 0: not at all"
    )
    rules: RulesConfig = RulesConfig()


class EvaluateConfig(Section):
    """How scores and lists are measured as they come true."""

    period: Duration = Field(7 * DAY, description="Event time that is measured together, for what changes over time")
    periods: int = Field(26, gt=0, le=1_000, description="Periods kept, the newest")
    half_life: Duration = Field(28 * DAY, description="In the fading window a period counts half as much after this")
    attribution: Duration = Field(7 * DAY, description="An order counts for a list within this time of a click or view")


class LearningConfig(Section):
    """When contributions are taken."""

    every: int = Field(5_000, gt=0, description="Entries of a partition between two contributions")


def _each(features: tuple[Feature, ...]) -> tuple[Feature, ...]:
    return tuple(one for feature in features for one in feature.each)


class EngineConfig(Section):
    """All that decides what the engine does with an entry."""

    events: EventsConfig = EventsConfig()
    profiles: ProfilesConfig = ProfilesConfig()
    features: Annotated[tuple[Feature, ...], AfterValidator(_each)] = Field(min_length=1)
    segments: SegmentsConfig = SegmentsConfig()
    targets: tuple[Target, ...] = ()
    recommend: RecommendConfig = RecommendConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    learning: LearningConfig = LearningConfig()

    @model_validator(mode="after")
    def _fits(self) -> EngineConfig:
        names = [feature.name for feature in self.features]
        for kind, declared in (("feature", names), ("target", [target.name for target in self.targets])):
            twice = sorted({name for name in declared if declared.count(name) > 1})
            if twice:
                raise ValueError(f"{kind} {twice[0]!r} is declared twice")
        for step in self.segments.steps:
            unknown = [name for name in step.reads if name not in names]
            if unknown:
                raise ValueError(f"segments.steps: {step.step} names {unknown[0]!r}, which is no feature")
            if isinstance(step, SelectStep) and step.k >= len(names):
                raise ValueError(f"segments.steps: select keeps {step.k} of {len(names) - 1} features: choose fewer")
        for target in self.targets:
            self._check(target, names)
        return self

    def _check(self, target: Target, features: list[str]) -> None:
        where = f"targets: {target.name}"
        unknown = [one.feature for one in target.eligible if one.feature not in features]
        if unknown:
            raise ValueError(f"{where}: eligible names {unknown[0]!r}, which is no feature")
        known = {*CANONICAL.values(), *self.events.own}
        for feature in self.features:
            known.update(feature.events, feature.minus, feature.over)
        for event in (*target.events, *target.until, *target.score_on):
            if event not in known:
                near = get_close_matches(event, sorted(known), 1)
                hint = f"did you mean {near[0]!r}?" if near else "declare it in events.own"
                raise ValueError(f"{where}: no event {event!r} is known: {hint}")
        if self.profiles.retention is not None and target.horizon >= self.profiles.retention:
            raise ValueError(
                f"{where}: the horizon is not shorter than profiles.retention, so that labels would never be known"
            )
        if self.events.retention is not None and target.horizon > self.events.retention:
            raise ValueError(
                f"{where}: the horizon is longer than events.retention, so that labels could not be rebuilt"
            )


def parse_config(values: dict[str, Any]) -> EngineConfig:
    """Engine settings from plain values.

    Raises
    ------
    ConfigError
        Naming the field that is unknown or out of range.
    """
    try:
        return EngineConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(explain(error, EngineConfig)) from error


def load_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises
    ------
    ConfigError
        When the file cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error


def preset(name: str = "shop", **overrides: Any) -> EngineConfig:
    """A ready set of features and settings; sections in `overrides` replace the preset's.

    >>> preset("shop").segments.k
    5
    """
    file = resources.files("stream.presets") / f"{name}.toml"
    if not file.is_file():
        raise ConfigError(f"there is no preset {name!r}")
    values = tomllib.loads(file.read_text(encoding="utf-8"))
    if "features" in overrides:
        values["targets"] = targets_of(values.get("targets", []), overrides["features"])
    for section, value in overrides.items():
        values[section] = {**values.get(section, {}), **value} if isinstance(value, dict) else value
    return parse_config(values)


def targets_of(targets: Iterable[dict[str, Any]], features: Any) -> list[dict[str, Any]]:
    """A preset's targets, without those that ask for features which have been replaced.

    >>> churns = {"name": "churns", "eligible": [{"feature": "frequency", "least": 1}]}
    >>> targets_of([churns, {"name": "buys"}], [{"name": "orders"}])
    [{'name': 'buys'}]
    """
    listed = features if isinstance(features, list | tuple) else ()
    names = {one.get("name") if isinstance(one, dict) else getattr(one, "name", None) for one in listed}
    return [target for target in targets if all(one["feature"] in names for one in target.get("eligible", ()))]
