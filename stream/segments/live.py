"""Segments as customers act: who changes, and the receipt that says why."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stream.config import EngineConfig
from stream.errors import Mismatch
from stream.model import Model
from stream.reasons import Changes, deciding
from stream.segments.transitions import decide
from stream.span import Step
from stream.updates import SegmentChanged, SegmentRef, rounded, update_id


class Segmenter:
    """Assigns customers to the segments of the adopted model, with hysteresis.

    Parameters
    ----------
    config
        Engine settings.
    model
        The adopted model; without segments nobody is assigned.

    Raises
    ------
    Mismatch
        When the model measures customers by other features than the settings: it was learnt under others.
    """

    def __init__(self, config: EngineConfig, model: Model) -> None:
        self._config = config.segments
        self._units = {feature.name: feature.unit for feature in config.features}
        if model.segments is not None:
            _check_features(model.segments.features, tuple(self._units), model.version)
        self._version = model.version
        self._segments = model.segments
        if model.segments is not None:
            self._index = {name: place for place, name in enumerate(model.segments.ids)}
            self._gaps = model.segments.gaps()

    def predict(self, features: NDArray[np.float64]) -> None:
        """Measure the rows of a stretch, shape [n, features]."""
        self._features = features
        if self._segments is not None:
            self._scaled = self._segments.scaling.transform_many(features)
            self._distances = self._segments.measure(self._scaled)
            self._best = self._distances.argmin(axis=1).tolist()

    def decide(self, step: Step) -> SegmentChanged | None:
        """Move the step's customer if the margin is large enough, and after the dwell; the receipt of the move.

        Who is held back is looked at again at the next event or, when there is none, at the next look at a quiet
        customer. A first assignment waits for more than a call that only says who the customer is; otherwise it is
        never delayed, and nobody stays in a segment that has died.
        """
        segments, profile, row = self._segments, step.profile, step.row
        if segments is None or profile is None:
            return None
        known = self._index.get(profile.segment)
        if known == self._best[row]:
            return None
        if not profile.segment and step.event is not None and step.event.kind == "identify":
            return None
        dwell = self._config.dwell
        if dwell and known is not None and step.time < profile.moved + dwell:
            return None
        move = decide(known, self._distances[row], self._gaps, self._config.hysteresis)
        if move is None:
            return None
        to, other, margin = move
        origin = SegmentRef(id=profile.segment, name=segments.name(profile.segment)) if profile.segment else None
        terms, cause = segments.contributions(self._scaled[row], to, other), step.cause
        changes: Changes | None = None
        if known is not None and cause.kind != "model":
            before = np.frombuffer(profile.entered)
            then = segments.scaling.transform_many(before[None])[0]
            changes = Changes(before, terms - segments.contributions(then, to, other))
        values, entered = self._features[row], profile.entered.hex()
        profile.segment, profile.moved, profile.entered = segments.ids[to], step.time, values.tobytes()
        return SegmentChanged(
            # How it had entered: late events may bring it back, and then it moves on a second time at the same moment.
            id=update_id(
                "segment", profile.customer, profile.segment, step.time, self._version, cause.event_id, entered
            ),
            customer=profile.customer,
            occurred_at=step.time,
            from_=origin,
            to=SegmentRef(id=segments.ids[to], name=segments.names[to]),
            cause=cause,
            model=self._version,
            margin=rounded(margin),
            features=deciding(segments.features, values, terms, self._units, self._config.reasons, changes),
        )


def _check_features(before: tuple[str, ...], now: tuple[str, ...], version: int) -> None:
    if before == now:
        return
    changes = [f"without {name}" for name in before if name not in now]
    changes += [f"with {name}" for name in now if name not in before]
    raise Mismatch(
        f"features: model {version} was learnt from others than the settings name "
        f"({'now ' + ', '.join(changes) if changes else 'in another order'}). Go back to those settings and empty the "
        "store, which is rebuilt from the log; or start a new deployment, with topics and a store of its own."
    )
