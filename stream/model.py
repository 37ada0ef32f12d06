"""The frozen, versioned model that every partition predicts with, and how it is learnt from contributions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import msgpack

from stream.commands import Wishes
from stream.config import EngineConfig
from stream.contribution import Contribution
from stream.errors import DataError, Mismatch
from stream.evaluate.measure import measure_lists, measure_targets
from stream.propensity.merged import learn as learn_propensity
from stream.propensity.model import PropensityModel
from stream.recommend.model import ItemsModel
from stream.segments.learner import learn as learn_segments
from stream.segments.model import SegmentsModel
from stream.segments.wished import wished
from stream.target import Target

FORMAT = 5
"""Of packed models and of a partition's state; raised when one of them is stored otherwise (`stream.migrate`)."""

_OLDEST = 3  # format of models that are read as they are: the journal names them by the hash of their bytes


@dataclass(frozen=True)
class Model:
    """Everything learnt, at one version; immutable, and the same bytes wherever it is read.

    Attributes
    ----------
    version
        Counts from 1; 0 is the empty model that every partition starts with.
    clock
        Event time (ms) of the newest contribution in it.
    learnt, items
        Segments as they were learnt, and items; None until enough has been seen.
    propensity
        Target -> classifier, from the first examples on.
    wishes
        What operators have asked of the segments.
    measured
        How well scores and lists did, as plain values: the targets and recommendations of `MetricsMeasured`.
    failure
        Why the newest sample gave no segments, so that those before (if any) go on; empty where it did.
    """

    version: int = 0
    clock: int = 0
    learnt: SegmentsModel | None = None
    propensity: dict[str, PropensityModel] = field(default_factory=dict)
    items: ItemsModel | None = None
    wishes: Wishes = field(default_factory=Wishes)
    failure: str = ""
    measured: Mapping[str, Any] | None = None

    @cached_property
    def segments(self) -> SegmentsModel | None:
        """The segments that customers are in: as they were learnt, named, merged and retired as operators wish."""
        return None if self.learnt is None else wished(self.learnt, self.wishes)

    @cached_property
    def segment_names(self) -> Mapping[str, str]:
        """Id -> name of the segments."""
        return {} if self.segments is None else dict(zip(self.segments.ids, self.segments.names, strict=True))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON or msgpack."""
        return {
            "format": FORMAT,
            "version": self.version,
            "clock": self.clock,
            "learnt": None if self.learnt is None else self.learnt.to_dict(),
            "propensity": {target: model.to_dict() for target, model in self.propensity.items()},
            "items": None if self.items is None else self.items.to_dict(),
            "wishes": self.wishes.to_dict(),
            "failure": self.failure,
            "measured": None if self.measured is None else dict(self.measured),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Model:
        """Reverse of `to_dict`.

        Raises
        ------
        Mismatch
            When another version of Eddyline wrote it, in a format that this one does not read.
        """
        if not _OLDEST <= values.get("format", 1) <= FORMAT:
            raise Mismatch(
                f"the model was written in format {values.get('format', 1)}, and this version of Eddyline reads those "
                f"from {_OLDEST} to {FORMAT}: run the one that wrote it, or start a new deployment, with topics and a "
                "store of its own"
            )
        learnt, items = values["learnt"], values["items"]
        return cls(
            version=values["version"],
            clock=values["clock"],
            learnt=None if learnt is None else SegmentsModel.from_dict(learnt),
            propensity={target: PropensityModel.from_dict(model) for target, model in values["propensity"].items()},
            items=None if items is None else ItemsModel.from_dict(items),
            wishes=Wishes.from_dict(values["wishes"]),
            failure=values["failure"],
            measured=values["measured"],
        )

    @cached_property
    def packed(self) -> bytes:
        """As stored and published: msgpack, floats exact."""
        packed: bytes = msgpack.packb(self.to_dict())
        return packed

    @classmethod
    def unpack(cls, packed: bytes) -> Model:
        """Reverse of `packed`."""
        model = cls.from_dict(msgpack.unpackb(packed, strict_map_key=False))
        model.__dict__["packed"] = packed
        return model

    @cached_property
    def digest(self) -> str:
        """Hash of the packed model, 32 hexadecimal digits."""
        return hashlib.blake2b(self.packed, digest_size=16).hexdigest()

    def scoring(self, target: Target, features: tuple[str, ...]) -> PropensityModel | None:
        """The classifier whose scores of a target are told; None before it has learnt enough.

        Parameters
        ----------
        target
            As it is declared now: a model of another kind, of before the settings were changed, does not speak for it.
        features
            Names of the columns, d of them.
        """
        found = self.propensity.get(target.name)
        if found is None or found.examples < target.min_examples or not found.fits(target, features):
            return None
        return found

    def revised(self, wishes: Wishes) -> Model:
        """The next version, which differs only in what operators wish."""
        return replace(self, version=self.version + 1, wishes=wishes)


def learn(merged: Contribution, items: ItemsModel | None, previous: Model, config: EngineConfig) -> Model:
    """The next version of the model.

    Parameters
    ----------
    merged
        All partitions' contributions, merged.
    items
        Item neighbours from the merged counts (`stream.recommend.model`).
    previous
        The version before: its centroids are the warm start, and its segment ids live on.
    config
        Engine settings.
    """
    failure = ""
    try:
        learnt = learn_segments(merged.rows, config, previous.learnt, previous.wishes)
    except DataError as error:  # the algorithm found none: a running service keeps what it has, and says so
        learnt, failure = None, str(error)
    learnt = learnt or previous.learnt
    propensity = previous.propensity
    if learnt is not None:
        propensity = learn_propensity(merged.propensity, merged.rows, config, learnt.scaling, propensity)
    wishes = replace(previous.wishes, asked=())
    model = Model(previous.version + 1, merged.clock, learnt, propensity, items, wishes, failure)
    return replace(model, measured=_measured(merged, model, config))


def _measured(merged: Contribution, model: Model, config: EngineConfig) -> dict[str, Any]:
    """How well scores and lists have done so far."""
    half_life = config.evaluate.half_life
    segments = () if model.segments is None else model.segments.ids
    targets = measure_targets(
        merged.tally, {target.name: target.threshold for target in config.targets}, half_life, segments
    )
    return {
        "targets": [target.model_dump(mode="json") for target in targets],
        "recommendations": measure_lists(merged.tally, half_life).model_dump(mode="json"),
    }
